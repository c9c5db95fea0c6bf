"""The Live page in a real browser that analyses on its own device: speed, cost, memory.

``python -m tools.on_device [--seconds 30] [--memory-minutes 10] [--visitors 10]`` opens the page in
Chromium with a film of one moving face as its camera, and prints how many frames a second are
analysed; the processor time of a frame there, and of the same film in `FaceStream` in the same
minute; the memory of the tab over ``--memory-minutes``; and what the server spends on the visitor,
on ``--visitors`` at a time, whose pages get canned results instead of analysing (so many browsers
do not fit one machine), and on one stream that it analyses itself.

The camera, the browser's drawing and the server share the machine's cores with the analysis.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
import psutil
from playwright.sync_api import Browser, Page, sync_playwright

from fer.ondevice.wire import wire_layout
from fer.stream import FaceStream
from fer.types import Image
from tests.browser import acts
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.browser.fake_camera import RATE, write_frames
from tests.browser.server import running_app, server_of
from tests.browser.test_live import start as start_on_the_server
from tools.pictures import moving_faces
from tools.report import MODEL, machine, seconds_of, table

SIZE = (640, 480)

#: Seconds of the film, which Chromium repeats.
_FILM_SECONDS = 4

#: Seconds after the start until all is as it stays, and between two samples of memory.
_SETTLE_SECONDS, _SAMPLE_SECONDS = 5.0, 5.0

#: How Chromium calls the threads of a page's workers.
_WORKER = "DedicatedWorker"

#: Scripts for pages: one counts what their worker has analysed and keeps what it last found, the
#: other answers with canned results ten times a second, in the place of the worker.
_WATCH, _CANNED = (
    Path(__file__).with_name(name).read_text(encoding="utf-8")
    for name in ("watched_worker.js", "canned_worker.js")
)


@contextmanager
def chromium() -> Iterator[tuple[Browser, list[Image]]]:
    """Launch a browser whose camera shows one moving face; yield both."""
    frames = moving_faces(1, SIZE, RATE * _FILM_SECONDS)
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        film = write_frames(Path(folder) / "face.y4m", frames, SIZE)
        flags = [*FLAGS, f"--use-file-for-fake-video-capture={film}"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser, frames
        browser.close()


@contextmanager
def app() -> Iterator[str]:
    """Run the app, and yield its address."""
    with (
        TemporaryDirectory() as folder,
        running_app(Path(folder) / "log.txt", {"FER_ICE": "local"}) as url,
    ):
        yield url


class Stage(NamedTuple):
    """Address of a server, and a browser whose camera shows some frames again and again."""

    url: str
    browser: Browser
    frames: list[Image]

    @contextmanager
    def live_page(self, script: str = _WATCH) -> Iterator[Page]:
        """Open the Live page for a visitor's own device, with a script before its own."""
        with acts.tab(self.browser, self.url, "live?live=device", script) as page:
            page.locator(".live").get_by_role("button", name="Start", exact=True).wait_for()
            yield page

    def server_share(self, pages: list[Page], seconds: float) -> tuple[float, float]:
        """Return the processor seconds a second of the server, and what pages say of their rate."""
        pages[0].wait_for_timeout(1000 * _SETTLE_SECONDS)
        server, began = server_of(self.url), time.monotonic()
        served = seconds_of(server)
        pages[0].wait_for_timeout(1000 * seconds)
        cores = (seconds_of(server) - served) / (time.monotonic() - began)
        metrics = [page.get_by_test_id("stMetricValue").all_inner_texts() for page in pages]
        # A page that got no time on this machine says nothing: it has not analysed.
        rates = [float(each[0].split("/")[0]) if each else 0.0 for each in metrics]
        return cores, float(np.median(rates))


def start(page: Page) -> None:
    """Start, and wait until the page says who is in view."""
    page.locator(".live").get_by_role("button", name="Start", exact=True).click()
    page.get_by_text("1 face in view").wait_for()


def canned(sample: dict[str, Any]) -> str:
    """Return the script of a page that gets this result for every frame."""
    layout = wire_layout()
    places = {name: layout["header"][name][0] for name in ("number", "seconds")}
    places["evidence"] = layout["headerBytes"] + layout["face"]["evidence"][0]
    script = _CANNED.replace("SAMPLE", json.dumps(sample))
    for name, place in places.items():
        script = script.replace(f"{name.upper()}_OFFSET", str(place))
    return script


class Renderer:
    """The process of a page that analyses, in a browser with no other page."""

    def __init__(self) -> None:
        pages = []
        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):  # it may have just ended
                if "--type=renderer" in process.cmdline() and self._workers(process.pid):
                    pages.append(process)
        self.process = max(pages, key=seconds_of)

    @staticmethod
    def _workers(pid: int) -> list[Path]:
        tasks = Path(f"/proc/{pid}/task").iterdir()
        return [task for task in tasks if _WORKER in (task / "comm").read_text()]

    def seconds(self) -> tuple[float, float]:
        """Return the processor time of the page's workers, and of all its process."""
        # The name, in brackets, may have spaces; user and system are the 14th and 15th value.
        stats = [
            (t / "stat").read_text().rsplit(")", 1)[1] for t in self._workers(self.process.pid)
        ]
        ticks = sum(int(value) for stat in stats for value in stat.split()[11:13])
        return ticks / 100, seconds_of(self.process)

    def mb(self) -> float:
        """Return its memory in MB, shared pages in parts."""
        return float(self.process.memory_full_info().pss / 1e6)


def stream_ms(frames: list[Image], count: int = 100) -> float:
    """Return the processor milliseconds of a frame in `FaceStream`, played at the camera's rate."""
    stream = FaceStream.load(MODEL)
    for number in range(2 * count):
        if number == count:  # the first calls of a network are slow
            began = time.process_time()
        stream(frames[number % len(frames)], number / RATE)
    return 1000 * (time.process_time() - began) / count


def device_cost(stage: Stage, seconds: float) -> dict[str, Any]:
    """Measure and print the costs of a page that analyses itself; return what it found once."""
    with stage.live_page() as page:
        idle, _ = stage.server_share([page], seconds)
        start(page)
        before = stream_ms(stage.frames)
        renderer, began, seen = Renderer(), time.monotonic(), int(page.evaluate("watched.seen"))
        used = np.array(renderer.seconds())
        cores, _ = stage.server_share([page], seconds)
        frames = max(1, int(page.evaluate("watched.seen")) - seen)
        span = time.monotonic() - began
        worker, whole = 1000 * (np.array(renderer.seconds()) - used) / frames
        sample, mb = page.evaluate("watched.sample()"), renderer.mb()
    ours = (before + stream_ms(stage.frames)) / 2
    print(
        f"{frames / span:.1f} analyses/s\nprocessor time of a frame: {worker:.1f} ms in the "
        f"worker, {whole:.1f} ms in the tab; FaceStream {ours:.1f} ms: {worker / ours:.1f} and "
        f"{whole / ours:.1f} times\ntab {mb:.0f} MB; server {cores:.1%} of a core, "
        f"{idle:.1%} before the start",
        flush=True,
    )
    return dict(sample)


def growth(stage: Stage, minutes: float) -> str:
    """Let a page analyse for a long time, and return what became of its memory."""
    with stage.live_page() as page:
        start(page)
        memory: list[float] = []
        renderer, end = Renderer(), time.monotonic() + 60 * minutes
        while time.monotonic() < end or not memory:
            page.wait_for_timeout(1000 * _SAMPLE_SECONDS)
            memory.append(renderer.mb())
    tenth = max(1, len(memory) // 10)
    second, last = np.median(memory[tenth : 2 * tenth] or memory), np.median(memory[-tenth:])
    return (
        f"{minutes:.0f} minutes: tab {second:.0f} MB in the second tenth, {last:.0f} MB in the last"
        f" ({last - second:+.0f}), {max(memory):.0f} MB at most"
    )


def server_costs(stage: Stage, visitors: int, sample: dict[str, Any], seconds: float) -> str:
    """Measure the server while devices send what they found, and while it analyses a stream."""
    rows = []
    with ExitStack() as everybody:
        pages = [everybody.enter_context(stage.live_page(canned(sample))) for _ in range(visitors)]
        for page in pages:
            start(page)
        rows.append(("on their own devices", visitors, *stage.server_share(pages, seconds)))
    with acts.tab(stage.browser, stage.url, acts.LIVE) as page:
        start_on_the_server(page)
        rows.append(("by the server", 1, *stage.server_share([page], seconds)))
    header = ["analysed", "visitors", "cores of the server", "each", "analyses/s each"]
    return table(
        header, [[w, str(n), f"{c:.2f}", f"{c / n:.1%}", f"{a:.1f}"] for w, n, c, a in rows]
    )


def main() -> None:
    """Run the benchmark and print the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30, help="of each measurement")
    parser.add_argument("--memory-minutes", type=float, default=10, help="0 for no long run")
    parser.add_argument("--visitors", type=int, default=10, help="0 for none")
    arguments = parser.parse_args()
    print(machine())
    with app() as url, chromium() as (browser, frames):
        stage = Stage(url, browser, frames)
        sample = device_cost(stage, arguments.seconds)
        if arguments.memory_minutes:
            print(growth(stage, arguments.memory_minutes), flush=True)
        if arguments.visitors:
            print(server_costs(stage, arguments.visitors, sample, arguments.seconds))


if __name__ == "__main__":
    main()
