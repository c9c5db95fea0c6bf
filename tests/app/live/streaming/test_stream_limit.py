import gc
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.live.streaming import stream_limit
from app.live.streaming.stream_limit import STALE_SECONDS, StreamLimit
from tests.app.live.samples import Visitor
from tests.app.samples import Clock


def test_places_are_taken_kept_and_given_back() -> None:
    limit, first, second = StreamLimit(1), Visitor(), Visitor()
    assert limit.taken == 0
    limit.leave(first)
    assert limit.hold(first)
    assert limit.hold(first)
    assert (limit.refusal(first), limit.refusal(second), limit.taken) == ("", "full", 1)
    assert not limit.hold(second)
    assert not limit.look()
    limit.leave(first)
    assert limit.look(), "somebody has left since the last look"
    assert not limit.look()
    assert limit.hold(second)
    assert not limit.hold(first)
    assert StreamLimit(0).refusal(first) == "off"


@pytest.mark.parametrize("most", [0, 1, 2])
def test_a_visitor_has_so_many_streams_and_leaves_places_to_others(most: int) -> None:
    limit, streams, other, unknown = (
        StreamLimit(9, of_visitor=most), [Visitor() for _ in range(3)], Visitor(), Visitor()
    )  # fmt: skip
    for stream in streams:
        limit.belongs(stream, "one")
    limit.belongs(other, "another")
    held = [limit.hold(stream) for stream in streams]
    assert sum(held) == most
    assert limit.refusal(streams[-1]) == "visitor"
    assert limit.hold(other) == (most > 0)
    assert limit.hold(unknown) == (most > 0)  # a visitor by itself
    if most:
        assert limit.hold(streams[0])  # who has a place keeps it
        limit.leave(streams[0])
        assert limit.hold(streams[-1])
        assert limit.refusal(streams[-1]) != "visitor"


def test_a_stream_is_logged_once_with_its_seconds_and_who_waits_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    logged: list[tuple[str, object]] = []
    monkeypatch.setattr(
        stream_limit, "log_event", lambda name, **facts: logged.append((name, facts))
    )
    clock, first, second = Clock(), Visitor(), Visitor()
    limit = StreamLimit(1, clock)
    for clock.seconds in (1000.0, 1000.5, 1001.0, 1001.5):
        limit.hold(first)
        limit.hold(second)
    limit.leave(first)
    limit.hold(second)
    limit.leave(second)  # no stream: it was gone at once
    refused, started = ("stream_refused", {"reason": "full"}), ("stream_started", {})
    assert logged == [refused, started, ("stream_ended", {"seconds": 1.5})]
    limit.look()
    for clock.seconds in (2000.0, 2001.0):
        limit.hold(first)
    assert not limit.look()
    assert len(logged) == 4
    clock.seconds = 2001 + STALE_SECONDS  # its tab has closed without notice
    assert limit.look()
    assert not limit.look()
    limit.leave(first)
    assert logged[3:] == [started, ("stream_ended", {"seconds": 1.0})]


def test_who_is_silent_for_long_has_lost_the_place() -> None:
    clock = Clock()
    limit, silent, other = StreamLimit(1, clock), Visitor(), Visitor()
    limit.hold(silent)
    clock.seconds += STALE_SECONDS - 0.1
    assert not limit.hold(other)
    clock.seconds = 1000 + STALE_SECONDS
    assert limit.hold(other)
    assert not limit.hold(silent)
    del other  # who is gone has left
    gc.collect()
    assert limit.taken == 0


def test_threads_never_take_more_places_than_there_are() -> None:
    limit, visitors = StreamLimit(3), [Visitor() for _ in range(40)]
    with ThreadPoolExecutor(8) as pool:
        held = list(pool.map(limit.hold, visitors))
    assert sum(held) == limit.taken == 3
