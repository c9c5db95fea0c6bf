"""Clicks beside other requests for a run of a page, with Streamlit's own sessions."""

import inspect
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

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

from app.core.session.clicks import keep_clicks
from tests.app.samples import Clock

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


def patched(clock: Callable[[], float] = time.monotonic) -> Any:
    """Return a session that keeps clicks."""
    kind = session_class()
    keep_clicks(kind, clock)
    keep_clicks(kind, clock)  # each run of a page asks for it
    return kind()


def state(*widgets: WidgetState, fragment: str = "") -> ClientState:
    return ClientState(widget_states=WidgetStates(widgets=widgets), fragment_id=fragment)


def widgets(run: RerunData) -> dict[str, WidgetState]:
    return {widget.id: widget for widget in run.widget_states.widgets}


#: What stands around the pages, and what is on one of them.
NOTICE = WidgetState(id="notice", json_value="1")
CAMERA = WidgetState(id="camera", json_value="missing")


def asks(page: str, *widgets: WidgetState, fragment: str = "", back: bool = False) -> ClientState:
    """Return what a browser asks for: by a link, unless it names what is on a page."""
    return ClientState(
        page_script_hash=page,
        page_name=page.title(),
        query_string=f"of={page}",
        widget_states=WidgetStates(widgets=widgets),
        fragment_id=fragment,
        is_history_navigation=back,
    )


TO_LIVE, TO_ABOUT, TO_PHOTO = (asks(page, NOTICE) for page in ("live", "about", "photo"))

#: The first value of a component on the Live page, and the same of a fragment.
FIRST, FRAGMENT = asks("live", NOTICE, CAMERA), asks("live", NOTICE, CAMERA, fragment="a")


@pytest.mark.parametrize(
    ("requests", "pages"),
    [
        ([FIRST, FIRST], ["live", "live"]),
        ([FRAGMENT, FIRST, FRAGMENT], ["live"]),  # in its fragments, the running script sees to it
        ([FRAGMENT, asks("about", SLIDER)], ["about"]),  # what a fragment asks for is no link
        # Whatever the page that is left says: the link's page is what is made.
        ([TO_ABOUT, FIRST], ["about", "about"]),
        ([TO_ABOUT, FIRST, FIRST, FRAGMENT], ["about", "about", "about"]),
        ([FIRST, TO_ABOUT, FIRST], ["live", "about", "about"]),
        ([TO_ABOUT, TO_ABOUT, FIRST], ["about", "about", "about"]),
        ([TO_ABOUT, TO_PHOTO, FIRST], ["about", "photo", "photo"]),
        ([asks("about"), asks("live", NOTICE)], ["about", "about"]),  # what is around speaks first
        # Whoever goes on, or back, does.
        (
            [TO_LIVE, FIRST, TO_ABOUT, asks("about", CAMERA), FIRST],
            ["live"] * 2 + ["about"] * 2 + ["live"],
        ),
        ([TO_LIVE, FIRST, TO_ABOUT, TO_LIVE], ["live", "live", "about", "live"]),
        ([TO_ABOUT, asks("live", CAMERA, back=True)], ["about", "live"]),
    ],
)
def test_what_a_left_page_says_does_not_take_the_place_of_a_link(
    requests: list[ClientState], pages: list[str]
) -> None:
    session = patched()
    for request in requests:
        copy = ClientState()
        copy.CopyFrom(request)
        session.request_rerun(copy)
    runs = [(run.page_script_hash, run.page_name, run.query_string) for run in session.runs]
    assert runs == [(page, page.title(), f"of={page}") for page in pages]
    waiting = session._scriptrunner._requests._rerun_data
    assert waiting.page_script_hash in ("", pages[-1]), "no fragment of a left page waits"


def test_what_a_left_page_holds_is_no_choice_on_the_next(clock: Clock) -> None:
    session = patched(clock)
    for page, *on_it in (("about", NOTICE), ("live", NOTICE, CAMERA)):
        session.request_rerun(asks(page, *on_it))
    assert [[*widgets(run)] for run in session.runs] == [["notice"], ["notice"]]


def test_a_request_long_after_a_link_is_for_the_page_that_it_names(clock: Clock) -> None:
    session = patched(clock)
    session.request_rerun(asks("about"))
    clock.seconds += 60
    session.request_rerun(asks("live", CAMERA))
    assert [run.page_script_hash for run in session.runs] == ["about", "live"]


def after(clicks: list[ClientState], *, kept: bool = True) -> list[dict[str, WidgetState]]:
    """Return the widgets of each run that began after these clicks in a page that is running."""
    session = patched() if kept else session_class()()
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
    session = patched()
    old = session._scriptrunner
    old.request_rerun(RerunData(widget_states=state(BUTTON).widget_states))
    session.request_rerun(state(SLIDER))
    assert widgets(session.runs[0]) == {"slider": SLIDER, "remove": BUTTON}
    assert old._requests.on_scriptrunner_ready().type is ScriptRequestType.STOP  # not twice


def test_where_every_run_waits_for_the_one_before_nothing_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(config, "get_option", {"runner.fastReruns": False}.__getitem__)
    session = patched()
    session.request_rerun(state(FACE, fragment="photo"))
    session.request_rerun(state(SLIDER))
    assert session.runs == []
    waiting = session._scriptrunner._requests.on_scriptrunner_ready()
    assert waiting.type is ScriptRequestType.RERUN
    assert widgets(waiting.rerun_data) == {"face": FACE, "slider": SLIDER}


def test_a_version_that_keeps_it_in_another_way_is_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for runner in (None, SimpleNamespace(request_stop=lambda: None)):
        session = patched()
        session._scriptrunner = runner
        session.request_rerun(state(SLIDER))
        assert [widgets(run) for run in session.runs] == [{"slider": SLIDER}]
        session.request_rerun(None)
        assert session.runs[1:] == [RerunData()]
    monkeypatch.delattr(script_requests, "_coalesce_widget_states")
    kind = session_class()
    before = kind.request_rerun
    keep_clicks(kind)
    assert kind.request_rerun is before
