"""How the Live page holds out in a real browser: ``python -m tests.browser.soak``.

``--minutes 10`` lets one stream of 640×480 at 15 frames/s run, and prints how many frames were
analysed each second and what the server's memory did. ``--starts 30`` starts and stops as many
times in a row. ``--pictures 30`` counts for so many seconds the different pictures that come back
to the page, and the longest time without a new one; ``--load 2`` lets as many processes burn CPU
meanwhile, and ``--slow 0.5`` makes each analysis so many seconds longer. Not a test:
its figures are the machine's.
"""

from __future__ import annotations

import argparse
import csv
import multiprocessing
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil
import skimage.data
from playwright.sync_api import Page, expect, sync_playwright

from fer.types import Image
from tests.browser.conftest import CHROMIUM, FLAGS, WIDE
from tests.browser.fake_camera import write_film
from tests.browser.server import running_app, server_of
from tests.browser.servers.slow_streamlit import SECONDS_VARIABLE
from tests.browser.test_live import frame, press, start, stop

_MB = 1e6
_SAMPLE_SECONDS = 10.0

#: Bits of the number that is painted into the top of each frame of the film, and the height of
#: their squares in pixels. The page mirrors the picture.
_BITS = 7
_SQUARE = 32

#: Collects when the page showed a frame, and the number in it, until ``window.pictures`` is read.
_WATCH = """([bits, square]) => {
    const video = document.querySelector("video");
    const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 480 });
    const context = canvas.getContext("2d", { willReadFrequently: true });
    window.pictures = [];
    const look = (now) => {
        context.drawImage(video, 0, 0, 640, 480);
        let number = 0;
        for (let bit = 0; bit < bits; bit++) {
            const x = 640 - (bit + 0.5) * square;
            number += (context.getImageData(x, square / 2, 1, 1).data[1] > 128) << bit;
        }
        window.pictures.push([now, number]);
        video.requestVideoFrameCallback(look);
    };
    video.requestVideoFrameCallback(look);
}"""


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=0.0)
    parser.add_argument("--starts", type=int, default=0)
    parser.add_argument("--pictures", type=float, default=0.0)
    parser.add_argument("--load", type=int, default=0)
    parser.add_argument("--slow", type=float, default=0.0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        face = np.ascontiguousarray(skimage.data.astronaut()[..., :3])
        film = write_film(Path(folder) / "face.y4m", face, (640, 480), _numbered)
        camera = f"--use-file-for-fake-video-capture={film}"
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, camera])
        settings = {"FER_ICE": "local", SECONDS_VARIABLE: str(arguments.slow)}
        module = "tests.browser.servers.slow_streamlit" if arguments.slow else "streamlit"
        with running_app(Path(folder) / "log.txt", settings, module) as url:
            page = browser.new_context(viewport=WIDE, permissions=["camera"]).new_page()
            page.set_default_timeout(60_000)
            expect.set_options(timeout=60_000)
            page.goto(f"{url}/live")
            if arguments.starts:
                _starts(page, arguments.starts)
            if arguments.pictures:
                with _load(arguments.load):
                    _pictures(page, arguments.pictures)
            if arguments.minutes:
                _soak(page, server_of(url), arguments.minutes)
        browser.close()


def _starts(page: Page, times: int) -> None:
    seconds = []
    for _ in range(times):
        began = time.monotonic()
        start(page)
        seconds.append(time.monotonic() - began)
        stop(page)
    print(
        f"{times} starts, all came up; until faces were counted: "
        f"median {np.median(seconds):.1f} s, longest {max(seconds):.1f} s"
    )


def _numbered(picture: Image, number: int) -> Image:
    """Paint a number's bits into the top of a picture, black or white."""
    for bit in range(_BITS):
        square = (slice(0, _SQUARE), slice(bit * _SQUARE, (bit + 1) * _SQUARE))
        picture[square] = 255 * (number >> bit & 1)
    return picture


def _burn() -> None:
    while True:
        pass


@contextmanager
def _load(processes: int) -> Iterator[None]:
    """Let processes burn CPU meanwhile."""
    burners = [multiprocessing.Process(target=_burn, daemon=True) for _ in range(processes)]
    for burner in burners:
        burner.start()
    yield
    for burner in burners:
        burner.kill()


def _pictures(page: Page, seconds: float) -> None:
    start(page)
    frame(page).evaluate(_WATCH, [_BITS, _SQUARE])
    page.wait_for_timeout(1000 * seconds)
    seen = np.array(frame(page).evaluate("window.pictures"))
    new = np.append(True, np.diff(seen[:, 1]) != 0)
    times = seen[new, 0] / 1000
    rows = page.get_by_text("/s received").first.inner_text()
    print(
        f"{seconds:.0f} s: {len(times) / (times[-1] - times[0]):.1f} new pictures/s on the page, "
        f"longest time without one {np.diff(times).max():.2f} s; the page says at the end: {rows}"
    )
    press(page, "Stop")


def _soak(page: Page, server: psutil.Process, minutes: float) -> None:
    start(page)
    began = time.monotonic()
    memory = []
    while time.monotonic() < began + 60 * minutes:
        page.wait_for_timeout(1000 * _SAMPLE_SECONDS)
        memory.append((time.monotonic() - began, server.memory_info().rss / _MB))
        print(f"{memory[-1][0]:6.0f} s  {memory[-1][1]:.1f} MB", flush=True)
    with page.expect_download() as file:
        press(page, "Stop")
        page.get_by_role("button", name="CSV", exact=True).click()
    with file.value.path().open(encoding="utf-8") as table:
        frames = sorted({float(row["seconds"]) for row in csv.DictReader(table)})
    span = frames[-1] - frames[0]
    each = np.bincount(np.array(frames, int) - int(frames[0]))[1:-1]
    later = [mb for seconds, mb in memory if seconds >= 60] or [memory[-1][1]]
    print(
        f"{span:.0f} s: {len(frames) / span:.1f} analysed frames/s; by second: "
        f"median {np.median(each):.0f}, 5 % below {np.percentile(each, 5):.0f}\n"
        f"memory after the first minute {later[0]:.1f} MB, at the end {later[-1]:.1f} MB, "
        f"most {max(later):.1f} MB ({later[-1] - later[0]:+.1f} MB)"
    )


if __name__ == "__main__":
    main()
