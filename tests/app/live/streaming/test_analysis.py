"""The thread of the analysis, with a detector or an analysis that a test holds up."""

import threading
from collections.abc import Iterator
from functools import partial

import pytest

from app.live.streaming import session as module
from app.live.streaming.frames import LiveSettings
from app.live.streaming.record import BOX_SECONDS
from app.live.streaming.session import LiveSession, NewestFirst
from app.live.streaming.stream_limit import StreamLimit
from fer.model.spec import ModelSpec
from fer.types import Detections, Image
from tests.app.live.samples import picture, session_of
from tests.app.samples import FACE, PATIENCE, Clock


class HeldUp:
    """A detector, or an analysis, that tells when it has begun and waits for permission."""

    def __init__(self) -> None:
        self.begun, self.allowed = threading.Semaphore(0), threading.Semaphore(0)
        self.frames: list[object] = []
        self.threads: set[threading.Thread] = set()

    def __call__(self, frame: object) -> Detections:
        self.threads.add(threading.current_thread())
        self.frames.append(frame)
        self.begun.release()
        assert self.allowed.acquire(timeout=PATIENCE)
        return FACE

    def join(self) -> None:
        for thread in self.threads:
            thread.join(PATIENCE)
            assert not thread.is_alive(), "none outlives its stream"


@pytest.fixture
def held_up() -> HeldUp:
    return HeldUp()


@pytest.fixture
def stalling(spec: ModelSpec, held_up: HeldUp, clock: Clock) -> Iterator[LiveSession]:
    """A session whose analysis does not come to an end before it is allowed to."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "IDLE_SECONDS", 2 * PATIENCE)  # none ends by itself
        session = session_of(spec, StreamLimit(1, clock), clock, held_up, match_seconds=0.0)
        session.settings = LiveSettings(mirrored=False, bars=False)
        yield session
        session.ended()
        held_up.allowed.release(100)
        held_up.join()


def show(session: LiveSession, clock: Clock, seconds: float = 0.1) -> Image:
    clock.seconds += seconds
    return session.process(picture())


def wait_for_rows(session: LiveSession, count: int) -> None:
    for _ in range(int(PATIENCE * 1000)):
        if len(session.record) == count:
            return
        threading.Event().wait(0.001)
    pytest.fail("the analysis did not come to an end")


def test_the_video_does_not_wait(stalling: LiveSession, held_up: HeldUp, clock: Clock) -> None:
    shown = [show(stalling, clock)]
    assert held_up.begun.acquire(timeout=PATIENCE)
    shown += [show(stalling, clock) for _ in range(29)]
    assert all((frame == picture()).all() for frame in shown)
    assert len(stalling.record) == 0
    speed = stalling.record.speed()
    assert speed.shown == speed.received == pytest.approx(10)
    held_up.allowed.release(2)
    wait_for_rows(stalling, 2)
    # The first frame, and the newest one when the analysis became free.
    assert stalling.record.rows().seconds == pytest.approx([0, 2.9])


def test_boxes_stay_a_while(stalling: LiveSession, held_up: HeldUp, clock: Clock) -> None:
    held_up.allowed.release()
    show(stalling, clock)
    wait_for_rows(stalling, 1)
    assert (show(stalling, clock, BOX_SECONDS - 0.01) != picture()).any()
    assert (show(stalling, clock, 0.02) == picture()).all()


def test_a_clear_does_not_wait(stalling: LiveSession, held_up: HeldUp, clock: Clock) -> None:
    show(stalling, clock)
    assert held_up.begun.acquire(timeout=PATIENCE)
    stalling.record.clear()
    show(stalling, clock)
    held_up.allowed.release()
    assert held_up.begun.acquire(timeout=PATIENCE)  # the next one
    assert len(stalling.record) == 0
    held_up.allowed.release()
    wait_for_rows(stalling, 1)
    rows = stalling.record.rows()
    assert (rows.seconds.tolist(), rows.track.tolist()) == ([0], [1])


@pytest.fixture
def newest() -> Iterator[NewestFirst]:
    newest = NewestFirst()
    yield newest
    newest.end()


def test_an_end_drops_what_waits(held_up: HeldUp, newest: NewestFirst) -> None:
    newest.end()  # nothing has begun yet
    newest.offer(partial(held_up, "a"))
    assert held_up.begun.acquire(timeout=PATIENCE)
    newest.offer(partial(held_up, "b"))
    newest.end()
    newest.offer(partial(held_up, "c"))  # while the first is still in work
    assert held_up.frames == ["a"]
    held_up.allowed.release(2)
    assert held_up.begun.acquire(timeout=PATIENCE)
    newest.end()
    held_up.join()
    assert held_up.frames == ["a", "c"]
    assert len(held_up.threads) == 1


def test_a_thread_without_frames_ends(held_up: HeldUp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "IDLE_SECONDS", 0.0)
    newest = NewestFirst()
    held_up.allowed.release(2)
    for frame in "ab":
        assert newest.offer(partial(held_up, frame), wait_seconds=PATIENCE)
        held_up.join()
    assert held_up.frames == ["a", "b"]
    assert len(held_up.threads) == 2


def test_slow_work_is_remembered(newest: NewestFirst, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, lately = Clock(), []
    monkeypatch.setattr(module.time, "monotonic", clock)
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
