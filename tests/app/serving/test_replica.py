"""Who is sent elsewhere, and what a signal does, without a server."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Callable, Iterator

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import Message, Scope

from app.serving.drain import Drain
from app.serving.replica import READY_PATH, Doorkeeper, begins_visit, ending, ready_route
from tests import loops

Get = Callable[..., tuple[int, str]]


def asked(path: str, query: str = "", method: str = "GET", kind: str = "http") -> Scope:
    return {"type": kind, "path": path, "query_string": query.encode(), "method": method}


@pytest.mark.parametrize(
    ("scope", "begins"),
    [
        (asked("/"), True),
        (asked("/live"), True),
        (asked("/live", "live=server"), True),
        (asked("/live", "session="), True),
        (asked("/", method="HEAD"), True),
        (asked("/live", "session=key"), False),
        (asked("/_stcore/health"), False),
        (asked("/_stcore/upload_file/1/2", method="PUT"), False),
        (asked("/media/1.csv"), False),
        (asked("/static/index.js"), False),
        (asked(READY_PATH), False),
        (asked("/_stcore/stream", kind="websocket"), False),
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
    door = Doorkeeper(Starlette(routes=[ready_route(drain), page]), drain)

    def answer(path: str, query: str = "") -> tuple[int, str]:
        sent: list[Message] = []

        async def send(message: Message) -> None:
            sent.append(message)

        async def receive() -> Message:
            return {"type": "http.request"}

        loops.run(door(asked(path, query) | {"headers": []}, receive, send))
        return sent[0]["status"], sent[1]["body"].decode()

    return answer


def test_before_its_end_a_server_answers_everybody(get: Get, drain: Drain) -> None:
    assert get("/") == (200, "the page")
    status, said = get(READY_PATH)
    assert (status, json.loads(said)) == (200, {"server": drain.server, "secondsLeft": None})


def test_while_it_ends_newcomers_go_elsewhere_and_the_others_stay(get: Get, drain: Drain) -> None:
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


def test_it_ends_when_nobody_is_there(drain: Drain, ended: list[int]) -> None:
    async def serve() -> None:
        async with ending(None, seconds=3600, drain=drain):
            signal.raise_signal(signal.SIGTERM)
            await asyncio.wait_for(_until(ended), 60)

    loops.run(serve())
    assert drain.draining


def test_without_time_to_wait_it_ends_at_once(drain: Drain, ended: list[int]) -> None:
    async def serve() -> None:
        async with ending(None, seconds=0, drain=drain):
            signal.raise_signal(signal.SIGTERM)
            await asyncio.wait_for(_until(ended), 60)

    loops.run(serve())
    assert not drain.draining
