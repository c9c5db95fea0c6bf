"""A real browser and a real server. Without Chromium these tests are skipped, but never in CI."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from fer.types import Image
from tests.browser.fake_camera import write_film
from tests.browser.server import running_app

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))

#: The camera shows a moving pattern, and is granted without a question.
FLAGS = ["--no-sandbox", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]

WIDE = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}

#: Milliseconds. Nothing here depends on speed, and the machine may be busy.
PATIENCE = 120_000
expect.set_options(timeout=PATIENCE)

Launch = Callable[..., Browser]

#: The browser tests that run by default; all others of this folder are marked `full`.
SMOKE = Path(__file__).with_name("test_smoke.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if SMOKE.parent in item.path.parents and item.path != SMOKE:
            item.add_marker(pytest.mark.full)


@pytest.fixture(scope="session")
def launch() -> Iterator[Launch]:
    """Start Chromium with these flags; it is closed at the end."""
    if not CHROMIUM.exists():
        reason = f"{CHROMIUM} is missing: install Chromium, or name it in CHROMIUM"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        started = []

        def start(*flags: str) -> Browser:
            started.append(playwright.chromium.launch(executable_path=CHROMIUM, args=[*flags]))
            return started[-1]

        yield start
        for chromium in started:
            chromium.close()


@pytest.fixture(scope="session")
def browser(launch: Launch) -> Browser:
    """Chromium with a fake camera."""
    return launch(*FLAGS)


@pytest.fixture(scope="session")
def app_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the app, with the model that ships."""
    log = tmp_path_factory.mktemp("server") / "log.txt"
    with running_app(log, {"FER_ICE": "local"}) as url:  # streams on this machine only
        yield url


@pytest.fixture(scope="session")
def actress(launch: Launch, astronaut: Image, tmp_path_factory: pytest.TempPathFactory) -> Browser:
    """Chromium whose camera shows one face that moves, leaves and returns."""
    film = write_film(tmp_path_factory.mktemp("film") / "face.y4m", astronaut)
    return launch(*FLAGS, f"--use-file-for-fake-video-capture={film}")


Visit = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser, app_url: str) -> Iterator[Visit]:
    """Open a page of the app in a fresh session; options are those of a browser context."""
    contexts = []

    def open_page(path: str = "", **options: object) -> Page:
        context = browser.new_context(**({"viewport": WIDE} | options))  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.goto(f"{app_url}/{path}")
        return page

    yield open_page
    for context in contexts:
        context.close()


def wait_until(holds: Callable[[], bool], what: str) -> None:
    """Wait until this is so; fail with these words if it never is."""
    end = time.monotonic() + PATIENCE / 1000
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.05)  # between two looks at the condition


def until_made(page: Page) -> None:
    """Wait until the server has nothing left to send to a page."""
    expect(page.get_by_test_id("stApp")).to_have_attribute(
        "data-test-script-state", "notRunning", timeout=PATIENCE
    )


def widest(page: Page, parts: str) -> float:
    """Return how far to the right, in CSS pixels, the parts of a page reach.

    Args:
        page: the page.
        parts: CSS selector of the parts.
    """
    return page.evaluate(
        """parts => Math.max(...[...document.querySelectorAll(parts)]
            .map((element) => element.getBoundingClientRect().right))""",
        parts,
    )


def follow(page: Page, name: str, *, tap: bool = False) -> None:
    """Follow a link to another page."""
    link = page.get_by_role("link", name=name)
    link.tap() if tap else link.click()
    expect(page).to_have_title(f"{name} · FER Lens")
