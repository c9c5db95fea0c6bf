"""The app, and Chromium with a film as its camera, for `benchmarks.on_device`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    ViewportSize,
    sync_playwright,
)

from benchmarks.scenes import moving_faces
from fer.ondevice.wire import wire_layout
from fer.types import Image
from tests.browser.conftest import CHROMIUM, FLAGS, WIDE
from tests.browser.fake_camera import RATE, write_frames
from tests.browser.server import running_app

SIZE = (640, 480)

#: Seconds of the film, which Chromium repeats.
_SECONDS = 4

#: Milliseconds within which whatever is waited for must come.
_PATIENCE = 120_000

_HERE = Path(__file__).parent
_WATCH = (_HERE / "watch.js").read_text(encoding="utf-8")
_VISITOR = (_HERE / "visitor.js").read_text(encoding="utf-8")

#: A running stream says how many faces are in view.
IN_VIEW = "1 face in view"


@dataclass(frozen=True)
class Stage:
    """A server, a browser, and a camera that shows one moving face.

    Attributes:
        url: address of the app.
        browser: has the camera.
        frames: what the camera shows, again and again.
    """

    url: str
    browser: Browser
    frames: list[Image]

    def visitor(self) -> BrowserContext:
        """Return a visitor who was never here before."""
        size: ViewportSize = {"width": WIDE["width"], "height": WIDE["height"]}
        context = self.browser.new_context(viewport=size, permissions=["camera"])
        context.set_default_timeout(_PATIENCE)
        return context

    def open(self, visitor: BrowserContext, script: str = _WATCH) -> Page:
        """Open the Live page, and let the visitor's own device analyse."""
        page = visitor.new_page()
        page.add_init_script(script)
        page.goto(f"{self.url}/live")
        page.get_by_role("radio", name="On your device").click()
        page.get_by_role("button", name="Start", exact=True).wait_for()
        return page

    def canned(self, visitor: BrowserContext, sample: dict[str, Any]) -> Page:
        """Open the page with canned results in the place of the analysis."""
        script = _VISITOR.replace("SAMPLE", json.dumps(sample))
        layout = wire_layout()
        places = {name: layout["header"][name][0] for name in ("number", "seconds")}
        places["evidence"] = layout["headerBytes"] + layout["face"]["evidence"][0]
        for name, place in places.items():
            script = script.replace(f"{name.upper()}_OFFSET", str(place))
        return self.open(visitor, script)


@contextmanager
def stage() -> Iterator[Stage]:
    """Set a stage, and clear it away at the end."""
    frames = moving_faces(1, SIZE, RATE * _SECONDS)
    with (
        TemporaryDirectory() as name,
        running_app(Path(name) / "log.txt", {"FER_ICE": "local"}) as url,
        sync_playwright() as playwright,
    ):
        film = write_frames(Path(name) / "face.y4m", frames, SIZE)
        flags = [*FLAGS, f"--use-file-for-fake-video-capture={film}"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield Stage(url, browser, frames)
        browser.close()


def start(page: Page) -> None:
    """Start, and wait until the page says who is in view."""
    page.get_by_role("button", name="Start", exact=True).click()
    page.get_by_text(IN_VIEW).wait_for()
