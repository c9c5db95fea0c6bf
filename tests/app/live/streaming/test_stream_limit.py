import gc
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.live.streaming.stream_limit import LIMIT_VARIABLE, STALE_SECONDS, StreamLimit, max_streams


class Visitor:
    """Anything that can hold a place."""


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.mark.parametrize(
    ("setting", "cores", "places"),
    [("", 1, 2), ("", 2, 4), ("", 8, 16), ("3", 8, 3), (" 5 ", 1, 5), ("0", 2, 0)],
)
def test_the_setting_decides_or_else_the_cores(setting: str, cores: int, places: int) -> None:
    assert max_streams({LIMIT_VARIABLE: setting} if setting else {}, cores) == places


@pytest.mark.parametrize("setting", ["four", "-1", "2.5"])
def test_a_wrong_setting_says_what_was_expected(setting: str) -> None:
    with pytest.raises(ValueError, match="expected a whole number"):
        max_streams({LIMIT_VARIABLE: setting}, 2)


def test_places_are_taken_kept_and_given_back() -> None:
    limit, first, second = StreamLimit(1), Visitor(), Visitor()
    assert limit.taken == 0
    limit.leave(first)
    assert limit.hold(first)
    assert limit.hold(first)
    assert (limit.free_for(first), limit.free_for(second), limit.taken) == (True, False, 1)
    assert not limit.hold(second)
    limit.leave(first)
    assert limit.hold(second)
    assert not limit.hold(first)


def test_who_is_silent_for_long_has_lost_the_place() -> None:
    clock = Clock()
    limit, silent, other = StreamLimit(1, clock), Visitor(), Visitor()
    limit.hold(silent)
    clock.seconds = STALE_SECONDS - 0.1
    assert not limit.hold(other)
    clock.seconds = STALE_SECONDS
    assert limit.hold(other)
    assert not limit.hold(silent)


def test_who_is_gone_has_left() -> None:
    limit, visitor = StreamLimit(1), Visitor()
    limit.hold(visitor)
    del visitor
    gc.collect()
    assert limit.taken == 0


def test_threads_never_take_more_places_than_there_are() -> None:
    limit, visitors = StreamLimit(3), [Visitor() for _ in range(40)]
    with ThreadPoolExecutor(8) as pool:
        held = list(pool.map(limit.hold, visitors))
    assert sum(held) == limit.taken == 3
