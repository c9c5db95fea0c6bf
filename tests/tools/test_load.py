"""Visitors without a browser at the real app: they see what visitors see, and note their waits."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import loops
from tests.browser.server import running_app
from tools import load
from tools.load import HEADER, Noted, look_around, stream
from tools.pictures import uploads
from tools.visitors import Client, VisitError, open_tab

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


@pytest.mark.full
def test_visitors_look_around_and_get_their_answers(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "THINK_SECONDS", 0.1)
    noted = Noted()

    async def visit() -> None:
        task = asyncio.create_task(look_around(url, uploads()[:1], noted, seed=1))
        await until(lambda: noted.errors or {"photo", "dashboard"} <= noted.waits.keys())
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    loops.run(visit())
    assert noted.errors == []
    assert min(noted.waits["photo"]) > 0


@pytest.mark.full
def test_a_stream_is_analysed_and_one_too_many_is_refused(url: str) -> None:
    noted = Noted()

    async def visit() -> None:
        clients = [Client() for _ in range(2)]
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


@pytest.mark.full
def test_what_the_server_refuses_is_an_error(url: str) -> None:
    async def ask() -> None:
        async with open_tab(url) as tab:
            await tab.get("/media/nothing.png")

    with pytest.raises(VisitError, match="GET media: 404"):
        loops.run(ask())


def test_what_visitors_noted_is_a_row() -> None:
    quiet = Noted().row(0, 60, 0, 0)
    assert len(quiet) == len(HEADER)
    assert quiet[2] == "nan"
    waits = {"photo": [0.5] * 10 + [2.0], "about": [0.1], "video": [0.3]}
    busy = Noted(waits, ["no place"], ["a"], {0: [9.7], 1: [10.0, 11.0]})
    words = ["20", "22", "0.50", "1.25", "0.20", "0.29", "9.7 10.5", "1", "1", "1.50", "400"]
    assert busy.row(20, 30, 1.5, 400) == words
