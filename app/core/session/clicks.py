"""Clicks that must not be lost, and how long what a click on a download needs is kept."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any
from weakref import WeakKeyDictionary

from streamlit import config, runtime
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.media_file_manager import MediaFileManager, MediaFileMetadata
from streamlit.runtime.media_file_storage import MediaFileKind

from app.core.server.cleanup import CLEANUP

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
        known = {widget.id: widget for widget in before.widget_states.widgets}
        return not request.fragment_id and (
            request.is_history_navigation
            or all(widget == known.get(widget.id) for widget in request.widget_states.widgets)
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


#: Seconds for which a file is kept, from the first look after it was made. The browser asks for it
#: at once; the rest is for a phone that changes its network just then, and a paused download.
KEPT_SECONDS = 60.0

#: Seconds for which a button is good after its page has replaced it, or its visitor has left: it
#: has hold of what it would save.
BUTTON_SECONDS = 30.0

#: Bytes of all kept files, so that memory is bounded. Where there are more, the oldest go early.
#: The newest is kept however large it is.
KEPT_BYTES = 128 * 2**20

#: What is used of Streamlit's manager, most of it private.
_NEEDED = (
    *("_deferred_callables", "_delete_file", "_drop_deferred_id", "_file_metadata", "_lock"),
    *("_files_by_session_and_coord", "_get_inactive_file_ids"),
    *("_remove_orphaned_deferred_callables", "can_read_files"),
)


def keep_downloads() -> None:
    """Keep each file that a click on a download button makes for a minute, for all visitors.

    No page shows such a file, so Streamlit deletes it as soon as two scripts or fragments have
    ended, whosever they are. The same holds for the buttons: each run of a page gives them new
    numbers, and when anybody's script ends, Streamlit forgets the old ones, which a browser may
    still show. Old numbers are now good for half a minute.

    `MediaFileManager.add` is no way to hold a file: it gives it to the page of the thread that
    calls, of which there is none here, and a page lets go of its files when it runs anew.

    Seen in Streamlit 1.67.0. Without it, with several visitors on the Live page a file could be
    gone before the browser asked for it, and the download failed with 404. It can go when Streamlit
    keeps such a file for a while. Where a newer version decides in another way what to delete,
    nothing is changed.
    """
    manager = runtime.get_instance().media_file_mgr
    known = all(hasattr(manager, name) for name in _NEEDED)
    # Another server's own storage may not tell how large its files are.
    if known and manager.can_read_files:
        CLEANUP.add(Keeper(manager).look)


class Keeper:
    """Has a manager of files keep for a while what was made on a click; changes it in place."""

    def __init__(
        self, manager: MediaFileManager, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._manager, self._clock = manager, clock
        self._inactive = manager._get_inactive_file_ids
        self._since: dict[MediaFileMetadata, float] = {}
        self._replaced: dict[str, float] = {}
        manager._get_inactive_file_ids = self._tidy  # type: ignore[method-assign]
        manager._remove_orphaned_deferred_callables = (  # type: ignore[method-assign]
            self._tidy_buttons
        )

    def look(self) -> bool:
        """See to it that what is oldest goes in time, even if no page runs any more."""
        with self._manager._lock:
            before = self._held()
            self._tidy()
            self._tidy_buttons()
            return self._held() < before

    def _tidy(self) -> set[str]:
        """Delete the downloads that had their time, and return what else no page shows.

        The manager calls it with its lock held, and deletes what it returns.
        """
        inactive, known = self._inactive(), self._manager._file_metadata
        # A file that is made once more is another object here, and its time begins anew.
        downloads = [i for i in inactive if known[i].kind is MediaFileKind.DOWNLOADABLE]
        files = {known[file_id]: file_id for file_id in downloads}
        now, room = self._clock(), KEPT_BYTES
        since = {file: self._since.get(file, now) for file in files}
        self._since = {}
        for file in sorted(since, key=since.__getitem__, reverse=True):
            if now - since[file] < KEPT_SECONDS and room > 0:
                self._since[file] = since[file]
                content = self._manager.read_file(files[file])
                room -= content.content_size if content else 0
            else:
                self._manager._delete_file(files[file])
        return inactive.difference(downloads)

    def _tidy_buttons(self) -> None:
        """Forget the buttons that a page has replaced long ago. Called with the lock held."""
        pages = self._manager._files_by_session_and_coord.values()
        shown = {file_id for files in pages for file_id in files.values()}
        now, old = self._clock(), self._replaced
        replaced = [i for i in self._manager._deferred_callables if i not in shown]
        self._replaced = {file_id: old.get(file_id, now) for file_id in replaced}
        for file_id in replaced:
            if now - self._replaced[file_id] >= BUTTON_SECONDS:
                self._manager._drop_deferred_id(file_id)
                del self._replaced[file_id]

    def _held(self) -> int:
        return len(self._manager._file_metadata) + len(self._manager._deferred_callables)
