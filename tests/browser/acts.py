"""What visitors do, in a real browser, each act until the page shows what came of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PATIENCE, WIDE
from tests.browser.test_live import start, stop

#: Pages that show something without being asked.
QUIET_PAGES = ("dashboard", "about", "own_data")

#: The Live page, with the analysis on the server.
LIVE = "live?live=server"

#: The page of a visitor whose script has come to its end.
_IDLE = "[data-testid=stApp][data-test-script-state=notRunning]"


@contextmanager
def tab(browser: Browser, url: str, path: str = "", script: str = "") -> Iterator[Page]:
    """Open a page as a visitor who was never here, and close it at the end, as people do.

    A script is run before the page's own.
    """
    visitor = browser.new_context(viewport=WIDE, permissions=["camera"])  # type: ignore[arg-type]
    visitor.set_default_timeout(PATIENCE)
    page = visitor.new_page()
    page.add_init_script(script)
    look_at(page, url, path)
    yield page
    page.close()
    visitor.close()


def look_at(page: Page, url: str, path: str) -> None:
    """Go to a page of the app and wait until it is there."""
    page.goto(f"{url}/{path}")
    page.get_by_role("heading", level=1).first.wait_for()
    page.locator(_IDLE).wait_for()


def photograph(page: Page, file: Path) -> None:
    """Upload a photograph on the Photos page and wait for its face."""
    page.locator("input[type=file]:not([webkitdirectory])").first.set_input_files(file)
    picture = re.compile(f"(Thumbnail of )?{re.escape(file.name)}")
    page.get_by_role("img", name=picture).first.wait_for()
    page.locator(_IDLE).wait_for()


def sample_answered(page: Page) -> None:
    """Have the sample photograph answered on the Photos page."""
    page.get_by_role("button", name="Try it with a sample photo").click()
    expect(page.get_by_role("img", name="sample.jpg with 1 face marked")).to_be_visible()


def stream(page: Page, starts: int = 1) -> None:
    """Start and stop the camera on the Live page, which the server analyses."""
    for _ in range(starts):
        start(page)
        stop(page)


def watch_sample_video(page: Page) -> None:
    """Have the sample recording analysed on the Video page."""
    page.get_by_role("button", name="Try it with a sample video").click()
    page.get_by_text("Surest moments").wait_for()


def collect(page: Page, *files: Path) -> None:
    """Have photographs read on the Photos page as a set."""
    page.locator("input[type=file]:not([webkitdirectory])").first.set_input_files([*files])
    page.get_by_role("button", name="Everything (ZIP)").wait_for()
