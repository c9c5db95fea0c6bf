import numpy as np
import pytest

from app.live.device.protocol import Report
from app.live.streaming.connection import (
    SLOW_SECONDS,
    STALLED_SECONDS,
    Connection,
    DeviceConnection,
    Phase,
)

#: What the browser says, at which second, and when the last frame came (None: never).
Look = tuple[bool, float, float | None]


@pytest.mark.parametrize(
    ("looks", "phases"),
    [
        ([(False, 0, None)], [Phase.IDLE]),
        ([(True, 0, None), (True, SLOW_SECONDS, None)], [Phase.CONNECTING, Phase.SLOW]),
        (
            [(True, 0, None), (True, 12, 11.9), (False, 13, 12)],
            [Phase.CONNECTING, Phase.LIVE, Phase.IDLE],
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
            [Phase.CONNECTING, Phase.LIVE, Phase.IDLE, Phase.CONNECTING, Phase.LIVE],
        ),
    ],
)
def test_a_stream_stands_where_browser_and_frames_say(
    looks: list[Look], phases: list[Phase]
) -> None:
    now = [0.0]
    connection = Connection(lambda: now[0])
    seen = []
    for active, now[0], frame in looks:
        silent = np.inf if frame is None else now[0] - frame
        seen.append(connection.observe(active, silent))
    assert seen == phases
    assert {p for p in Phase if p.troubled} == {Phase.SLOW, Phase.STALLED, Phase.FAILED}


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
