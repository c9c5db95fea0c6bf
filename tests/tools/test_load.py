"""Visitors without a browser at the real app: they see what visitors see, and note their waits."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests import loops
from tests.browser.server import running_app
from tools import load
from tools.load import HEADER, Noted, look_around, stream
from tools.pictures import uploads

PATIENCE = 120


async def until(come: Callable[[], object], *tasks: Awaitable[None]) -> None:
    """Let tasks run until something is so."""
    running = [asyncio.ensure_future(task) for task in tasks]
    async with asyncio.timeout(PATIENCE):
        while not come():
            await asyncio.sleep(0.1)
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


@pytest.mark.full
def test_visitors_get_their_answers_and_one_stream_too_many_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "THINK_SECONDS", 0.1)
    noted = Noted()

    async def visit(url: str) -> None:
        around = look_around(url, uploads()[:1], noted, seed=1)
        await until(lambda: noted.errors or {"photo", "dashboard"} <= noted.waits.keys(), around)
        first = asyncio.create_task(stream(url, noted, 0))
        await until(lambda: noted.errors or noted.analysed)
        await until(lambda: noted.errors or noted.refused, stream(url, noted, 1))
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)

    env = {"FER_ICE": "local", "FER_MAX_STREAMS": "1"}
    with running_app(tmp_path / "log.txt", env) as url:
        loops.run(visit(url))
    assert noted.errors == []
    assert min(noted.waits["photo"]) > 0
    assert [*noted.analysed] == [0]
    assert noted.refused == ["no place for a stream"]


def test_what_visitors_noted_is_a_row() -> None:
    quiet = Noted().row(0, 60, 0, 0)
    assert len(quiet) == len(HEADER)
    assert quiet[2] == "nan"
    waits = {"photo": [0.5] * 10 + [2.0], "about": [0.1], "video": [0.3]}
    busy = Noted(waits, ["no place"], ["a"], {0: [9.7], 1: [10.0, 11.0]})
    words = ["20", "22", "0.50", "1.25", "0.20", "0.29", "9.7 10.5", "1", "1", "1.50", "400"]
    assert busy.row(20, 30, 1.5, 400) == words
