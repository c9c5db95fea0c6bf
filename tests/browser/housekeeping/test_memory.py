"""What a server holds of visitors when they have left, and how it fares with little of a core."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, expect

from app.core.settings import SAMPLE
from tests.browser import acts
from tests.browser.conftest import Forgetful, wait_until
from tests.browser.server import server_of
from tests.browser.servers.forgetful_streamlit import KINDS
from tests.browser.throttle import throttled
from tools.pictures import write_photos

#: Megabytes that no server may need for one visitor. The budget is 450, and
#: `tools.hosting` measures it; this is wide enough for any machine.
FAR_TOO_MUCH = 650


def test_nothing_is_left_of_photographs_and_sessions_when_their_tabs_are_closed(
    actress: Browser, forgetful: Forgetful, tmp_path: Path
) -> None:
    photos = write_photos(tmp_path)
    with acts.tab(actress, forgetful.url) as page:
        for _ in range(4):  # the last one has 24 megapixels
            acts.photograph(page, next(photos))
        wait_until(lambda: forgetful.census()["GallerySession"] > 0, "photographs are there")
    with acts.tab(actress, forgetful.url, acts.LIVE) as page:
        acts.stream(page)
        wait_until(lambda: forgetful.census()["LiveSession"] > 0, "a session is there")
    # Streamlit's loop refers to the last session, which is empty by then, until somebody comes.
    kinds = set(KINDS) - {"AppSession"}
    wait_until(
        lambda: not any(forgetful.census()[kind] for kind in kinds),
        "the server still holds objects",
    )  # though no other visitor has come
    assert forgetful.census()["mb"] < FAR_TOO_MUCH


def test_a_tenth_of_a_core_shows_pages_and_reads_photographs(
    browser: Browser, app_url: str
) -> None:
    with acts.tab(
        browser, app_url
    ) as page:  # networks are loaded, which takes a whole core seconds
        acts.photograph(page, SAMPLE)
    with throttled(server_of(app_url), 0.1), acts.tab(browser, app_url, "about") as page:
        acts.look_at(page, app_url, "dashboard")
        expect(page.get_by_role("heading", name="Dashboard").first).to_be_attached()
        acts.look_at(page, app_url, "")
        acts.photograph(page, SAMPLE)
        expect(page.get_by_text("1 face: ")).to_be_visible()
        expect(page.get_by_text("Connecting")).to_have_count(0)
