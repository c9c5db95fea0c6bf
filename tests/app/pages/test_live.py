"""The Live page as a visitor meets it, with a fake stream and without a browser."""

from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.core import state as core_state
from app.core.session.stream_files import FORMATS
from app.live import notices, state, webrtc
from app.live.streaming import record as record_module
from app.live.streaming.connection import Connection, Phase
from app.live.streaming.frames import LiveSettings
from app.live.streaming.record import LiveHistory
from app.live.streaming.session import LiveSession
from app.live.streaming.stream_limit import STALE_SECONDS, StreamLimit
from app.live.streaming.turn import STUN, Help, Ice, IceSource, RelayCheck, RelayState
from fer.errors import ModelError
from fer.labels import EXPRESSION_HEAD
from fer.model.spec import ModelSpec
from fer.types import Detections
from tests.app.live.samples import PAGE, Visitor, live_page, session_of
from tests.app.samples import Detector, FakeAnalyzer, button, chart_alts, png, words
from tests.samples import make_detections

#: Of `session`: goes on with its frames alone, so that none gets old before the page has run.
NOW = [0.0]


@pytest.fixture
def session(spec: ModelSpec, detector: Detector) -> LiveSession:
    return session_of(spec, StreamLimit(1, lambda: NOW[0]), lambda: NOW[0], detector)


@pytest.fixture
def page(session: LiveSession, analyzer: FakeAnalyzer, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The app on the Live page, not run yet, with this session."""
    return live_page(session, monkeypatch, live="server")


def play(session: LiveSession, frames: int, level: int = 8) -> None:
    """Let frames of one brightness come, 0.1 s apart."""
    for _ in range(frames):
        NOW[0] += 0.1
        session.process(np.full((480, 640, 3), level, np.uint8))


@pytest.fixture
def running(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The page while the browser is connected and frames come."""
    monkeypatch.setattr(webrtc, "video_active", lambda: True)
    monkeypatch.setattr(webrtc, "show_video", lambda session, ice: None)
    monkeypatch.setattr(Connection, "observe", lambda *_: Phase.LIVE)
    return page


def test_before_a_start(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    for ice, says in (
        (Ice(Help.STUN, STUN, "Google", "Twilio did not answer."), "STUN only, Google"),
        (Ice(Help.TURN, STUN, "Cloudflare"), "TURN, Cloudflare"),
    ):
        monkeypatch.setattr(IceSource, "current", lambda _, ice=ice: ice)
        page.run()
        for part in (says, ice.problem, "allow the camera", "Nothing is recorded"):
            assert part in words(page)
    assert not [*chart_alts(page), *page.download_button, *page.camera_input]
    page.session_state["live_snapshot"] = True
    page.run()
    page.camera_input[0].set_value(("snapshot.jpg", png(faces=1), "image/jpeg")).run()
    assert "1 face: " in page.title[0].value


def test_while_it_runs(running: AppTest, session: LiveSession, detector: Detector) -> None:
    play(session, 5)
    running.run()
    assert "**1 face in view: happy**" in words(running)
    assert [metric.label for metric in running.metric] == ["Analysed", "A frame takes"]
    assert "| Find faces |" in words(running)
    (strip,) = (html.proto.body for html in running.get("html") if "flex" in html.proto.body)
    assert 'aria-label="In view now: happy &gt;99%, sad &lt;1%, neutral &lt;1%."' in strip
    assert chart_alts(running) == [
        "Timeline from 0:00 to 0:10: person 1 mostly happy.",
        "Probabilities of Person 1 over time: happy >99% on average, at most >99% at 0:00; "
        "sad <1% on average, at most <1% at 0:00; neutral <1% on average, at most <1% at 0:00.",
    ]
    assert [button.label for button in running.download_button] == [k.label for k in FORMATS]
    detector.found = make_detections((40, 40, 140, 140), (300, 40, 400, 140))
    play(session, 4)
    detector.found, found = RuntimeError("a fault that nobody thought of"), detector.found
    play(session, 1)
    detector.found = found
    play(session, 1)
    running.run()
    assert "One frame could not be analysed" in words(running)
    assert "nobody thought of" not in words(running)
    (pills,) = [group for group in running.button_group if group.key == "live_person_choice"]
    assert (pills.options, pills.value) == (["Person 1", "Person 2"], 1)
    pills.set_value(2).run()
    play(session, 1)
    running.run()
    assert chart_alts(running)[-1].startswith("Probabilities of Person 2 over time: happy")
    assert "**2 faces in view: 2 happy.** Their mean:" in words(running)


def test_the_person_of_the_curves_stays_until_the_visitor_chooses_another(
    running: AppTest, session: LiveSession, detector: Detector
) -> None:
    def shown() -> int:
        (pills,) = [group for group in running.button_group if group.key == "live_person_choice"]
        return pills.value

    one, two = (40, 40, 140, 140), (300, 40, 400, 140)
    detector.found = make_detections(one, two)
    play(session, 5)
    running.run()
    assert shown() == 1
    detector.found = make_detections(two)  # who is longest in view from now on
    play(session, 30)
    running.run()
    assert shown() == 1
    next(g for g in running.button_group if g.key == "live_person_choice").set_value(2).run()
    detector.found = make_detections(one, two)
    play(session, 5)
    running.run()
    assert shown() == 2


def test_without_a_face_or_a_result(
    running: AppTest, session: LiveSession, detector: Detector, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, detector.found = detector.found, Detections.empty()
    play(session, 2)
    running.run()
    assert "No face in view" in words(running)
    assert "No face yet." in words(running)
    detector.found = found
    play(session, 21)
    play(session, 21, level=0)
    running.run()
    assert "The camera is off" in words(running)
    assert "No face in view" not in words(running)
    assert chart_alts(running)[0].endswith("mostly happy. Camera off from 0:02 to 0:04.")
    session.record.clear()
    play(session, 21, level=0)
    running.run()
    assert "Camera off from 0:00 to 0:02." in words(running)
    assert not running.dataframe
    assert running.download_button
    # A stall of the analysis does not look as if everybody had left.
    session.record.clear()
    play(session, 5)
    monkeypatch.setattr(session._analysis, "offer", lambda *_, **__: False)
    play(session, 50)
    running.run()
    assert "No result at the moment" in words(running)
    assert "No face in view" not in words(running)
    assert "No data from 0:00 to 0:05." in chart_alts(running)[0]
    # Nor does a camera or a connection that gives nothing look like a busy analysis.
    NOW[0] += 2
    running.run()
    assert "Nothing arrives at the moment" in words(running)
    assert "No result at the moment" not in words(running)


def test_a_chart_may_stay_as_it_is_for_a_while(session: LiveSession) -> None:
    def script() -> None:
        import streamlit as st

        from app.live.session_view import show_rolling_timeline

        show_rolling_timeline(st.session_state.live.record, 6.0)

    page = AppTest.from_function(script)
    page.session_state["live"] = session
    shown = []
    for _ in range(10):
        play(session, 30)  # three seconds
        bodies = (one.proto.body for one in page.run().get("html"))
        shown += [body for body in bodies if "fer-timeline" in body]
    assert [a == b for a, b in pairwise(shown)] == [
        *[False] * 4,  # as long as there is little to see, each time
        *[True, False] * 2,
        True,
    ]


def test_controls_act_and_last(running: AppTest, session: LiveSession) -> None:
    play(session, 3)
    running.run()
    assert session.settings == LiveSettings(head=EXPRESSION_HEAD)
    running.slider[0].set_value(1.5)
    running.toggle[0].set_value(False)
    running.toggle[1].set_value(False).run()
    set_so = LiveSettings(mirrored=False, bars=False, smoothing_seconds=1.5, head=EXPRESSION_HEAD)
    assert session.settings == set_so
    running.switch_page("app/pages/about.py").run()
    running.switch_page(PAGE).run()
    assert running.slider[0].value == 1.5
    assert session.settings == set_so
    assert len(session.record) == 3


def test_after_it(page: AppTest, session: LiveSession, monkeypatch: pytest.MonkeyPatch) -> None:
    play(session, 5)
    page.run()
    assert "This session" in words(page)
    assert "**1 person in 0.4 s: mostly happy.**" in words(page)
    assert chart_alts(page)[-1].startswith("Share of time. person 1: happy 100%")
    assert page.dataframe[0].value["happy"].tolist() == [100.0]
    assert [b.label for b in page.download_button] == [kind.label for kind in FORMATS]
    moments = page.dataframe[1].value
    assert moments[["person", "expression", "at"]].values.tolist() == [[1, "happy", "0:00"]]
    page.button(key="live_clear").click().run()
    assert len(session.record) == 0
    assert not page.download_button
    assert "Before you start" in words(page)
    monkeypatch.setattr(record_module, "LiveHistory", lambda heads: LiveHistory(heads, 3))
    session.record.clear()
    play(session, 5)
    session.record.lost(7, 2)
    page.run()
    assert "The history holds 3 entries. Older ones" in words(page)
    assert "7 frames are missing" in words(page)


def test_files_have_visitors_time(session: LiveSession, monkeypatch: pytest.MonkeyPatch) -> None:
    for zone, offset in (("Asia/Kolkata", 5.5), ("Nowhere/At all", 0)):
        monkeypatch.setattr(core_state.st, "context", SimpleNamespace(timezone=zone))
        began = session.record.result(core_state.visitors_zone()).info.time
        assert began.utcoffset().total_seconds() == 3600 * offset  # type: ignore[union-attr]


def test_without_a_place_it_says_why(page: AppTest, session: LiveSession) -> None:
    limit, other = session.limit, Visitor()
    for holder in (session, other):
        limit.belongs(holder, "one")
    for limit.slots, limit.of_visitor, says in (
        (1, 2, "All places are taken"),
        (2, 1, "You have other live streams open"),
        (0, 2, "Live video is switched off"),
    ):
        limit.hold(other)
        page.run()
        assert says in words(page)
        assert "Before you start" not in words(page)
        limit.leave(other)
        page.run()
        assert ("Before you start" in words(page)) == bool(limit.slots)


def test_a_page_that_connects_keeps_its_place(
    running: AppTest, session: LiveSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Visitor()
    monkeypatch.setattr(Connection, "observe", lambda *_: Phase.CONNECTING)
    for _ in range(3):
        NOW[0] += STALE_SECONDS - 1
        running.run()
    assert not session.limit.hold(other)
    NOW[0] += STALE_SECONDS + 0.1  # sums of tenths are not exact
    assert session.limit.hold(other)
    # Who waits for the place looks often enough to have it within ten seconds.
    assert STALE_SECONDS + notices._BUSY_POLL_SECONDS < 10


def test_trouble_has_two_other_ways(running: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    for phase, relay, says in (
        (Phase.SLOW, None, "Connecting takes longer than usual"),
        (Phase.STALLED, RelayState.WORKS, "The picture has stopped"),
        (Phase.FAILED, RelayState.EXPIRED, "credentials for the TURN server have expired"),
        (Phase.LOST, RelayState.WORKS, "**The connection was lost.** The results so far"),
        (Phase.LOST, RelayState.FULL, "**The connection was lost.** **The TURN server has no room"),
    ):
        monkeypatch.setattr(Connection, "observe", lambda *_, phase=phase: phase)
        monkeypatch.setattr(RelayCheck, "state", lambda *_, relay=relay: relay)
        running.run()
        assert says in words(running)
        assert ("Before you start" in words(running)) == (not phase.active)
        assert running.get("page_link")
        to_device = [one for one in running.button if one.key == "live_to_device"]
        assert bool(to_device) == (not phase.active)
    running.button(key="live_trouble_snapshot").click().run()
    assert running.camera_input


def test_who_comes_back_to_the_page_has_lost_no_connection(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    for rendered in (True, False):
        monkeypatch.setattr("app.live.webrtc.is_rendered", lambda _, shown=rendered: shown)
        monkeypatch.setattr(webrtc, "prevent_reset", lambda _: None)
        connection = Connection()
        for silent_for in (np.inf, -1.0):  # a frame has come
            connection.observe(True, silent_for, notices.last_stop())
        page.session_state["live_connection"] = connection
        page.run()
        assert ("The connection was lost" in words(page)) == rendered


def test_the_clip_gives_way_to_the_camera_when_its_connection_is_lost(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webrtc, "show_clip", lambda session, ice: None)
    page.session_state["live_clip_plays"] = True
    page.run()
    assert "Before you start" not in words(page)
    monkeypatch.setattr(Connection, "observe", lambda *_: Phase.LOST)
    page.run()
    assert "The connection was lost" in words(page)
    assert "Before you start" in words(page)
    assert not page.session_state["live_clip_plays"]


@pytest.mark.parametrize("sent", [None, "", "soon", [1], {}, 10**400, True])
def test_whatever_a_browser_says_of_stop_is_a_value(
    sent: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = {"live_camera": SimpleNamespace(stopped=sent)}
    monkeypatch.setattr(notices.st, "session_state", state)
    before = notices.last_stop()
    assert before == notices.last_stop()
    state["live_camera"] = SimpleNamespace(stopped=1_700_000_000_000)
    assert notices.last_stop() != before
    state["live_clip_plays"] = True
    assert notices.last_stop() != (1_700_000_000_000, False)


def test_without_camera_or_model(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    assert {*notices._PROBLEMS.values(), "other"} == set(notices._CAMERA)
    monkeypatch.setattr("app.live.view.camera_problem", lambda: "denied")
    page.run()
    assert notices._CAMERA["denied"] in words(page)
    assert page.get("page_link")
    monkeypatch.setattr(webrtc, "create_video_source_track", lambda *_: None)  # needs a server
    monkeypatch.setattr("app.live.view.camera_problem", lambda: "")
    button(page, "Play a sample clip").click().run()
    page.button(key="live_clip_stop").click().run()
    assert button(page, "Play a sample clip")

    def missing() -> LiveSession:
        raise ModelError("spec.json is missing.")

    monkeypatch.setattr(state, "live_session", missing)
    page.run()
    assert "not installed" in words(page)


def test_a_problem_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices, "mount", lambda *_, **__: None)
    for known, error, problem in (
        ("", "", ""),
        ("missing", "NotReadableError", "missing"),
        ("", "NotReadableError", "busy"),
        ("", "ended", "gone"),
        ("", "TypeError", "other"),
    ):
        there = SimpleNamespace(problem=known, error=error)
        monkeypatch.setattr(notices.st, "session_state", {"live_camera": there})
        assert notices.camera_problem() == problem
