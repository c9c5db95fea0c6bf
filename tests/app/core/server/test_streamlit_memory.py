"""Uploads, and sessions of closed tabs, with Streamlit's own places for them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import nullcontext
from types import SimpleNamespace

import pytest
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartParser
from starlette.types import Message
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.memory_session_storage import MemorySessionStorage
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner_utils.script_run_context import (
    ScriptRunContext,
    add_script_run_ctx,
)
from streamlit.web.server.starlette import starlette_routes
from streamlit.web.server.starlette.starlette_routes import create_upload_routes

from app.core.budget import MB
from app.core.server.streamlit_memory import (
    CLAIM_SECONDS,
    UploadMemory,
    bound_uploads,
    forget_closed_tabs,
    hold_uploads,
)
from tests import loops
from tests.app.samples import Clock

Serve = Callable[[object], None]

LIMIT = 3 * 2**20
HEADERS = Headers({"content-type": "multipart/form-data; boundary=x"})
BEGIN = b'--x\r\nContent-Disposition: form-data; name="f"; filename="a.png"\r\n\r\n'


@pytest.mark.parametrize(("size", "in_file"), [(LIMIT, False), (LIMIT + 1, True)])
def test_uploads_in_memory(monkeypatch: pytest.MonkeyPatch, size: int, *, in_file: bool) -> None:
    monkeypatch.setattr(MultiPartParser, "spool_max_size", 0)  # as before after the test

    async def body() -> AsyncIterator[bytes]:
        yield BEGIN
        for start in range(0, size, 2**16):
            yield bytes(min(2**16, size - start))
        yield b"\r\n--x--\r\n"

    hold_uploads(LIMIT)
    form = loops.run(MultiPartParser(HEADERS, body()).parse())
    assert (form["f"].size, form["f"].file._rolled) == (size, in_file)
    form["f"].file.close()


class Site:
    """Streamlit's own place for uploads, as two tabs use it.

    A tab may have 66 MB and five files, both together 100 MB.
    """

    def __init__(self, clock: Clock) -> None:
        class App(Starlette): ...

        class Session(AppSession):
            def __init__(self, tab: str) -> None:
                self.id = tab

            def __del__(self) -> None:
                pass  # nothing was connected

            def handle_backmsg(self, msg: BackMsg) -> None:
                pass

        self.open, self.free = {"a", "b"}, 1000 * MB
        self.files = MemoryUploadedFileManager("/_stcore/upload_file")
        self.memory = UploadMemory(
            self.files,
            self.open.__contains__,
            100 * MB,
            2 * MB,
            lambda: self.free,
            clock,
            max_files=5,
        )
        self.memory.hold(App, Session)
        self.memory.hold(App, Session)  # which changes nothing
        runtime = SimpleNamespace(is_active_session=self.open.__contains__)
        self.app = App(routes=create_upload_routes(runtime, self.files, ""))  # type: ignore[arg-type]
        self.session = Session

    def put(
        self, tab: str, name: str, megabytes: int, *,
        declared: bool = True, meanwhile: Callable[[], object] = lambda: None,
        begin: bytes = BEGIN, charset: str = "",
    ) -> tuple[int, int]:  # fmt: skip
        """Upload a file, and return the answer's status and the megabytes that were taken in."""
        pieces = [begin, *[bytes(MB)] * megabytes, b"\r\n--x--\r\n"]
        length = str(sum(map(len, pieces))).encode()
        head = [(b"content-type", (HEADERS["content-type"] + charset).encode())]
        sent: list[Message] = []
        taken = 0

        async def receive() -> Message:
            nonlocal taken
            meanwhile()
            piece = pieces.pop(0)
            taken += len(piece)
            return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

        async def send(message: Message) -> None:
            sent.append(message)

        path, known = f"/_stcore/upload_file/{tab}/{name}", [(b"content-length", length)] * declared
        scope = {"type": "http", "method": "PUT", "path": path, "query_string": b""}
        loops.run(self.app(scope | {"headers": head + known}, receive, send))
        return sent[0]["status"], taken // MB

    def say(self, tab: str, *names: str) -> None:
        message = BackMsg()
        widget = message.rerun_script.widget_states.widgets.add(id="uploader")
        for name in names:
            widget.file_uploader_state_value.uploaded_file_info.add(file_id=name)
        self.session(tab).handle_backmsg(message)

    def kept(self, tab: str) -> set[str]:
        return set(self.files.file_storage.get(tab, {}))


@pytest.fixture
def site(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Site:
    # Another test holds these. The size of the largest upload is not what ends one here.
    monkeypatch.setattr(starlette_routes, "is_xsrf_enabled", lambda: False)
    return Site(clock)


@pytest.mark.parametrize(("setting", "taken"), [("0", 0), ("many", 0), ("7", 7), ("", 1000)])
def test_all_uploads_have_what_is_set(
    streamlit_server: Serve, monkeypatch: pytest.MonkeyPatch, setting: str, taken: int
) -> None:
    monkeypatch.setenv("FER_MAX_UPLOADS_TOTAL_MB", setting)
    monkeypatch.setattr(UploadMemory, "hold", lambda memory: bounds.append(memory._most))
    bounds: list[int] = []
    for manager in (object(), MemoryUploadedFileManager("/upload")):  # another has its own limits
        streamlit_server(SimpleNamespace(uploaded_file_mgr=manager))
        bound_uploads()
    assert bounds == [taken * MB]


@pytest.mark.parametrize("declared", [True, False])
def test_a_tab_gets_no_more_in_than_its_budget(site: Site, *, declared: bool) -> None:
    assert site.put("a", "1", 40, declared=declared) == (204, 40)
    # It ends when it is too much; where its size is told before, at once.
    assert site.put("a", "2", 40, declared=declared) == (413, 0 if declared else 26)
    assert site.put("a", "3", 20, declared=declared) == (204, 20)
    assert site.kept("a") == {"1", "3"}


@pytest.mark.parametrize(
    ("coming", "free", "status"),
    [(66 * MB, 1000 * MB, None), (66 * MB + 1, 1000 * MB, 413),
     (60 * MB, 160 * MB, None), (60 * MB, 160 * MB - 1, 503)],
)  # fmt: skip
def test_a_limit_can_be_reached(site: Site, coming: int, free: int, status: int | None) -> None:
    site.free = free
    with pytest.raises(HTTPException) if status else nullcontext() as refusal:
        site.memory._check("a", "file", coming)
    assert (refusal.value.status_code if refusal else None) == status


@pytest.mark.parametrize(("tab", "megabytes"), [("a", 1), ("b", 35)])
def test_names_and_ids_count(site: Site, tab: str, megabytes: int) -> None:
    long = "x" * MB
    for number in range(4):
        assert site.put("a", f"{number}{long}", 15) == (204, 15)
    # 60 MB of files and 4 MB of ids, of 66 MB in this tab and 100 MB in all.
    assert site.put(tab, f"5{long}", megabytes)[0] in {413, 503}
    site.files.remove_file("a", f"0{long}")
    assert site.put(tab, f"5{long}", megabytes)[0] == 204, "what is gone counts no more"


def test_a_tab_has_so_many_files(site: Site) -> None:
    answers = [site.put("a", str(number), 0)[0] for number in range(7)]
    assert answers == [204] * 5 + [413] * 2
    assert site.put("a", "4", 0)[0] == 204, "the same one again"
    assert site.put("b", "5", 0)[0] == 204, "each tab by itself"
    site.files.remove_file("a", "0")
    assert site.put("a", "5", 0)[0] == 204


@pytest.mark.parametrize(
    ("name", "charset", "status"),
    [
        (b"a.png", "", 204),
        ("ä.png".encode(), "", 204),
        (b"\xed\xa0\x80.png", "", 204),
        (b"\\ud800.png", "; charset=unicode_escape", 400),
        (b"\\ud800.png", '; Charset="unicode_escape"', 400),
        (b"+2AA-.png", "; charset=utf-7", 400),
    ],
)
def test_every_name_can_be_shown(site: Site, name: bytes, charset: str, status: int) -> None:
    begin = BEGIN.replace(b"a.png", name)
    assert site.put("a", "1", 0, begin=begin, charset=charset)[0] == status
    for file in site.files.file_storage.get("a", {}).values():
        file.name.encode()


def test_an_upload_that_is_broken_off_is_no_fault(site: Site) -> None:
    messages: list[Message] = [
        {"type": "http.request", "body": BEGIN, "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: Message) -> None:
        pass

    head = [(b"content-type", HEADERS["content-type"].encode())]
    scope = {"type": "http", "method": "PUT", "path": "/_stcore/upload_file/a/1"}
    loops.run(site.app(scope | {"query_string": b"", "headers": head}, receive, send))
    assert (site.kept("a"), site.memory._arriving.total()) == (set(), 0)


def test_what_still_arrives_counts(site: Site) -> None:
    answers: list[tuple[int, int]] = []

    def other() -> None:
        if site.memory._arriving["a"] >= 50 * MB and not answers:
            answers.append((0, 0))
            answers.append(site.put("b", "1", 60))

    assert site.put("a", "1", 60, meanwhile=other)[0] == 204
    assert answers[1] == (503, 0)
    assert site.put("b", "1", 60) == (503, 0)
    assert site.put("b", "2", 30)[0] == 204, "what has ended counts once"


def test_where_memory_ends_an_upload_ends(site: Site) -> None:
    def fill() -> None:
        site.free -= 10 * MB

    site.free = 300 * MB
    status, taken = site.put("a", "1", 60, meanwhile=fill)
    assert (status, 0 < taken < 25) == (503, True)


def test_what_no_page_has_goes(site: Site, clock: Clock) -> None:
    assert site.put("a", "1", 1)[0] == site.put("a", "2", 1)[0] == site.put("b", "3", 1)[0] == 204
    site.say("a", "1", "nonsense")
    site.say("b", "1")
    clock.seconds += CLAIM_SECONDS - 1
    assert not site.memory.look()
    clock.seconds += 1
    assert site.memory.look()
    assert site.kept("a") == {"1"}
    assert site.kept("b") == set()
    clock.seconds += 3600
    assert not site.memory.look()
    site.say("a")
    assert site.memory.look()
    assert site.kept("a") == set()


def test_one_of_several_files_waits_for_the_last(site: Site, clock: Clock) -> None:
    def slowly() -> None:
        clock.seconds += CLAIM_SECONDS
        assert not site.memory.look()

    assert site.put("a", "1", 1)[0] == site.put("a", "2", 1, meanwhile=slowly)[0] == 204
    site.say("a", "1", "2")
    clock.seconds += CLAIM_SECONDS
    assert not site.memory.look()
    assert site.kept("a") == {"1", "2"}


def test_what_comes_when_its_tab_has_been_given_up_goes(site: Site, clock: Clock) -> None:
    def end() -> None:
        site.open.discard("a")
        site.files.remove_session_files("a")

    assert site.put("a", "1", 1)[0] == 204
    site.say("a", "1")
    assert site.put("a", "1", 1, meanwhile=end)[0] == 204
    assert site.kept("a") == {"1"}
    clock.seconds += CLAIM_SECONDS
    assert site.memory.look()
    assert "a" not in site.files.file_storage


class Session:
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


@pytest.mark.parametrize("over", [False, True])
def test_sessions_go_on_streamlits_thread(
    streamlit_server: Serve, loop: asyncio.AbstractEventLoop, over: bool
) -> None:
    storage = MemorySessionStorage(ttl_seconds=0 if over else 1000)
    session = Session("a")
    storage.save(SimpleNamespace(session=session))  # type: ignore[arg-type]
    streamlit_server(server_with(storage, loop))
    assert forget_closed_tabs() is over
    assert session.ended_on == ("streamlit" if over else "")
    assert (not session.session_state, not session._fragment_storage) == (over, over)
    assert not forget_closed_tabs()


def test_a_page_that_is_made_goes(streamlit_server: Serve, loop: asyncio.AbstractEventLoop) -> None:
    storage = MemorySessionStorage(ttl_seconds=0)
    storage.save(SimpleNamespace(session=Session("a")))  # type: ignore[arg-type]
    streamlit_server(server_with(storage, loop))
    made = threading.Event()
    threads = [threading.Thread(target=made.wait, args=(60,)) for _ in range(2)]
    for thread, tab in zip(threads, "ab", strict=True):
        context = object.__new__(ScriptRunContext)
        context.session_id = tab
        add_script_run_ctx(thread, context)  # as one that makes the page of the tab
        thread.start()
    assert forget_closed_tabs()
    assert not forget_closed_tabs()  # it is still being made
    made.set()
    for thread in threads:
        thread.join()
    assert forget_closed_tabs()
    assert not forget_closed_tabs()


def test_an_ended_or_other_server_is_left_alone(streamlit_server: Serve) -> None:
    ended = asyncio.new_event_loop()
    ended.close()
    for server in (SimpleNamespace(), server_with(MemorySessionStorage(), ended)):
        streamlit_server(server)
        assert not forget_closed_tabs()
