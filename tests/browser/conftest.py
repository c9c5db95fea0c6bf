"""A real browser and a real server. Without Chromium these tests are skipped, but never in CI."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
def app_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """File for what the server of `app_url` says."""
    return tmp_path_factory.mktemp("server") / "log.txt"


@pytest.fixture(scope="session")
def app_url(app_log: Path) -> Iterator[str]:
    """Address of the app, with the model that ships."""
    with running_app(app_log, {"FER_ICE": "local"}) as url:  # streams on this machine only
        yield url


@pytest.fixture(scope="session")
def actress(launch: Launch, astronaut: Image, tmp_path_factory: pytest.TempPathFactory) -> Browser:
    """Chromium whose camera shows one face that moves, leaves and returns."""
    film = write_film(tmp_path_factory.mktemp("film") / "face.y4m", astronaut)
    return launch(*FLAGS, f"--use-file-for-fake-video-capture={film}")


Serve = Callable[..., str]


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """Run the app until the end of the module, with settings and options of `running_app`."""
    with ExitStack() as stack:

        def start(env: dict[str, str] | None = None, **options: Any) -> str:
            log = options.pop("log", None) or tmp_path_factory.mktemp("server") / "log.txt"
            usual = {} if "TURN_URLS" in (env or {}) else {"FER_ICE": "local"}
            env = usual | (env or {})
            return stack.enter_context(running_app(log, env, **options))

        yield start


@dataclass(frozen=True)
class Forgetful:
    """A server that soon forgets who has left: its address, and the folder of all that it writes.

    Once a second it writes down how many objects of visitors it has, and its megabytes.
    """

    url: str
    folder: Path

    def census(self) -> dict[str, float]:
        file = self.folder / "census.json"
        return dict(json.loads(file.read_text())) if file.exists() else {}


@pytest.fixture(scope="session")
def forgetful(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forgetful]:
    folder = tmp_path_factory.mktemp("private")
    env = {"TMPDIR": str(folder), "HOME": str(folder), "FER_ICE": "local"}
    env["FER_TEST_CENSUS"] = str(folder / "census.json")
    module = "tests.browser.servers.forgetful_streamlit"
    with running_app(folder / "log.txt", env, module) as url:
        yield Forgetful(url, folder)


Open = Callable[..., Page]


@pytest.fixture
def open_page() -> Iterator[Open]:
    """Open an address in a fresh session of a browser; options are those of a browser context."""
    contexts = []

    def open_in(browser: Browser, url: str = "", script: str = "", **options: Any) -> Page:
        context = browser.new_context(**{"viewport": WIDE, "permissions": ["camera"], **options})
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.add_init_script(script)
        if url:
            page.goto(url)
        return page

    yield open_in
    for context in contexts:
        # As visitors close tabs: a stream that is killed keeps its place for a while.
        for page in context.pages:
            page.close()
        context.close()


Visit = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser, app_url: str, open_page: Open) -> Visit:
    """Open a page of the app in a fresh session; options are those of a browser context."""
    return lambda path="", **options: open_page(browser, f"{app_url}/{path}", **options)


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
