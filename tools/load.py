"""Visitors that upload, look around and stream, more and more of them, until answers get slow.

``python -m tools.load [--visitors 5 10 20 30 40] [--streams 4] [--seconds 60]`` starts the app,
lets cameras stream, and adds visitors step by step. It prints for each how long photographs and
pages took (median and 95 %), how often each stream was analysed, what did not work, and what the
server used. It ends after the step in which photographs took too long.

Visitors are tabs without a browser, and cameras play video that was encoded before; see
`tools.visitors`. Both share the machine's cores with the server. One stream more than there are
places is tried, too: it must be refused.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from streamlit.proto.Element_pb2 import Element

from tests.browser.server import running_app, server_of
from tools.pictures import uploads
from tools.report import machine, seconds_of, table
from tools.visitors import Tab, VisitError, call, encoded_film, open_tab

#: Mean seconds that people look at what they see, before they do something else.
THINK_SECONDS = 20.0

#: What people do, and how often; and after how many acts they open a new tab.
ACTIONS, ACTS_OF_A_TAB = {"photo": 5, "dashboard": 3, "about": 1, "video": 1}, 4

#: Seconds for a photograph within which 95 % must be, or the server is full.
SLOW_SECONDS = 3.0

#: Seconds that cameras take to connect, and networks to be loaded.
_SETTLE_SECONDS = 10.0

_FRONTEND, _UPLOADER = "live_video:frontend", "photo_files"

HEADER = ["visitors", "photos/min", "photo s", "95 %", "page s", "95 %", "analysed/s", "refused"]
HEADER += ["errors", "cores", "MB"]


@dataclass
class Noted:
    """What visitors noted: seconds for each thing done, polite refusals, and what did not work.

    ``analysed`` are the analyses a second that each stream's page said, by the stream's number.
    """

    waits: dict[str, list[float]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    analysed: dict[int, list[float]] = field(default_factory=dict)

    def hear(self, element: Element, number: int = 0) -> None:
        """Note the tracebacks that a page shows, and the rate of a stream."""
        if element.WhichOneof("type") == "exception":
            self.errors.append(f"on the page: {element.exception.type}")
        elif element.WhichOneof("type") == "metric" and element.metric.label == "Analysed":
            rate = float(element.metric.body.removesuffix("/s"))
            self.analysed.setdefault(number, []).append(rate)

    def row(self, visitors: int, span: float, cores: float, megabytes: float) -> list[str]:
        """Return a row of the table about a time in seconds."""
        photos = self.waits.get("photo", [])
        pages = [wait for act, waits in self.waits.items() if act != "photo" for wait in waits]
        times = [v for found in (photos, pages) for v in np.percentile(found or [np.nan], [50, 95])]
        rates = " ".join(f"{np.median(rates):.1f}" for rates in self.analysed.values())
        return [
            *(f"{visitors}", f"{60 * len(photos) / span:.0f}", *(f"{s:.2f}" for s in times), rates),
            *(f"{len(self.refused)}", f"{len(self.errors)}", f"{cores:.2f}", f"{megabytes:.0f}"),
        ]


async def look_around(url: str, photos: list[bytes], noted: Noted, seed: int) -> None:
    """Look around and upload photographs, until cancelled; the seed says what is done, and when.

    A little is added to each photograph, so that none was seen before.
    """
    choose = random.Random(seed)
    await asyncio.sleep(choose.uniform(0, THINK_SECONDS))
    while True:
        action, since = "first page", time.monotonic()
        try:
            async with open_tab(url) as tab:
                tab.heard = noted.hear
                noted.waits.setdefault(action, []).append(time.monotonic() - since)
                for number in range(ACTS_OF_A_TAB):
                    pause = choose.expovariate(1 / THINK_SECONDS)
                    await asyncio.sleep(min(pause, 4 * THINK_SECONDS))
                    (action,) = choose.choices([*ACTIONS], [*ACTIONS.values()])
                    since = time.monotonic()
                    if action == "photo":
                        photo = choose.choice(photos) + choose.randbytes(8)
                        since = await _photograph(tab, f"{seed}-{number}.jpg", photo)
                    else:
                        await tab.run(action)
                    noted.waits.setdefault(action, []).append(time.monotonic() - since)
        except (VisitError, OSError, TimeoutError, KeyError) as error:
            noted.errors.append(f"{action}: {type(error).__name__} {error}")
            await asyncio.sleep(THINK_SECONDS)


async def _photograph(tab: Tab, name: str, content: bytes) -> float:
    """Upload a photograph, see its answer, and return when the upload began."""
    uploader = tab.element("file_uploader", lambda found: _UPLOADER in found.id)
    await tab.run("")
    widget = (await uploader).id
    answer = tab.element("imgs", lambda found: any(name in image.alt for image in found.imgs))
    since = time.monotonic()
    await tab.upload(widget, name, content)
    await tab.get((await answer).imgs[0].url)
    return since


async def stream(url: str, noted: Noted, number: int) -> None:
    """Let a camera be analysed on the Live page, until cancelled."""
    try:
        packets = await asyncio.to_thread(encoded_film)
        async with open_tab(url) as tab:
            tab.heard = lambda element: noted.hear(element, number)
            video = tab.element("component_instance", lambda found: _FRONTEND in found.id)
            await tab.run("live")
            if not video.done():  # the page offers the visitor's own device, and says why
                video.cancel()
                noted.refused.append("no place for a stream")
                return
            widget = (await video).id

            async def answer(offer: str) -> str:
                """Start the camera, as the component's script does."""
                came = tab.element("component_instance", _answered)
                sdp = {"sdp": offer, "type": "offer"}
                await tab.use(widget, "json_value", json.dumps({"playing": True, "sdpOffer": sdp}))
                return str(json.loads(_answered(await came))["sdp"])

            async with call(packets, answer):
                await tab.use(widget, "json_value", json.dumps({"playing": True}))
                await asyncio.Event().wait()
    except (VisitError, OSError, TimeoutError) as error:
        noted.errors.append(f"stream: {type(error).__name__} {error}")


def _answered(found: Any) -> Any:
    return json.loads(found.json_args)["sdp_answer_json"] if _FRONTEND in found.id else None


async def ramp(url: str, visitors: Sequence[int], streams: int, seconds: float) -> None:
    """Let cameras stream, and one more ask for a place; add visitors, and print each step."""
    noted, server, photos = Noted(), server_of(url), uploads()
    async with asyncio.TaskGroup() as crowd:
        tasks = [crowd.create_task(stream(url, noted, number)) for number in range(streams)]
        await asyncio.sleep(_SETTLE_SECONDS)
        tasks.append(crowd.create_task(stream(url, noted, streams)))
        await asyncio.sleep(_SETTLE_SECONDS)
        so_far = 0
        for count in visitors:
            new = range(so_far, count)
            tasks += [crowd.create_task(look_around(url, photos, noted, seed)) for seed in new]
            so_far = count
            await asyncio.sleep(THINK_SECONDS)
            noted.waits, noted.errors, noted.analysed = {}, [], {}
            began, used = time.monotonic(), seconds_of(server)
            await asyncio.sleep(seconds)
            span = time.monotonic() - began
            cores = (seconds_of(server) - used) / span
            row = noted.row(count, span, cores, server.memory_full_info().pss / 1e6)
            print(table(HEADER, [row]), *sorted(set(noted.errors)), sep="\n", flush=True)
            waits = noted.waits.get("photo", [0.0])
            if noted.errors or np.percentile(waits, 95) > SLOW_SECONDS:
                break
        for task in tasks:
            task.cancel()


def main() -> None:
    """Run the benchmark and print the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visitors", type=int, nargs="+", default=[5, 10, 20, 30, 40])
    parser.add_argument("--streams", type=int, default=4, help="as many places there are")
    parser.add_argument("--seconds", type=float, default=60, help="of each step")
    arguments = parser.parse_args()
    print(machine())
    settings = {"FER_ICE": "local", "FER_MAX_STREAMS": str(arguments.streams)}
    with TemporaryDirectory() as folder, running_app(Path(folder) / "log.txt", settings) as url:
        asyncio.run(ramp(url, **vars(arguments)))


if __name__ == "__main__":
    main()
