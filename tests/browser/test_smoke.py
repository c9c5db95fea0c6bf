"""Each page once, in a real browser, on one server: what runs by default.

All else that only a browser shows is marked `full` by the conftest beside this.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.core.settings import SAMPLE
from tests.app.dashboard.samples import TABS
from tests.browser.conftest import Open, Visit
from tests.browser.test_dashboard import open_folds
from tests.browser.test_video import write_clip


@pytest.fixture(autouse=True)
def _quiet_log(app_url: str, app_log: Path) -> Iterator[None]:
    """Nothing that a visitor does here makes the server log a warning or an error."""
    before = app_log.stat().st_size
    yield
    said = app_log.read_bytes()[before:].decode(errors="replace")
    # Streamlit's format of a record names no level; its words at the start have no date.
    records = re.findall(r"^(?:\d{4}-\d\d-\d\d .*|Traceback.*)", said, re.MULTILINE)
    assert not [record for record in records if "server started" not in record], said


def put(page: Page, *files: Path) -> None:
    page.locator("input[type=file]:not([webkitdirectory])").first.set_input_files(files)


def test_a_photo_becomes_a_card(visit: Visit) -> None:
    page = visit()
    put(page, SAMPLE)
    expect(page.get_by_role("img", name=f"{SAMPLE.name} with 1 face marked")).to_be_visible()
    expect(page.get_by_role("heading", name="1 face: ")).to_be_visible()
    expect(page.get_by_role("figure", name="Bar chart of face 1")).to_be_visible()


def test_the_camera_over_the_server(actress: Browser, app_url: str, open_page: Open) -> None:
    page = open_page(actress, f"{app_url}/live?live=server")
    part = page.frame_locator("iframe[title*=webrtc]")
    part.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_text(re.compile("[1-9] faces? in view")).first).to_be_visible()
    part.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_role("heading", name="This session")).to_be_visible()


def test_the_camera_on_the_device(actress: Browser, app_url: str, open_page: Open) -> None:
    page = open_page(actress, f"{app_url}/live?live=device")
    page.locator(".live").get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_text(re.compile("[1-9] faces? in view")).first).to_be_visible()
    page.locator(".live").get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_role("heading", name="This session")).to_be_visible()


def test_a_recording(visit: Visit, tmp_path: Path) -> None:
    page = visit("video")
    expect(page.get_by_role("button", name="Try it with a sample video")).to_be_visible()
    put(page, write_clip(tmp_path / "holiday.mp4", "libx264"))
    expect(page.get_by_role("button", name="All files (ZIP)")).to_be_visible()
    expect(page.get_by_text("Surest moments")).to_be_visible()


def test_many_photos_last_over_a_reload(visit: Visit, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "holiday.zip", "w") as archive:
        for number in range(6):
            archive.write(SAMPLE, f"{number}.jpg")
        archive.writestr("broken.jpg", b"no picture")
    page = visit("")
    put(page, tmp_path / "holiday.zip")
    tiles = page.get_by_role("group", name="Photos").locator(".tile")
    expect(tiles).to_have_count(7)
    expect(page.get_by_role("button", name="Everything (ZIP)")).to_be_visible()
    page.reload()
    expect(tiles).to_have_count(7)


def test_a_face_is_labelled(visit: Visit) -> None:
    page = visit("own_data")
    put(page, SAMPLE)
    expect(page.get_by_text("FER Lens says happy")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator(".count")).to_contain_text("1 of 1 labelled")
    page.get_by_role("button", name="See how good it is").click()
    expect(page.get_by_role("button", name="Figures (JSON)")).to_be_visible()


def test_every_fold_of_the_dashboard_with_the_shipped_model(visit: Visit) -> None:
    page = visit("dashboard")
    expect(page.get_by_role("figure", name="Confusion matrix")).to_be_visible()
    for tab in TABS:
        open_folds(page, tab)
    expect(page.get_by_text("Training 1 of ")).to_be_visible()
