"""Sessions of tabs that were closed, kept by Streamlit's own storage."""

import asyncio
import threading
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from streamlit import runtime
from streamlit.runtime.memory_session_storage import MemorySessionStorage
from streamlit.runtime.scriptrunner_utils.script_run_context import (
    ScriptRunContext,
    add_script_run_ctx,
)

from app.housekeeping.closed_tabs import forget_closed_tabs


class Session:
    """A session of Streamlit's, as its storage knows it."""

    def __init__(self, name: str) -> None:
        self.id, self.ended_on = name, ""
        self.session_state, self._fragment_storage = {"photo": 1}, {"fragment": 1}

    def shutdown(self) -> None:
        self.ended_on = threading.current_thread().name


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="streamlit")
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def server_with(storage: MemorySessionStorage, loop: asyncio.AbstractEventLoop) -> SimpleNamespace:
    return SimpleNamespace(
        _session_mgr=SimpleNamespace(_session_storage=storage),
        _get_async_objs=lambda: SimpleNamespace(eventloop=loop),
    )


def serve(monkeypatch: pytest.MonkeyPatch, server: object) -> None:
    monkeypatch.setattr(runtime, "get_instance", lambda: server)


@pytest.mark.parametrize("over", [False, True])
def test_sessions_go_when_their_time_is_over_on_streamlits_thread(
    monkeypatch: pytest.MonkeyPatch, loop: asyncio.AbstractEventLoop, over: bool
) -> None:
    storage = MemorySessionStorage(ttl_seconds=0 if over else 1000)
    session = Session("a")
    storage.save(SimpleNamespace(session=session))  # type: ignore[arg-type]
    serve(monkeypatch, server_with(storage, loop))
    assert forget_closed_tabs() is over
    assert session.ended_on == ("streamlit" if over else "")
    assert (not session.session_state, not session._fragment_storage) == (over, over)
    assert not forget_closed_tabs()


def test_a_page_that_is_still_being_made_goes_when_it_is(
    monkeypatch: pytest.MonkeyPatch, loop: asyncio.AbstractEventLoop
) -> None:
    storage = MemorySessionStorage(ttl_seconds=0)
    storage.save(SimpleNamespace(session=Session("a")))  # type: ignore[arg-type]
    serve(monkeypatch, server_with(storage, loop))
    made = threading.Event()
    threads = [threading.Thread(target=made.wait, args=(60,)) for _ in range(2)]
    for thread, tab in zip(threads, "ab", strict=True):
        set_context(thread, tab)
        thread.start()
    assert forget_closed_tabs()
    assert not forget_closed_tabs()  # it is still being made
    made.set()
    for thread in threads:
        thread.join()
    assert forget_closed_tabs()
    assert not forget_closed_tabs()


def set_context(thread: threading.Thread, tab: str) -> None:
    """Have a thread make the page of a tab, as Streamlit notes it."""
    context = object.__new__(ScriptRunContext)
    context.session_id = tab
    add_script_run_ctx(thread, context)


def test_a_server_that_keeps_them_in_another_way_is_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    serve(monkeypatch, SimpleNamespace(_session_mgr=SimpleNamespace()))
    assert not forget_closed_tabs()


def test_a_server_that_has_just_ended_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = asyncio.new_event_loop()
    ended.close()
    serve(monkeypatch, server_with(MemorySessionStorage(), ended))
    assert not forget_closed_tabs()
