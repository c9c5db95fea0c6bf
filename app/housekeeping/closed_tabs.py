"""What Streamlit keeps of tabs that were closed."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import Any

from streamlit import runtime

#: Seconds that a busy server may take to get to it; after that it is asked again at the next look.
_PATIENCE_SECONDS = 60.0

#: Threads that were still making a page when its session was ended.
_busy: list[threading.Thread] = []


def forget_closed_tabs() -> bool:
    """End the sessions of tabs that were closed two minutes ago.

    Streamlit keeps the session of a closed tab for two minutes, in case its connection was only
    lost: its photographs, uploads, and the files of its page. But it looks at the time only when
    the next visitor leaves. Even then it holds on to the last session, which is emptied here.

    Safe on any thread but Streamlit's own, on which the sessions are ended.

    Seen in Streamlit 1.67.0. Without it, what the last visitor of a day has uploaded is in the
    server's memory until somebody comes and goes on the next day. It can go when Streamlit does so
    by itself. Where a newer version keeps sessions in another way, nothing is done.

    Returns:
        Whether anything went: a session, or what a page that was still being made for one had put
        there since.
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
                _busy.extend(_threads_of(info.session))
                info.session.shutdown()
                _empty(info.session)
            done.set_result(bool(ended))
        except Exception as error:  # the janitor logs it
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


def _threads_of(session: Any) -> list[threading.Thread]:
    """Return the threads that make the page of a session.

    Seen in Streamlit 1.67.0. Without it, on a busy server, what a page was still working on when
    its tab was given up stays in memory as garbage until somebody comes. It can go when a session
    tells when its last script has ended.
    """

    def made_for(thread: threading.Thread) -> str | None:
        return getattr(getattr(thread, "streamlit_script_run_ctx", None), "session_id", None)

    return [thread for thread in threading.enumerate() if made_for(thread) == session.id]


def _empty(session: Any) -> None:
    """Let go of what a session holds.

    Seen in Streamlit 1.67.0. Without it, the last visitor's photographs are in the memory until the
    next one comes: the loop that runs all scripts remembers the last session that it looked at, and
    that its fragments with what they were called with. It can go when neither is so.
    """
    for name in ("session_state", "_fragment_storage"):
        if (held := getattr(session, name, None)) is not None:
            held.clear()
    # Cleared, it still knows the callbacks of its widgets, and with them what they work on.
    if (state := getattr(session, "_session_state", None)) is not None:
        session._session_state = type(state)()
