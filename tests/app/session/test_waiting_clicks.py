"""A click that waits while another replaces the running script, with Streamlit's own sessions."""

import inspect
from types import SimpleNamespace

import pytest
from streamlit import config
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from streamlit.runtime.app_session import AppSession, AppSessionState
from streamlit.runtime.scriptrunner_utils import script_requests
from streamlit.runtime.scriptrunner_utils.script_requests import (
    RerunData,
    ScriptRequests,
    ScriptRequestType,
)

from app.session.waiting_clicks import keep_waiting_clicks

FACE = WidgetState(id="face", json_trigger_value="1")
BUTTON = WidgetState(id="remove", trigger_value=True)
SLIDER = WidgetState(id="slider", int_value=1)
SLID = WidgetState(id="slider", int_value=2)


class Runner:
    """A script that runs, with Streamlit's own queue of what it is asked for."""

    def __init__(self) -> None:
        self._requests = ScriptRequests()
        self.request_rerun = self._requests.request_rerun
        self.request_stop = self._requests.request_stop


def session_class() -> type[AppSession]:
    """Return a class of sessions of its own, whose runs are noted, not started."""

    class Session(AppSession):
        request_rerun = inspect.unwrap(AppSession.request_rerun)  # of this process, maybe

        def __init__(self) -> None:
            self._state = AppSessionState.APP_IS_RUNNING
            self._scriptrunner = Runner()  # type: ignore[assignment]
            self.runs: list[RerunData] = []

        def __del__(self) -> None:
            pass  # nothing was connected

        def has_fragment(self, fragment_id: str) -> bool:
            return True

        def _create_scriptrunner(self, initial_rerun_data: RerunData) -> None:
            self.runs.append(initial_rerun_data)
            self._scriptrunner = Runner()  # type: ignore[assignment]

    return Session


def state(*widgets: WidgetState, fragment: str = "") -> ClientState:
    return ClientState(widget_states=WidgetStates(widgets=widgets), fragment_id=fragment)


def widgets(run: RerunData) -> dict[str, WidgetState]:
    return {widget.id: widget for widget in run.widget_states.widgets}


def after(clicks: list[ClientState], *, kept: bool = True) -> list[dict[str, WidgetState]]:
    """Return the widgets of each run that began after these clicks in a page that is running."""
    kind = session_class()
    if kept:
        keep_waiting_clicks(kind)
        keep_waiting_clicks(kind)  # each run of a page asks for it
    session = kind()
    for click in clicks:
        session.request_rerun(click)
    return [widgets(run) for run in session.runs]


@pytest.mark.parametrize(
    ("clicks", "runs"),
    [
        ([], []),
        ([state()], [{}]),
        ([state(SLIDER)], [{"slider": SLIDER}]),
        # In a fragment: it waits for the running script, which will see to it.
        ([state(FACE, fragment="photo")], []),
        ([state(FACE, fragment="photo"), state()], [{"face": FACE}]),
        ([state(SLIDER, BUTTON, fragment="a"), state(SLID)], [{"slider": SLID, "remove": BUTTON}]),
        (
            [state(FACE, fragment="a"), state(BUTTON, fragment="b"), state()],
            [{"face": FACE, "remove": BUTTON}],
        ),
        # The same button again: the newer one is meant.
        (
            [state(FACE, fragment="a"), state(WidgetState(id="face", json_trigger_value="2"))],
            [{"face": WidgetState(id="face", json_trigger_value="2")}],
        ),
    ],
)
def test_what_waits_is_handed_on(
    clicks: list[ClientState], runs: list[dict[str, WidgetState]]
) -> None:
    assert after(clicks) == runs


def test_streamlit_still_loses_it_without() -> None:
    assert after([state(FACE, fragment="photo"), state()], kept=False) == [{}]


def test_a_run_that_has_not_begun_hands_on_what_it_was_for() -> None:
    kind = session_class()
    keep_waiting_clicks(kind)
    session = kind()
    old = session._scriptrunner
    assert old is not None
    old.request_rerun(RerunData(widget_states=state(BUTTON).widget_states))
    session.request_rerun(state(SLIDER))
    assert widgets(session.runs[0]) == {"slider": SLIDER, "remove": BUTTON}
    assert old._requests.on_scriptrunner_ready().type is ScriptRequestType.STOP  # not twice


@pytest.mark.parametrize("runner", [None, SimpleNamespace(request_stop=lambda: None)])
def test_a_version_that_keeps_it_in_another_way_is_left_alone(runner: object) -> None:
    kind = session_class()
    keep_waiting_clicks(kind)
    session = kind()
    session._scriptrunner = runner  # type: ignore[assignment]
    session.request_rerun(state(SLIDER))
    assert [widgets(run) for run in session.runs] == [{"slider": SLIDER}]


def test_a_version_without_the_queue_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(script_requests, "_coalesce_widget_states")
    kind = session_class()
    before = kind.request_rerun
    keep_waiting_clicks(kind)
    assert kind.request_rerun is before


def test_where_every_run_waits_for_the_one_before_nothing_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(config, "get_option", {"runner.fastReruns": False}.__getitem__)
    kind = session_class()
    keep_waiting_clicks(kind)
    session = kind()
    session.request_rerun(state(FACE, fragment="photo"))
    session.request_rerun(state(SLIDER))
    assert session.runs == []
    assert session._scriptrunner is not None
    waiting = session._scriptrunner._requests.on_scriptrunner_ready()
    assert waiting.type is ScriptRequestType.RERUN
    assert widgets(waiting.rerun_data) == {"face": FACE, "slider": SLIDER}


def test_a_run_without_a_click_is_as_it_was() -> None:
    kind = session_class()
    keep_waiting_clicks(kind)
    session = kind()
    session.request_rerun(None)
    assert session.runs == [RerunData()]
