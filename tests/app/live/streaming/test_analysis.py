"""The connection of a stream, and the thread of its analysis, which a test holds up."""

import threading
from collections.abc import Iterator
from functools import partial

import numpy as np
import pytest

from app.live.device.protocol import Report
from app.live.streaming import session as module
from app.live.streaming.connection import (
    SLOW_SECONDS,
    STALLED_SECONDS,
    Connection,
    DeviceConnection,
    Phase,
)
from app.live.streaming.frames import LiveSettings
from app.live.streaming.record import BOX_SECONDS
from app.live.streaming.session import LiveSession, NewestFirst
from app.live.streaming.stream_limit import StreamLimit
from fer.model.spec import ModelSpec
from fer.types import Detections, Image
from tests.app.live.samples import picture, session_of
from tests.app.samples import FACE, PATIENCE, Clock

#: What the browser says, at which second, and when the last frame came (None: never).
Look = tuple[bool, float, float | None]


@pytest.mark.parametrize(
    ("looks", "phases"),
    [
        ([(False, 0, None)], [Phase.IDLE]),
        ([(True, 0, None), (True, SLOW_SECONDS, None)], [Phase.CONNECTING, Phase.SLOW]),
        (
            [(True, 0, None), (True, 12, 11.9), (False, 13, 12)],
            [Phase.CONNECTING, Phase.LIVE, Phase.LOST],
        ),
        (
            [(True, 0, None), (True, 2, 2), (True, 2 + STALLED_SECONDS, 2)],
            [Phase.CONNECTING, Phase.LIVE, Phase.STALLED],
        ),
        # Stopped within four seconds, it is no failure; later, it is, until the next attempt.
        (
            [(True, 0, None), (True, 4, None), (False, 5, None)],
            [Phase.CONNECTING] * 2 + [Phase.IDLE],
        ),
        (
            [(True, 0, None), (True, 7, None), (False, 8, None), (False, 9, None), (True, 9, None)],
            [Phase.CONNECTING] * 2 + [Phase.FAILED] * 2 + [Phase.CONNECTING],
        ),
        # Gone to another page while it connected, and back much later: no failure either.
        (
            [(True, 0, None), (True, 1, None), (False, 60, None)],
            [Phase.CONNECTING, Phase.CONNECTING, Phase.IDLE],
        ),
        # The last frame of an earlier attempt does not make a new one live.
        (
            [(True, 0, None), (True, 5, 4.9), (False, 6, 5), (True, 7, 5), (True, 8, 7.5)],
            [Phase.CONNECTING, Phase.LIVE, Phase.LOST, Phase.CONNECTING, Phase.LIVE],
        ),
    ],
)
def test_browser_and_frames_tell_the_phase(looks: list[Look], phases: list[Phase]) -> None:
    now = [0.0]
    connection = Connection(lambda: now[0])
    seen = []
    for active, now[0], frame in looks:
        silent = np.inf if frame is None else now[0] - frame
        seen.append(connection.observe(active, silent))
    assert seen == phases
    troubled = {Phase.SLOW, Phase.STALLED, Phase.FAILED, Phase.LOST}
    assert {p for p in Phase if p.troubled} == troubled


@pytest.mark.parametrize(
    ("last_frame", "stop", "phase"),
    [
        (11.9, 0, Phase.LOST),  # a TURN server over TCP that ends is noticed at once
        (5.0, 0, Phase.LOST),
        (11.9, 1, Phase.IDLE),
        (5.0, 1, Phase.IDLE),  # the page has said that the picture has stopped
        (None, 0, Phase.FAILED),
        (None, 1, Phase.FAILED),
    ],
)
def test_a_stream_that_the_visitor_has_not_stopped_was_lost(
    last_frame: float | None, stop: int, phase: Phase
) -> None:
    now = [0.0]
    connection = Connection(lambda: now[0])

    def silent() -> float:
        return np.inf if last_frame is None else now[0] - last_frame

    connection.observe(True, np.inf, stop=0)
    now[0] = 12.0
    assert connection.observe(True, silent(), stop=0).active
    now[0] = 13.0
    assert connection.observe(True, silent(), stop=stop).active, "the report of Stop comes first"
    assert connection.observe(False, silent(), stop=stop) is phase
    assert connection.observe(False, silent(), stop=2) is phase, "until the next attempt"
    assert connection.observe(True, silent(), stop=2) is Phase.CONNECTING
    assert connection.observe(False, silent(), stop=3) is Phase.IDLE


def test_every_report_has_its_phase() -> None:
    expected = {"loading": Phase.LOADING, "running": Phase.LIVE, "paused": Phase.PAUSED}
    for phase in ("idle", "loading", "running", "paused", "ended", "failed", "unable"):
        observed = DeviceConnection(lambda: 0.0).observe(phase, np.inf)
        other = Phase.FAILED if phase == "failed" else Phase.IDLE
        assert observed is expected.get(phase, other)
        assert observed.active == Report(phase).active


def test_a_device_from_which_nothing_comes_has_stalled_but_not_at_its_start() -> None:
    now = [100.0]
    connection, running = DeviceConnection(lambda: now[0]), "running"

    def observed_for(seconds: int) -> Phase:
        for _ in range(seconds):
            phase = connection.observe(running, now[0])
            now[0] += 1
        return phase

    assert observed_for(int(STALLED_SECONDS)) is Phase.LIVE
    assert connection.observe(running, STALLED_SECONDS + 1) is Phase.STALLED
    assert connection.observe(running, 0.4) is Phase.LIVE
    assert connection.observe("paused", STALLED_SECONDS + 1) is Phase.PAUSED
    assert connection.observe(running, STALLED_SECONDS + 1) is Phase.LIVE, "it has just gone on"
    # Nobody asked while the connection was away, and what waits in the browser comes in a moment.
    now[0] += 10
    assert observed_for(int(STALLED_SECONDS)) is Phase.LIVE
    assert observed_for(1) is Phase.STALLED


@pytest.mark.parametrize(("away", "phase"), [(4.0, Phase.STALLED), (4.1, Phase.LIVE)])
def test_a_look_every_few_seconds_is_no_connection_that_was_away(away: float, phase: Phase) -> None:
    now = [100.0]
    connection = DeviceConnection(lambda: now[0])
    connection.observe("running", 0.0)
    now[0] += away
    connection.observe("running", STALLED_SECONDS)
    now[0] += 1.0
    assert connection.observe("running", STALLED_SECONDS + 1) is phase


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
