"""What the browser reports, and the phase that follows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.live.device.report import DeviceConnection, Report
from app.live.streaming.connection import STALLED_SECONDS, Phase

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(ANYTHING | st.fixed_dictionaries({"phase": ANYTHING, "code": ANYTHING}))
def test_whatever_a_browser_sends_is_a_report(told: object) -> None:
    report = Report.of(told)
    assert isinstance(report.phase, str)
    assert len(report.code) <= 200


def test_a_report_is_read() -> None:
    told = {"phase": "failed", "code": "camera", "detail": "x" * 500, "more": 1}
    report = Report.of(told)
    assert (report.phase, report.code, len(report.detail)) == ("failed", "camera", 200)
    assert not report.active
    assert not report.problem
    assert Report.of({"phase": "unable", "code": "simd"}).problem == "simd"


@pytest.mark.parametrize(
    ("phase", "expected"),
    [
        ("idle", Phase.IDLE),
        ("loading", Phase.LOADING),
        ("running", Phase.LIVE),
        ("paused", Phase.PAUSED),
        ("ended", Phase.IDLE),
        ("failed", Phase.FAILED),
        ("unable", Phase.IDLE),
    ],
)
def test_every_report_has_its_phase(phase: str, expected: Phase) -> None:
    report = Report(phase)
    observed = DeviceConnection(lambda: 0.0).observe(report, float("inf"))
    assert observed is expected
    assert observed.active == report.active


def test_a_device_from_which_nothing_comes_has_stalled_but_not_at_its_start() -> None:
    now = [100.0]
    connection, running = DeviceConnection(lambda: now[0]), Report("running")

    def observed_for(seconds: int) -> Phase:
        for _ in range(seconds):
            phase = connection.observe(running, now[0])
            now[0] += 1
        return phase

    assert observed_for(int(STALLED_SECONDS)) is Phase.LIVE
    assert connection.observe(running, STALLED_SECONDS + 1) is Phase.STALLED
    assert connection.observe(running, 0.4) is Phase.LIVE
    assert connection.observe(Report("paused"), STALLED_SECONDS + 1) is Phase.PAUSED
    assert connection.observe(running, STALLED_SECONDS + 1) is Phase.LIVE, "it has just gone on"
    # Nobody asked while the connection was away, and what waits in the browser comes in a moment.
    now[0] += 10
    assert observed_for(int(STALLED_SECONDS)) is Phase.LIVE
    assert observed_for(1) is Phase.STALLED
