"""What comes from the browser by the component, and what goes back."""

import time
from types import SimpleNamespace
from typing import Any

import pytest

from app.live.device import component
from app.live.device.protocol import Report
from app.live.streaming.session import LiveSession
from app.live.streaming.stream_limit import StreamLimit
from fer import FaceStream
from fer.model.spec import ModelSpec
from tests.app.live.samples import waiting_session
from tests.app.samples import Detector
from tests.samples import FakeClassifier


@pytest.fixture
def session(spec: ModelSpec, detector: Detector) -> LiveSession:
    stream = FaceStream(detector, FakeClassifier(3), spec, detector_version="fake-1")
    return waiting_session(stream, StreamLimit(1), time.monotonic)


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Stands for Streamlit's session state."""
    kept: dict[str, Any] = {}
    monkeypatch.setattr(component.st, "session_state", kept)
    return kept


def tell(kept: dict[str, Any], session: LiveSession, told: object) -> Any:
    kept[component.KEY] = SimpleNamespace(told=told)
    component._take(session)
    return component._state(session)


def test_nothing_runs_before_the_browser_has_said_so(kept: dict[str, Any]) -> None:
    assert component.device_report() == Report()


def test_a_message_says_how_it_goes_and_what_the_browser_has(
    kept: dict[str, Any], session: LiveSession
) -> None:
    phase = {"phase": "running", "code": "", "detail": ""}
    state = tell(kept, session, {"number": 3, "setup": "abc", "phase": phase})
    assert (state.heard, state.has_setup, state.reply) == (3, "abc", None)
    assert component.device_report() == Report("running")
    del kept[component.KEY]  # as after a visit to another page
    assert component.device_report() == Report()


def test_results_are_acknowledged(kept: dict[str, Any], session: LiveSession) -> None:
    about = {"run": "r", "life": 0, "model": "key", "first": 1, "age": 0, "dropped": 0}
    batches = {**about, "batches": [{"number": 1, "observations": ""}]}
    state = tell(kept, session, {"number": 1, "setup": "", "phase": {}, **batches})
    assert (state.reply["run"], state.reply["acknowledged"]) == ("r", 1)


@pytest.mark.parametrize("told", [None, 3, [], {}, {"number": "x", "batches": 7, "phase": 1}])
def test_whatever_a_browser_sends_is_taken(
    kept: dict[str, Any], session: LiveSession, told: object
) -> None:
    assert tell(kept, session, told).report == Report()


def test_another_session_begins_anew(
    kept: dict[str, Any], session: LiveSession, spec: ModelSpec, detector: Detector
) -> None:
    tell(kept, session, {"number": 3, "setup": "", "phase": {"phase": "running"}})
    stream = FaceStream(detector, FakeClassifier(3), spec, detector_version="fake-1")
    other = waiting_session(stream, StreamLimit(1), time.monotonic)
    assert component._state(other).heard == 0
