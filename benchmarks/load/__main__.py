"""Visitors that upload, look around and stream, more and more of them, until answers get slow.

``python -m benchmarks.load [--visitors 5 10 20 30 40] [--streams 4] [--seconds 60] [--json]``
starts the app, lets cameras stream, and adds visitors step by step. It prints for each step how
long photographs and pages took (median and 95 %), how often each stream was analysed, what did not
work, and what the server used. It ends after the step in which photographs took too long.

Visitors are tabs without a browser, see `benchmarks.load.tab`; cameras play video that was encoded
before. Both share the machine's cores with the server. One stream more than there are places is
tried, too: it must be told so.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.hosting.photos import photos
from benchmarks.load.visitors import THINK_SECONDS, Noted, look_around, stream
from benchmarks.on_device.processes import memory_mb, seconds_of, server_of
from benchmarks.rtc_client import Client
from benchmarks.tables import machine, table
from tests.browser.server import running_app

RATE, SIZE = 15.0, (640, 480)

#: Seconds for a photograph within which 95 % must be, or the server is full.
SLOW_SECONDS = 3.0

#: Seconds that cameras take to connect, and networks to be loaded.
_SETTLE_SECONDS = 10.0


@dataclass(frozen=True)
class Step:
    """What was measured with so many visitors.

    Attributes:
        visitors: who look around and upload.
        photos: photographs that were answered, a minute.
        photo: seconds from the upload to the answer: median, and 95 %.
        page: seconds for a page: median, and 95 %.
        analysed: analyses a second of each stream.
        refused: polite refusals.
        errors: whatever else did not work.
        cores: processor seconds of the server, a second.
        memory_mb: memory of the server at the end, shared pages in parts.
    """

    visitors: int
    photos: float
    photo: tuple[float, float]
    page: tuple[float, float]
    analysed: list[float]
    refused: int
    errors: list[str]
    cores: float
    memory_mb: float


async def ramp(
    url: str, visitors: Sequence[int], streams: int, seconds: float
) -> AsyncIterator[Step]:
    """Add visitors step by step, and yield each step's figures."""
    noted, server = Noted(), server_of(url)
    pictures = photos()
    async with _streaming(url, streams, noted), asyncio.TaskGroup() as crowd:
        tasks: list[asyncio.Task[None]] = []
        for count in visitors:
            while len(tasks) < count:
                visit = look_around(url, pictures, noted, seed=len(tasks))
                tasks.append(crowd.create_task(visit))
            await asyncio.sleep(THINK_SECONDS)
            noted.forget()
            began, used = time.monotonic(), seconds_of(server)
            await asyncio.sleep(seconds)
            span = time.monotonic() - began
            cores = (seconds_of(server) - used) / span
            step = _step(noted, count, span, cores, memory_mb(server))
            yield step
            if step.errors or step.photo[1] > SLOW_SECONDS:
                break
        for task in tasks:
            task.cancel()


@asynccontextmanager
async def _streaming(url: str, streams: int, noted: Noted) -> AsyncIterator[None]:
    """Let cameras stream, and one more ask for a place."""
    clients = [Client(RATE, SIZE, encoded=True) for _ in range(streams + 1)]
    tasks = []
    for number, client in enumerate(clients):
        await asyncio.to_thread(client.wait)
        if number == streams:  # the others have their places by then
            await asyncio.sleep(_SETTLE_SECONDS)
        tasks.append(asyncio.create_task(stream(url, client, noted, number)))
    await asyncio.sleep(_SETTLE_SECONDS)
    yield
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for client in clients:
        client.close()


def _step(noted: Noted, visitors: int, span: float, cores: float, memory: float) -> Step:
    found = noted.waits.get("photo", [])
    pages = [wait for action, waits in noted.waits.items() if action != "photo" for wait in waits]
    return Step(
        visitors=visitors,
        photos=60 * len(found) / span,
        photo=_median_and_slow(found),
        page=_median_and_slow(pages),
        analysed=[float(np.median(rates)) for rates in noted.analysed.values()],
        refused=len(noted.refused),
        errors=list(noted.errors),
        cores=cores,
        memory_mb=memory,
    )


def _median_and_slow(seconds: list[float]) -> tuple[float, float]:
    if not seconds:
        return float("nan"), float("nan")
    median, slow = np.percentile(seconds, [50, 95])
    return float(median), float(slow)


def text(steps: Sequence[Step]) -> str:
    """Return the steps as a table."""
    header = ["visitors", "photos/min", "photo s", "95 %", "page s", "95 %", "analysed/s"]
    header += ["refused", "errors", "cores", "MB"]
    return table(
        header,
        [
            [
                str(step.visitors),
                f"{step.photos:.0f}",
                f"{step.photo[0]:.2f}",
                f"{step.photo[1]:.2f}",
                f"{step.page[0]:.2f}",
                f"{step.page[1]:.2f}",
                " ".join(f"{rate:.1f}" for rate in step.analysed),
                str(step.refused),
                str(len(step.errors)),
                f"{step.cores:.2f}",
                f"{step.memory_mb:.0f}",
            ]
            for step in steps
        ],
    )


async def _measure(arguments: argparse.Namespace, url: str) -> list[Step]:
    steps = []
    async for step in ramp(url, arguments.visitors, arguments.streams, arguments.seconds):
        steps.append(step)
        if not arguments.json:
            print(text([step]), *sorted(set(step.errors)), sep="\n", flush=True)
    return steps


def main() -> None:
    """Run the benchmark and print the results."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--visitors", type=int, nargs="+", default=[5, 10, 20, 30, 40])
    parser.add_argument("--streams", type=int, default=4, help="as many places there are")
    parser.add_argument("--seconds", type=float, default=60, help="of each step")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")
    arguments = parser.parse_args()
    settings = {"FER_ICE": "local", "FER_MAX_STREAMS": str(arguments.streams)}
    with TemporaryDirectory() as folder, running_app(Path(folder) / "log.txt", settings) as url:
        steps = asyncio.run(_measure(arguments, url))
    if arguments.json:
        print(json.dumps({"machine": machine(), "steps": [asdict(step) for step in steps]}))
    else:
        print(", ".join(f"{name} {value}" for name, value in machine().items()))


if __name__ == "__main__":
    main()
