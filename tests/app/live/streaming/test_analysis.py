"""The thread of the analysis, with an analysis that a test holds up."""

import threading

import pytest

from app.live.streaming import analysis
from app.live.streaming.analysis import NewestFirst
from tests.app.live.samples import PATIENCE
from tests.app.samples import Clock


class HeldUp:
    """An analysis that waits for permission before each frame."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.allowed = threading.Semaphore(0)
        self.frames: list[str] = []
        self.threads: set[threading.Thread] = set()

    def __call__(self, frame: str) -> None:
        self.threads.add(threading.current_thread())
        self.frames.append(frame)
        self.begun.release()
        assert self.allowed.acquire(timeout=PATIENCE)


@pytest.fixture
def held_up() -> HeldUp:
    return HeldUp()


def join(held_up: HeldUp) -> None:
    for thread in held_up.threads:
        thread.join(PATIENCE)
        assert not thread.is_alive()


def test_a_quick_analysis_gets_every_frame_in_order(held_up: HeldUp) -> None:
    newest = NewestFirst(held_up)
    held_up.allowed.release(3)
    for frame in ("a", "b", "c"):
        assert newest.wait_for(newest.offer(frame), PATIENCE)
    assert held_up.frames == ["a", "b", "c"]
    assert len(held_up.threads) == 1
    newest.end()
    join(held_up)


def test_a_slow_analysis_gets_the_newest_frame_when_it_is_free(held_up: HeldUp) -> None:
    newest = NewestFirst(held_up)
    newest.offer("a")
    assert held_up.begun.acquire(timeout=PATIENCE)
    for frame in ("b", "c", "d"):
        last = newest.offer(frame)
        assert not newest.wait_for(last, 0.0)
    held_up.allowed.release(2)
    assert newest.wait_for(last, PATIENCE)
    assert held_up.frames == ["a", "d"]
    newest.end()
    join(held_up)


def test_at_the_end_a_waiting_frame_is_dropped_and_the_thread_ends(held_up: HeldUp) -> None:
    newest = NewestFirst(held_up)
    newest.end()  # nothing has begun yet
    newest.offer("a")
    assert held_up.begun.acquire(timeout=PATIENCE)
    newest.offer("b")
    newest.end()
    held_up.allowed.release()
    join(held_up)
    assert held_up.frames == ["a"]


def test_after_the_end_it_goes_on_with_the_next_frame_and_never_two_at_once(
    held_up: HeldUp,
) -> None:
    newest = NewestFirst(held_up)
    newest.offer("a")
    assert held_up.begun.acquire(timeout=PATIENCE)
    newest.end()
    second = newest.offer("b")  # while the first is still in work
    assert held_up.frames == ["a"]
    held_up.allowed.release(2)
    assert newest.wait_for(second, PATIENCE)
    newest.end()
    join(held_up)
    assert len(held_up.threads) == 1


def test_the_thread_ends_by_itself_when_no_frames_come(held_up: HeldUp) -> None:
    newest = NewestFirst(held_up, idle_seconds=0.0)
    held_up.allowed.release(2)
    for frame in ("a", "b"):
        assert newest.wait_for(newest.offer(frame), PATIENCE)
        join(held_up)
    assert held_up.frames == ["a", "b"]
    assert len(held_up.threads) == 2


def test_a_slow_analysis_is_remembered_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, takes = Clock(), [0.01, 0.2, *[0.01] * 40]
    monkeypatch.setattr(analysis.time, "monotonic", clock)

    def analyse(seconds: float) -> None:
        clock.seconds += seconds

    newest, lately = NewestFirst(analyse), []
    assert newest.lately_seconds == 0
    for seconds in takes:
        number = newest.offer(seconds)
        while not newest.wait_for(number, 0.0):
            threading.Event().wait(0.001)  # between two looks at the condition
        lately.append(newest.lately_seconds)
    newest.end()
    assert lately[:3] == pytest.approx([0.01, 0.2, 0.18])
    assert lately[15] > 0.04 > lately[19]
    assert lately[-1] == pytest.approx(0.01)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_after_a_thread_that_was_ended_another_one_goes_on() -> None:
    seen = []

    def analyse(frame: int) -> None:
        seen.append(frame)
        if frame == 1:
            raise SystemExit

    analysis = NewestFirst(analyse)
    analysis.offer(1)
    while analysis._thread is not None:
        threading.Event().wait(0.001)
    assert analysis.wait_for(analysis.offer(2), PATIENCE)
    assert seen == [1, 2]
    analysis.end()
