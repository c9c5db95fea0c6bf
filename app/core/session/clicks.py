"""Clicks that must not be lost over what else a browser sends, or over the next click."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any
from weakref import WeakKeyDictionary

from streamlit import config
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.runtime.app_session import AppSession

#: Seconds after a link was followed in which its browser may still speak for the page it leaves: a
#: busy one learns late that there is another.
_LEAVING_SECONDS = 30.0


def keep_clicks(
    session: type[AppSession] = AppSession, clock: Callable[[], float] = time.monotonic
) -> None:
    """Let no click be lost over another request for a run of a page, for all visitors.

    **A link** is lost where something on the page that is left speaks in the same moment, as a
    component does with its first value: its request is the newer one, and names the old page. Such
    a request now runs the page that the link leads to. One of a fragment runs nothing: the fragment
    is gone, but the browser would be told that the old page runs, and clear away the new one.

    **A click in a fragment** waits until the page's script has ended. The next click outside of
    fragments starts a new script at once, and what waited for the old one went with it. It is now
    handed on to the run that replaces the old one.

    Seen in Streamlit 1.67.0. Without it, a link that was clicked while the Live page loaded did
    nothing in 12 of 12 tries; one in fifteen who left that page while their device analysed found
    the next page empty; and on a slow server, who chose a face in a picture and at once another way
    of answering lost the face. It can go when `AppSession` hands on what waits, and leaves out what
    a page says after it was left. Where a newer version keeps these in another way, nothing is
    changed.
    """
    request = session.request_rerun
    if hasattr(request, "__wrapped__"):
        return
    try:
        from streamlit.runtime.scriptrunner_utils.script_requests import _coalesce_widget_states
    except ImportError:
        return
    links = _Links(clock)

    @wraps(request)
    def request_rerun(self: AppSession, client_state: ClientState | None) -> None:
        if client_state is not None and links.left(self, client_state):
            return
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


class _Links:
    """The link that was followed last in each session, and until when its browser may not know."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._links: WeakKeyDictionary[AppSession, tuple[ClientState, float]] = WeakKeyDictionary()

    def left(self, session: AppSession, request: ClientState) -> bool:
        """Return whether a fragment of a left page asks; give what else does the link's page."""
        link, until = self._links.get(session, (ClientState(), 0.0))
        elsewhere = request.page_script_hash != link.page_script_hash
        if self._clock() >= until or self._is_link(request, link):
            if elsewhere and request.page_script_hash and not request.fragment_id:
                self._links[session] = followed, _ = ClientState(), self._clock() + _LEAVING_SECONDS
                followed.CopyFrom(request)
        elif not elsewhere:
            self._links[session] = link, 0.0  # the browser shows the page
        elif request.fragment_id:
            return True
        else:
            request.page_script_hash, request.page_name = link.page_script_hash, link.page_name
            request.query_string = link.query_string
            # Else what the left page holds would count as a choice, as it is new to the link's run.
            request.widget_states.CopyFrom(link.widget_states)
        return False

    def _is_link(self, request: ClientState, before: ClientState) -> bool:
        """Return whether a request is made by a link, as the one before was.

        A link names what stands around the pages, and none of it is new. What speaks on a page
        names all that is on it, and something has changed.
        """
        known = before.widget_states.widgets
        return not request.fragment_id and (
            request.is_history_navigation or all(w in known for w in request.widget_states.widgets)
        )


def _take_waiting(runner: Any) -> WidgetStates | None:
    """Return what waits for a script that will be stopped now, and stop it before it begins.

    Seen in Streamlit 1.67.0. Without it, the old script could still begin with what is handed on to
    the new one, and a click would count twice. It can go when `keep_clicks` goes.
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
