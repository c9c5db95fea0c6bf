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
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import psutil
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from fer.ondevice.wire import wire_layout
from fer.stream import FaceStream
from fer.types import Image
from tests.browser.conftest import CHROMIUM, FLAGS, WIDE
from tests.browser.fake_camera import RATE, write_frames
from tests.browser.server import running_app, server_of
from tools.pictures import moving_faces
from tools.report import MODEL, machine, seconds_of, table

SIZE = (640, 480)

#: Seconds of the film, which Chromium repeats.
_FILM_SECONDS = 4

#: Milliseconds within which whatever is waited for must come.
_PATIENCE = 120_000

#: Seconds after the start until all is as it stays, and between two samples of memory.
_SETTLE_SECONDS, _SAMPLE_SECONDS = 5.0, 5.0

#: How Chromium calls the threads of a page's workers.
_WORKER = "DedicatedWorker"

#: A running stream says how many faces are in view.
_IN_VIEW = "1 face in view"

#: Counts what the page's worker has analysed, and keeps what it last found, without touching it.
_WATCH = """(() => {
  const watched = { seen: 0, last: null };
  window.watched = watched;
  watched.sample = () => {
    const { width, height, faces, milliseconds, observation } = watched.last;
    return { width, height, faces, milliseconds, observation: [...new Uint8Array(observation)] };
  };
  window.Worker = class extends window.Worker {
    constructor(...options) {
      super(...options);
      this.addEventListener("message", ({ data }) => {
        if (data?.type !== "seen") return;
        watched.seen += 1;
        if (data.faces.some((face) => face.isFace)) watched.last = data;
      });
    }
  };
})();"""

#: Answers with canned results ten times a second, in the place of the page's worker.
_CANNED = Path(__file__).with_name("canned_worker.js")


@dataclass(frozen=True)
class Stage:
    """A server, and a browser whose camera shows one moving face.

    Attributes:
        url: address of the app.
        browser: has the camera.
        frames: what the camera shows, again and again.
    """

    url: str
    browser: Browser
    frames: list[Image]

    @contextmanager
    def visitor(self) -> Iterator[BrowserContext]:
        """Let somebody in who was never here before, until the end of the block."""
        context = self.browser.new_context(viewport=WIDE, permissions=["camera"])  # type: ignore[arg-type]
        context.set_default_timeout(_PATIENCE)
        yield context
        context.close()

    def live_page(self, visitor: BrowserContext, script: str = _WATCH) -> Page:
        """Open the Live page with a script before its own, for the visitor's own device."""
        page = visitor.new_page()
        page.add_init_script(script)
        page.goto(f"{self.url}/live")
        page.get_by_role("radio", name="On your device").click()
        page.get_by_role("button", name="Start", exact=True).wait_for()
        return page

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
    page.get_by_role("button", name="Start", exact=True).click()
    page.get_by_text(_IN_VIEW).wait_for()


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


def canned(sample: dict[str, Any]) -> str:
    """Return the script of a page that gets this result for every frame."""
    layout = wire_layout()
    places = {name: layout["header"][name][0] for name in ("number", "seconds")}
    places["evidence"] = layout["headerBytes"] + layout["face"]["evidence"][0]
    script = _CANNED.read_text(encoding="utf-8").replace("SAMPLE", json.dumps(sample))
    for name, place in places.items():
        script = script.replace(f"{name.upper()}_OFFSET", str(place))
    return script


class Tab:
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


def device_cost(stage: Stage, seconds: float) -> tuple[str, dict[str, Any]]:
    """Measure a page that analyses itself; return the figures as text, and what it found once."""
    with stage.visitor() as visitor:
        page = stage.live_page(visitor)
        idle, _ = stage.server_share([page], seconds)
        start(page)
        before = stream_ms(stage.frames)
        tab, began, seen = Tab(), time.monotonic(), int(page.evaluate("watched.seen"))
        used = np.array(tab.seconds())
        cores, _ = stage.server_share([page], seconds)
        frames = max(1, int(page.evaluate("watched.seen")) - seen)
        span = time.monotonic() - began
        worker, whole = 1000 * (np.array(tab.seconds()) - used) / frames
        sample, mb = page.evaluate("watched.sample()"), tab.mb()
    ours = (before + stream_ms(stage.frames)) / 2
    text = (
        f"{frames / span:.1f} analyses/s\nprocessor time of a frame: {worker:.1f} ms in the "
        f"worker, {whole:.1f} ms in the tab; FaceStream {ours:.1f} ms: {worker / ours:.1f} and "
        f"{whole / ours:.1f} times\ntab {mb:.0f} MB; server {cores:.1%} of a core, "
        f"{idle:.1%} before the start"
    )
    return text, sample


def growth(stage: Stage, minutes: float) -> str:
    """Let a page analyse for a long time, and return what became of its memory."""
    with stage.visitor() as visitor:
        page = stage.live_page(visitor)
        start(page)
        memory: list[float] = []
        tab, end = Tab(), time.monotonic() + 60 * minutes
        while time.monotonic() < end or not memory:
            page.wait_for_timeout(1000 * _SAMPLE_SECONDS)
            memory.append(tab.mb())
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
        contexts = [everybody.enter_context(stage.visitor()) for _ in range(visitors)]
        pages = [stage.live_page(context, canned(sample)) for context in contexts]
        for page in pages:
            start(page)
        rows.append(("on their own devices", visitors, *stage.server_share(pages, seconds)))
    with stage.visitor() as visitor:
        page = visitor.new_page()
        page.goto(f"{stage.url}/live")
        frame = page.frame_locator("iframe").first
        frame.get_by_role("button", name="Start", exact=True).click()
        page.get_by_text(_IN_VIEW).wait_for()
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
        set_up = Stage(url, browser, frames)
        text, sample = device_cost(set_up, arguments.seconds)
        print(text, flush=True)
        if arguments.memory_minutes:
            print(growth(set_up, arguments.memory_minutes), flush=True)
        if arguments.visitors:
            print(server_costs(set_up, arguments.visitors, sample, arguments.seconds))


if __name__ == "__main__":
    main()
