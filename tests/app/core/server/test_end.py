"""How a web server ends: while others are connected to it, and with notice."""

from __future__ import annotations

import asyncio
import inspect
import json
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlparse

import psutil
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from app.core.server import end as ends
from app.core.server.end import (
    READY_PATH,
    Drain,
    DrainMiddleware,
    at_end,
    begins_visit,
    end_in_time,
    ending,
    ready_route,
    tidy_up,
)
from tests import loops
from tests.app.samples import Clock
from tests.browser.server import running_app
from tests.fer.video.samples import even, write_clip
from tools.visitors import open_tab


async def never_answers(scope: Scope, receive: Receive, send: Send) -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize(("seconds", "limit"), [(1, None), (3600, 1)])
def test_no_answer_lasts(monkeypatch: pytest.MonkeyPatch, seconds: int, limit: int | None) -> None:
    monkeypatch.setattr(ends, "_tasks", [])

    class Server(uvicorn.Server):
        shutdown = inspect.unwrap(uvicorn.Server.shutdown)  # as it was in this process

        async def main_loop(self) -> None:
            visitor.connect(self.servers[0].sockets[0].getsockname())
            visitor.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            while not self.server_state.tasks:
                await asyncio.sleep(0.01)

    done: list[int] = []

    for task in (lambda: done.append(1), lambda: 1 // 0, lambda: done.append(2)):
        at_end(task)
    for _ in range(2):
        end_in_time(Server, seconds)
    config = uvicorn.Config(
        never_answers, port=0, lifespan="off", log_level="critical",
        timeout_graceful_shutdown=limit,
    )  # fmt: skip

    async def ended() -> None:
        server = Server(config)
        await asyncio.wait_for(server.serve(), 60)
        for connection in [*server.server_state.connections]:
            connection.transport.abort()
        await asyncio.sleep(0)

    with socket.socket() as visitor:
        loops.run(ended())
    assert done == [2, 1], "what is to be done at the end is, whatever fails"
    tidy_up()
    assert done == [2, 1], "once"


@pytest.fixture
def _hangups() -> Iterator[None]:
    """A server that a test starts gets SIGHUP, whatever started the tests."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("_hangups")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("entry", ["serve.py", "streamlit_app.py"])
def test_a_server_that_is_ended_by_a_signal_leaves_nothing(
    tmp_path: Path, entry: str, number: signal.Signals
) -> None:
    places, log = tmp_path / "temporary", tmp_path / "log.txt"
    places.mkdir()
    recording = write_clip(tmp_path / "clip.mp4", even(20, 10)).read_bytes()
    settings = {"FER_DRAIN_SECONDS": "0", "FER_ICE": "local", "TMPDIR": str(places)}
    with running_app(log, settings, entry=entry) as url:
        (server,) = (
            process
            for process in psutil.Process().children()
            if f"--server.port={urlparse(url).port}" in process.cmdline()
        )

        async def visit() -> None:
            async with open_tab(url) as tab:
                uploader = tab.element("file_uploader", lambda found: "video_file" in found.id)
                await tab.run("video")
                await tab.upload((await uploader).id, "clip.mp4", recording)
                while recording not in [file.read_bytes() for file in places.glob("*videos-*/*/*")]:
                    await asyncio.sleep(0.05)  # between two looks at the condition
                await tab.run("live")
                wanted = {"fer-lens-videos", "fer-lens-webrtc"}
                # The run that has ended may be the one that took the upload.
                while {"-".join(made.name.split("-")[:3]) for made in places.iterdir()} != wanted:
                    await asyncio.sleep(0.05)  # between two looks at the condition
                server.send_signal(number)
                while server.is_running() and server.status() != psutil.STATUS_ZOMBIE:
                    await asyncio.sleep(0.05)  # between two looks at the condition

        loops.run(visit())
    assert [*places.iterdir()] == []


def test_it_waits_for_who_is_there_and_not_longer_than_it_may(clock: Clock) -> None:
    drain = Drain(clock)
    assert drain.server != Drain().server
    clock.seconds += 1000
    assert (drain.draining, drain.seconds_left, drain.over) == (False, None, False)
    with drain.connection():
        drain.begin(60)
        clock.seconds += 59
        assert (drain.draining, drain.seconds_left, drain.over) == (True, 1, False)
        clock.seconds += 1
        assert (drain.seconds_left, drain.over) == (0, True)
    drain = Drain(clock)
    with drain.connection():
        drain.begin(60)
    clock.seconds += 9.9
    assert not drain.over  # a page that is reloaded
    with drain.connection():
        clock.seconds += 30
    assert not drain.over
    clock.seconds += 10
    assert drain.over


Get = Callable[..., tuple[int, str]]


def asked(path: str, query: str = "", method: str = "GET", kind: str = "http") -> Scope:
    return {"type": kind, "path": path, "query_string": query.encode(), "method": method}


@pytest.mark.parametrize(
    ("scope", "begins"),
    [
        (asked("/live", "live=server"), True),
        (asked("/live", "session="), True),
        (asked("/", method="HEAD"), True),
        (asked("/", method="PUT"), False),
        (asked("/live", "session=key"), False),
        (asked("/media/1.csv"), False),
        (asked(READY_PATH), False),
        (asked("/", kind="websocket"), False),
        ({"type": "lifespan"}, False),
    ],
)
def test_only_a_page_that_is_opened_begins_a_visit(scope: Scope, begins: bool) -> None:
    assert begins_visit(scope) is begins


@pytest.fixture
def drain() -> Drain:
    return Drain()


@pytest.fixture
def get(drain: Drain) -> Get:
    page = Route("/{name:path}", lambda request: PlainTextResponse("the page"))
    door = DrainMiddleware(Starlette(routes=[ready_route(drain), page]), drain)

    def answer(path: str, query: str = "") -> tuple[int, str]:
        sent: list[Message] = []

        async def send(message: Message) -> None:
            sent.append(message)

        async def receive() -> Message:
            return {"type": "http.request"}

        loops.run(door(asked(path, query) | {"headers": []}, receive, send))
        return sent[0]["status"], sent[1]["body"].decode()

    return answer


def test_the_beginning_of_a_server_counts_nobody(drain: Drain) -> None:
    counts = []

    async def app(*_: object) -> None:
        counts.append(drain._connections)

    for scope in ({"type": "lifespan"}, asked(READY_PATH), asked("/")):
        loops.run(DrainMiddleware(app, drain)(scope, never_answers, never_answers))
    assert counts == [0, 0, 1]


def test_while_it_ends_newcomers_go_elsewhere_and_the_others_stay(get: Get, drain: Drain) -> None:
    assert get("/") == (200, "the page")
    status, said = get(READY_PATH)
    assert (status, json.loads(said)) == (200, {"server": drain.server, "secondsLeft": None})
    drain.begin(60)
    status, said = get("/")
    assert status == 503
    assert "FER Lens is being updated" in said
    assert get("/live", "session=key") == (200, "the page")
    assert get("/media/1.csv") == (200, "the page")
    status, said = get(READY_PATH)
    assert status == 503
    assert 0 < json.loads(said)["secondsLeft"] <= 60


@pytest.fixture
def ended() -> Iterator[list[int]]:
    """The signals that came through to who really ends the server."""
    got: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: got.append(number))
    yield got
    signal.signal(signal.SIGTERM, before)


async def _until(said: list[int]) -> None:
    while not said:
        await asyncio.sleep(0.01)


def test_a_first_signal_drains_and_a_second_ends(drain: Drain, ended: list[int]) -> None:
    async def serve() -> None:
        async with ending(None, seconds=3600, drain=drain):
            with drain.connection():
                signal.raise_signal(signal.SIGTERM)
                while not drain.draining:
                    await asyncio.sleep(0.01)
                assert ended == []
                signal.raise_signal(signal.SIGTERM)
                await asyncio.wait_for(_until(ended), 60)

    assert not drain.ends_with_notice
    loops.run(serve())
    assert drain.ends_with_notice
    assert ended == [signal.SIGTERM]


@pytest.mark.parametrize("seconds", [3600, 0])
def test_it_ends_when_nobody_is_there(drain: Drain, ended: list[int], seconds: float) -> None:
    async def serve() -> None:
        async with ending(None, seconds=seconds, drain=drain):
            signal.raise_signal(signal.SIGTERM)
            await asyncio.wait_for(_until(ended), 60)

    loops.run(serve())
    assert drain.draining is bool(seconds)
