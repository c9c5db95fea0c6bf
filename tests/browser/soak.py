"""How the Live page holds out in a real browser: ``python -m tests.browser.soak``.

``--minutes 10`` lets one stream of 640×480 at 15 frames/s run, and prints how many frames were
analysed each second and what the server's memory did. ``--starts 30`` starts and stops as many
times in a row. Not a test: its figures are the machine's.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
import time
from pathlib import Path
from urllib.parse import urlparse

import numpy as np
import psutil
import skimage.data
from playwright.sync_api import Page, expect, sync_playwright

from tests.browser.conftest import CHROMIUM, FLAGS, WIDE
from tests.browser.fake_camera import write_film
from tests.browser.server import running_app
from tests.browser.test_live import press, start, stop

_MB = 1e6
_SAMPLE_SECONDS = 10.0


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=0.0)
    parser.add_argument("--starts", type=int, default=0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        face = np.ascontiguousarray(skimage.data.astronaut()[..., :3])
        film = write_film(Path(folder) / "face.y4m", face, (640, 480))
        camera = f"--use-file-for-fake-video-capture={film}"
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, camera])
        with running_app(Path(folder) / "log.txt", {"FER_ICE": "local"}) as url:
            page = browser.new_context(viewport=WIDE, permissions=["camera"]).new_page()
            page.set_default_timeout(60_000)
            expect.set_options(timeout=60_000)
            page.goto(f"{url}/live")
            if arguments.starts:
                _starts(page, arguments.starts)
            if arguments.minutes:
                _soak(page, _server(url), arguments.minutes)
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


def _server(url: str) -> psutil.Process:
    port = urlparse(url).port
    for connection in psutil.net_connections("tcp"):
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port:
            return psutil.Process(connection.pid)
    raise RuntimeError(f"nobody listens at {url}")


if __name__ == "__main__":
    main()
