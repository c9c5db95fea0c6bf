"""Pages stay usable on a server that gets a tenth of a core."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, expect

from app.core.paths import SAMPLE
from tests.browser import acts
from tests.browser.server import running_app, server_of
from tests.browser.throttle import throttled


def test_a_tenth_of_a_core_shows_pages_and_reads_photographs(
    browser: Browser, tmp_path: Path
) -> None:
    with running_app(tmp_path / "log.txt", {"FER_ICE": "local"}) as url:
        with acts.tab(
            browser, url
        ) as page:  # networks are loaded, which takes a whole core seconds
            acts.photograph(page, SAMPLE)
        with throttled(server_of(url), 0.1), acts.tab(browser, url, "about") as page:
            acts.look_at(page, url, "dashboard")
            expect(page.get_by_role("heading", name="Dashboard").first).to_be_attached()
            acts.look_at(page, url, "")
            acts.photograph(page, SAMPLE)
            expect(page.get_by_text("1 face: ")).to_be_visible()
            expect(page.get_by_text("Connecting")).to_have_count(0)
