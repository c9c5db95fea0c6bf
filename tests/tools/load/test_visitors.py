"""Visitors without a browser at the real app: they see what visitors see, and note their waits."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks.hosting.photos import photos
from benchmarks.load import visitors
from benchmarks.load.__main__ import Step, text
from benchmarks.load.tab import VisitError, open_tab
from benchmarks.load.visitors import Noted, look_around, stream
from benchmarks.rtc_client import Client
from tests import loops
from tests.browser.server import running_app

PATIENCE = 120


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    log = Path(tmp_path_factory.mktemp("load")) / "log.txt"
    with running_app(log, {"FER_ICE": "local", "FER_MAX_STREAMS": "1"}) as address:
        yield address


async def until(come: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not come():
            await asyncio.sleep(0.1)


def test_visitors_look_around_and_get_their_answers(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visitors, "THINK_SECONDS", 0.1)
    noted = Noted()

    async def visit() -> None:
        task = asyncio.create_task(look_around(url, photos()[:1], noted, seed=1))
        await until(lambda: noted.errors or {"photo", "dashboard"} <= noted.waits.keys())
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    loops.run(visit())
    assert noted.errors == []
    assert min(noted.waits["photo"]) > 0


def test_a_stream_is_analysed_and_one_too_many_is_refused(url: str) -> None:
    noted = Noted()

    async def visit() -> None:
        clients = [Client(15.0, (640, 480), encoded=True) for _ in range(2)]
        tasks = []
        try:
            for number, client in enumerate(clients):
                await asyncio.to_thread(client.wait)
                tasks.append(asyncio.create_task(stream(url, client, noted, number)))
                await until(lambda: noted.errors or noted.analysed)
            await until(lambda: noted.errors or noted.refused)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for client in clients:
                client.close()

    loops.run(visit())
    assert noted.errors == []
    assert [*noted.analysed] == [0]
    assert noted.refused == ["no place for a stream"]


def test_what_the_server_refuses_is_an_error(url: str) -> None:
    async def ask() -> None:
        async with open_tab(url) as tab:
            await tab.get("/media/nothing.png")

    with pytest.raises(VisitError, match="GET media: 404"):
        loops.run(ask())


def test_steps_are_a_table() -> None:
    nan = float("nan")
    assert len(text([]).splitlines()) == 2
    quiet = Step(0, 0, (nan, nan), (nan, nan), [], 0, [], 0, 0)
    busy = Step(20, 31.4, (0.5, 2.25), (0.1, 0.2), [9.7, 10.0], 1, ["a"], 1.5, 400)
    first, second = text([quiet, busy]).splitlines()[2:]
    assert "nan" in first
    words = "20 31 0.50 2.25 0.10 0.20 9.7 10.0 1 1 1.50 400"
    assert second.split() == words.split()
