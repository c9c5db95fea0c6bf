"""The thread of the analysis, with an analysis that a test holds up."""

import threading
from collections.abc import Callable, Iterator

import pytest

from app.live.streaming import session as analysis
from app.live.streaming.session import NewestFirst
from tests.app.samples import PATIENCE, Clock


class HeldUp:
    """Analyses that wait for permission before each frame."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.allowed = threading.Semaphore(0)
        self.frames: list[str] = []
        self.threads: set[threading.Thread] = set()

    def of(self, frame: str) -> Callable[[], None]:
        def analyse() -> None:
            self.threads.add(threading.current_thread())
            self.frames.append(frame)
            self.begun.release()
            assert self.allowed.acquire(timeout=PATIENCE)

        return analyse

    def join(self) -> None:
        for thread in self.threads:
            thread.join(PATIENCE)
            assert not thread.is_alive()


@pytest.fixture
def held_up() -> HeldUp:
    return HeldUp()


@pytest.fixture
def newest(held_up: HeldUp) -> Iterator[NewestFirst]:
    newest = NewestFirst()
    yield newest
    newest.end()
    held_up.join()


def test_a_quick_analysis_gets_every_frame_in_order(held_up: HeldUp, newest: NewestFirst) -> None:
    held_up.allowed.release(3)
    assert all(newest.offer(held_up.of(frame), wait_seconds=PATIENCE) for frame in "abc")
    assert held_up.frames == ["a", "b", "c"]
    assert len(held_up.threads) == 1


def test_a_slow_analysis_gets_the_newest_frame_when_it_is_free(
    held_up: HeldUp, newest: NewestFirst
) -> None:
    newest.offer(held_up.of("a"))
    assert held_up.begun.acquire(timeout=PATIENCE)
    assert not any(newest.offer(held_up.of(frame)) for frame in "bcd")
    held_up.allowed.release(2)
    assert held_up.begun.acquire(timeout=PATIENCE)
    assert held_up.frames == ["a", "d"]


def test_at_the_end_a_waiting_frame_is_dropped_and_the_next_goes_on_never_two_at_once(
    held_up: HeldUp, newest: NewestFirst
) -> None:
    newest.end()  # nothing has begun yet
    newest.offer(held_up.of("a"))
    assert held_up.begun.acquire(timeout=PATIENCE)
    newest.offer(held_up.of("b"))
    newest.end()
    newest.offer(held_up.of("c"))  # while the first is still in work
    assert held_up.frames == ["a"]
    held_up.allowed.release(2)
    assert held_up.begun.acquire(timeout=PATIENCE)
    newest.end()
    held_up.join()
    assert held_up.frames == ["a", "c"]
    assert len(held_up.threads) == 1


def test_the_thread_ends_by_itself_when_no_frames_come(
    held_up: HeldUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(analysis, "IDLE_SECONDS", 0.0)
    newest = NewestFirst()
    held_up.allowed.release(2)
    for frame in "ab":
        assert newest.offer(held_up.of(frame), wait_seconds=PATIENCE)
        held_up.join()
    assert held_up.frames == ["a", "b"]
    assert len(held_up.threads) == 2


def test_a_slow_analysis_is_remembered_for_a_while(
    newest: NewestFirst, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, lately = Clock(), []
    monkeypatch.setattr(analysis.time, "monotonic", clock)
    for seconds in [0.01, 0.2, *[0.01] * 40]:

        def analyse(seconds: float = seconds) -> None:
            clock.seconds += seconds

        assert newest.offer(analyse, wait_seconds=PATIENCE)
        lately.append(newest.lately_seconds)
    assert lately[:3] == pytest.approx([0.01, 0.2, 0.18])
    assert lately[15] > 0.04 > lately[19]
    assert lately[-1] == pytest.approx(0.01)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_after_a_thread_that_was_ended_another_one_goes_on(newest: NewestFirst) -> None:
    seen: list[threading.Thread] = []

    def end() -> None:
        seen.append(threading.current_thread())
        raise SystemExit

    newest.offer(end)
    while not seen:
        threading.Event().wait(0.001)
    seen[0].join(PATIENCE)
    assert newest.offer(lambda: None, wait_seconds=PATIENCE)
