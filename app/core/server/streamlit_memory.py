"""What Streamlit keeps in memory: uploads from their first byte on, and tabs that were closed."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import wraps
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartParser
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send
from streamlit import config, runtime
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager

from app.core.budget import MB, free_memory
from app.core.server.cleanup import CLEANUP
from app.core.server.events import log_event
from app.core.session.tabs import tab_is_open
from app.core.settings import MAX_UPLOADS_TOTAL_MB, max_files


def hold_uploads(most_bytes: int) -> None:
    """Have uploads of up to so many bytes arrive in memory, in which they stay, not in a file.

    Seen in Streamlit 1.67.0. Without it, Starlette writes what is larger than a megabyte to an
    unnamed file: a photograph was on the disk for a moment, and on a full one it was refused. It
    can go when Streamlit says where uploads arrive.
    """
    MultiPartParser.spool_max_size = most_bytes


#: Seconds after the last byte of a tab's uploads, in which its page says that it has them. A page
#: says so when the last file of several has come, at once but for a slow line.
CLAIM_SECONDS = 20.0

#: Bytes that a tab may have beyond the largest upload: what is around it, and a small file.
_BESIDE = 64 * MB

#: Bytes of memory that stay free for all else.
_SPARE = 100 * MB

#: Bytes that Python's objects for an uploaded file take beside its contents and names.
_OBJECTS = 1000

_NO_ROOM = "This server has no room for more uploads at the moment"

_PATH = re.compile(r".*/_stcore/upload_file/([^/]+)/([^/]+)", re.DOTALL)


class UploadMemory:
    """Bounds the bytes of uploads, and lets go of those that no page has. Thread-safe.

    What arrives counts as what is there, so an upload ends when it is too much, not afterwards.
    All tabs together have at most `most` bytes, each little more than the `largest` upload, and at
    most `max_files` files. A file counts with all bytes of its request, among them its name and id.
    """

    def __init__(
        self,
        manager: MemoryUploadedFileManager,
        is_open: Callable[[str], bool],
        most: int,
        largest: int,
        free: Callable[[], int | None] = free_memory,
        clock: Callable[[], float] = time.monotonic,
        max_files: int = 1000,
    ) -> None:
        self._manager, self._is_open = manager, is_open
        self._most, self._most_of_tab = most, largest + _BESIDE
        self._max_files = max_files
        self._free, self._clock = free, clock
        self._arriving: Counter[str] = Counter()
        #: Bytes of the requests that brought the files of each tab, by file. Some may be gone.
        self._stored: dict[str, dict[str, int]] = {}
        self._lock = threading.Lock()  # of `_stored`, which the cleanup's thread changes too
        self._times: dict[str, float] = {}
        self._claims: dict[str, set[str]] = {}

    def hold(
        self, app: type[Starlette] = Starlette, session: type[AppSession] = AppSession
    ) -> None:
        """Count all uploads as they arrive, and hear what pages say that they have.

        The classes of the web server's apps and of Streamlit's sessions are changed in place, once.
        """
        answer, take = app.__call__, session.handle_backmsg
        if hasattr(answer, "__wrapped__"):
            return

        @wraps(answer)
        async def answer_some(self_: Starlette, scope: Scope, receive: Receive, send: Send) -> None:
            with self._count(scope, receive) as receive_some:
                try:
                    await answer(self_, scope, receive_some, send)
                except ClientDisconnect:  # nobody waits for an answer to a broken-off upload
                    return

        @wraps(take)
        def take_and_note(self_: AppSession, msg: BackMsg) -> None:
            if files := self._manager.file_storage.get(self_.id):
                widgets = msg.rerun_script.widget_states.widgets
                if msg.HasField("rerun_script"):
                    self._claims[self_.id] = files.keys() & {
                        file.file_id
                        for widget in widgets
                        for file in widget.file_uploader_state_value.uploaded_file_info
                    }
            take(self_, msg)

        app.__call__ = answer_some  # type: ignore[assignment, method-assign]
        session.handle_backmsg = take_and_note  # type: ignore[assignment, method-assign]

    def look(self) -> bool:
        """Let go of the files that no page has, and return whether there were any."""
        went = False
        for tab, files in list(self._manager.file_storage.items()):
            since = self._clock() - self._times.get(tab, -CLAIM_SECONDS)
            if tab in self._arriving or since < CLAIM_SECONDS:
                continue
            for file in set(files) - self._claims.get(tab, set()):
                self._manager.remove_file(tab, file)
                went = True
            if not files and not self._is_open(tab):
                self._manager.remove_session_files(tab)
        self._forget_removed()
        for tab in {*self._times, *self._claims}.difference(self._manager.file_storage):
            if tab not in self._arriving:
                self._times.pop(tab, None)
                self._claims.pop(tab, None)
        return went

    @contextmanager
    def _count(self, scope: Scope, receive: Receive) -> Iterator[Receive]:
        """Yield what receives a request, and counts it if it is an upload."""
        put = scope["type"] == "http" and scope["method"] == "PUT"
        upload = _PATH.fullmatch(scope["path"]) if put else None
        if upload is None:
            yield receive
            return
        tab, file = upload.groups()
        headers = dict(scope["headers"])
        length = headers.get(b"content-length", b"")
        # No browser names one, and in some a file's name decodes to what no page can show.
        has_charset = b"charset" in headers.get(b"content-type", b"").lower()
        left, done = int(length) if length.isdigit() else 0, 0
        path_bytes = len(scope["path"])

        async def receive_some() -> Message:
            nonlocal left, done
            if has_charset:
                raise HTTPException(400, "Expected an upload without a charset")
            message = await receive()
            size = len(message.get("body", b""))
            if not done or done // MB < (done + size) // MB:  # each megabyte anew: it takes a while
                self._check(tab, file, max(size, left))
            left, done = left - size, done + size
            self._arriving[tab] += size
            self._times[tab] = self._clock()
            return message

        self._arriving[tab] += path_bytes  # also without a byte of the file, something arrives
        self._times[tab] = self._clock()
        try:
            yield receive_some
        finally:
            if file in self._manager.file_storage.get(tab, {}):
                with self._lock:
                    self._stored.setdefault(tab, {})[file] = path_bytes + done + _OBJECTS
            self._arriving[tab] -= path_bytes + done
            self._arriving += Counter()  # forgets who has nothing
            if not self._is_open(tab):  # which may be gone for good, and nobody looks after it
                self._claims.get(tab, set()).discard(file)

    def _check(self, tab: str, file: str, coming: int) -> None:
        """Raise an `HTTPException` for the uploader if there is no room for `coming` bytes."""
        files = self._manager.file_storage.get(tab, {})
        free = self._free()
        refusal = self._refusal(tab, coming)
        if refusal:
            self._forget_removed()
            refusal = self._refusal(tab, coming)
        if len(files) >= self._max_files and file not in files:
            refusal = 413, "This tab has too many files that its page has not taken yet"
        if not refusal and free is not None and coming > free - _SPARE:
            refusal = 503, _NO_ROOM
        if refusal:
            log_event("upload_refused", reason="memory")
            status, reason = refusal
            raise HTTPException(status, f"{reason}. Try again in a minute.")

    def _refusal(self, tab: str, coming: int) -> tuple[int, str] | None:
        """Return the status and the reason if a budget has no room for `coming` bytes."""
        with self._lock:
            of_tab = sum(self._stored.get(tab, {}).values()) + self._arriving[tab]
            of_all = sum(sum(files.values()) for files in self._stored.values())
        if of_tab + coming > self._most_of_tab:
            return 413, "This tab has too much that its page has not taken yet"
        if of_all + self._arriving.total() + coming > self._most:
            return 503, _NO_ROOM
        return None

    def _forget_removed(self) -> None:
        """Stop counting files that have been removed since they came."""
        with self._lock:
            for tab, sizes in list(self._stored.items()):
                files = self._manager.file_storage.get(tab, {})
                left = {file: size for file, size in sizes.items() if file in files}
                if left:
                    self._stored[tab] = left
                else:
                    del self._stored[tab]


def bound_uploads() -> None:
    """Bound the memory of all uploads to this server, which has just started.

    Seen in Streamlit 1.67.0. Without it, who has a tab can fill the memory: nobody counts the
    files, and what no page shows stays until the tab is given up, or for good if it comes later
    than that. It can go when the manager of uploads has a budget. Where a newer version takes
    uploads in another way, nothing is counted.
    """
    manager = runtime.get_instance().uploaded_file_mgr
    if isinstance(manager, MemoryUploadedFileManager):  # another one has limits of its own
        try:
            most = MAX_UPLOADS_TOTAL_MB.number() * MB
        except ValueError:  # told on the first page, which takes nothing
            most = 0
        largest = config.get_option("server.maxUploadSize") * MB
        uploads = UploadMemory(manager, tab_is_open, most, largest, max_files=max_files())
        uploads.hold()
        CLEANUP.add(uploads.look)


#: Seconds that a busy server may take to get to it; after that it is asked again at the next look.
_PATIENCE_SECONDS = 60.0

#: Threads that were still making a page when its session was ended.
_busy: list[threading.Thread] = []


def forget_closed_tabs() -> bool:
    """End the sessions of tabs that were closed two minutes ago; return whether anything went.

    Streamlit keeps the session of a closed tab for two minutes, in case its connection was only
    lost. But it looks at the time only when the next visitor leaves, and even then it holds on to
    the last session, which is emptied here. Safe on any thread but Streamlit's own.

    Seen in Streamlit 1.67.0. Without it, what the last visitor of a day has uploaded is in the
    server's memory until somebody comes and goes on the next day: the loop that runs all scripts
    remembers the last session that it looked at, that its fragments with what they were called
    with, and on a busy server the thread that still makes its page what it works on. It can go when
    Streamlit does so by itself. Where a newer version keeps sessions in another way, nothing is
    done.
    """
    server = runtime.get_instance()
    try:
        cache = server._session_mgr._session_storage._cache  # type: ignore[attr-defined]
        loop, expire = server._get_async_objs().eventloop, cache.expire
    except AttributeError:
        return False

    done: Future[bool] = Future()

    def end() -> None:
        try:
            ended = expire()
            for _, info in ended:
                _end(info.session)
            done.set_result(bool(ended))
        except Exception as error:  # the cleanup logs it
            done.set_exception(error)

    try:
        loop.call_soon_threadsafe(end)
    except RuntimeError:  # the server has just ended
        return False
    ended = done.result(_PATIENCE_SECONDS)
    over = [thread for thread in _busy if not thread.is_alive()]
    for thread in over:
        _busy.remove(thread)
    return ended or bool(over)


def _end(session: Any) -> None:
    """End a session and let go of what it holds; note the threads that still make its page.

    Seen in Streamlit 1.67.0. Without it, see `forget_closed_tabs`. It can go when that goes.
    """
    for thread in threading.enumerate():
        context = getattr(thread, "streamlit_script_run_ctx", None)
        if getattr(context, "session_id", None) == session.id:
            _busy.append(thread)
    session.shutdown()
    for name in ("session_state", "_fragment_storage"):
        if (held := getattr(session, name, None)) is not None:
            held.clear()
    # Cleared, it still knows the callbacks of its widgets, and with them what they work on.
    if (state := getattr(session, "_session_state", None)) is not None:
        session._session_state = type(state)()


def end_on_hangup() -> None:
    """End this server on SIGHUP as on SIGTERM: a closed terminal must leave no recordings behind.

    Nothing changes where SIGHUP does not exist (Windows) or somebody handles or ignores it (nohup).

    Seen in Streamlit 1.67.0. Without it, SIGHUP killed the process at once, and the visitors'
    recordings stayed on the disk. It can go when Streamlit or uvicorn handles SIGHUP.
    """
    hangup = getattr(signal, "SIGHUP", None)
    if hangup is None or signal.getsignal(hangup) is not signal.SIG_DFL:
        return
    try:
        loop = runtime.get_instance()._get_async_objs().eventloop
    except AttributeError:
        return
    terminals = [handle for handle in (1, 2) if os.isatty(handle)]

    def end() -> None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for handle in terminals:  # closed ones: what Streamlit prints as it ends would fail
            os.dup2(nowhere, handle)
        signal.raise_signal(signal.SIGTERM)

    with contextlib.suppress(RuntimeError):  # the server has just ended
        loop.call_soon_threadsafe(loop.add_signal_handler, hangup, end)
