"""Draw the README's picture: `python -m tests.browser.screenshot docs/photo.png`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from PIL import Image as PillowImage
from playwright.sync_api import sync_playwright

from tests.browser.conftest import CHROMIUM, FLAGS
from tests.browser.server import running_app

#: As high as the page with the sample's result.
_SIZE = {"width": 1280, "height": 900}


def draw(target: Path) -> None:
    """Write a PNG of the page with the sample's result."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running_app(Path(folder) / "log.txt") as url,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport=_SIZE, color_scheme="light")  # type: ignore[arg-type]
        page.goto(url)
        page.get_by_role("button", name="Try it with a sample photo").click()
        page.locator(".js-plotly-plot .bartext").first.wait_for(state="attached")
        page.get_by_role("button", name="Marked picture (PNG)").wait_for()
        page.wait_for_load_state("networkidle")
        target.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=target, animations="disabled")
        browser.close()
    with PillowImage.open(target) as shot:
        _small(shot.convert("RGB")).save(target, optimize=True)


def _small(shot: PillowImage.Image) -> PillowImage.Image:
    """Reduce to 256 colours, as a README needs no more bytes than that."""
    # The octree keeps the small coloured marks; a median cut gives all colours to the photo.
    return shot.quantize(
        256, method=PillowImage.Quantize.FASTOCTREE, dither=PillowImage.Dither.NONE
    )


if __name__ == "__main__":
    draw(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/photo.png"))
