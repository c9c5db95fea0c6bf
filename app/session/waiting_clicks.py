"""Clicks that wait for a page to be ready, and must not be lost over the next one."""

from __future__ import annotations

from functools import wraps
from typing import Any

from streamlit import config
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.runtime.app_session import AppSession


def keep_waiting_clicks(session: type[AppSession] = AppSession) -> None:
    """Hand a click that waits for a running page on to the run that replaces it, for all visitors.

    A click in a fragment waits until the page's script has ended. The next click outside of
    fragments does not wait: the script is told to stop, and a new one starts at once. What waited
    for the old one went with it; a browser says only once that a button was pressed.

    Seen in Streamlit 1.67.0. Without it, on a slow server, who chose a face in a picture and at
    once another way of answering kept the answers and lost the face. It can go when `AppSession`
    hands on what waits. Where a newer version keeps it in another way, nothing is changed.

    Args:
        session: the class of Streamlit's sessions, which is changed in place, once.
    """
    request = session.request_rerun
    if hasattr(request, "__wrapped__"):
        return
    try:
        from streamlit.runtime.scriptrunner_utils.script_requests import _coalesce_widget_states
    except ImportError:
        return

    @wraps(request)
    def request_rerun(self: AppSession, client_state: ClientState | None) -> None:
        if (
            client_state is not None
            and not client_state.fragment_id
            and config.get_option("runner.fastReruns")  # else it waits too
        ):
            waiting = _take_waiting(getattr(self, "_scriptrunner", None))
            if waiting is not None:
                both = _coalesce_widget_states(waiting, client_state.widget_states)
                client_state.widget_states.CopyFrom(both)
        request(self, client_state)

    session.request_rerun = request_rerun  # type: ignore[method-assign]


def _take_waiting(runner: Any) -> WidgetStates | None:
    """Return what waits for a script that will be stopped now, and stop it before it begins.

    Seen in Streamlit 1.67.0. Without it, the old script could still begin with what is handed on to
    the new one, and a click would count twice. It can go when `keep_waiting_clicks` goes.
    """
    try:
        requests = runner._requests
        with requests._lock:
            kinds = type(requests._state)
            if requests._state is not kinds.RERUN:
                return None
            requests._state = kinds.STOP
            return requests._rerun_data.widget_states
    except AttributeError:
        return None
