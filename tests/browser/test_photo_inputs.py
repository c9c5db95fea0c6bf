"""How photographs reach the Photo page in a real browser: chosen, pasted, refused, removed."""

import re
from pathlib import Path

import pytest
from PIL import Image as PillowImage
from playwright.sync_api import Page, Route, expect

from app.photos.inputs import MAX_UPLOAD_MB, SAMPLE
from tests.browser.conftest import PHONE, Visit, follow

TOUCH = {"viewport": PHONE, "has_touch": True, "is_mobile": True}


def choose(page: Page, *files: Path) -> None:
    page.locator("input[type=file]").set_input_files(list(files))


def copy_picture(page: Page, side: int) -> None:
    """Put a black square on the clipboard."""
    page.evaluate(
        """async (side) => {
            const canvas = Object.assign(document.createElement("canvas"),
                                         { width: side, height: side });
            canvas.getContext("2d").fillRect(0, 0, side, side);
            const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
            await navigator.clipboard.write([new ClipboardItem({ "image/png": blob })]);
        }""",
        side,
    )


def test_an_uploader_that_comes_late_is_watched_all_the_same(visit: Visit, app_url: str) -> None:
    page = visit("about")
    held: list[Route] = []

    def hold(script: Route) -> None:
        held.append(script)

    page.route("**/FileUploader*.js", hold)
    page.goto(app_url)
    expect(page.get_by_text("Drop photos on it, or paste")).to_be_visible()  # its helper is there
    expect(page.locator("input[type=file]")).to_have_count(0)
    for script in held:
        script.continue_()
    expect(page.locator("input[type=file]")).to_have_attribute("accept", re.compile("image"))


@pytest.mark.parametrize("focus", ["page", "uploader"])
def test_a_pasted_picture_is_added_once(visit: Visit, focus: str) -> None:
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    expect(page.get_by_role("button", name="Try it with a sample photo")).to_be_visible()
    if focus == "uploader":
        page.get_by_role("button", name="Upload", exact=True).focus()
    copy_picture(page, 64)
    page.keyboard.press("Control+V")
    expect(page.get_by_text("64 × 64 pixels")).to_be_visible()
    expect(page.get_by_test_id("stFileChip")).to_have_count(0)
    copy_picture(page, 80)
    page.keyboard.press("Control+V")
    expect(page.get_by_text("All photos")).to_be_visible()
    expect(page.get_by_role("button", name="Remove", exact=True)).to_have_count(2)


def test_a_file_that_is_too_large_is_refused_in_words(visit: Visit, tmp_path: Path) -> None:
    large = tmp_path / "holiday.jpg"
    with large.open("wb") as file:
        file.truncate((MAX_UPLOAD_MB + 10) * 1024 * 1024)
    page = visit(**TOUCH)
    expect(page.get_by_role("button", name="Try it with a sample photo")).to_be_visible()
    choose(page, large, SAMPLE)
    expect(page.get_by_text("holiday.jpg was not uploaded. File must be 64")).to_be_visible()
    expect(page.get_by_role("img", name="Thumbnail of sample.jpg")).to_be_visible()
    expect(page.get_by_test_id("stFileChip").filter(visible=True)).to_have_count(0)


def test_other_files_are_judged_by_the_page(visit: Visit, tmp_path: Path) -> None:
    notes, wave = tmp_path / "notes.pdf", tmp_path / "wave.gif"
    notes.write_bytes(b"%PDF-1.7 these are notes")
    with PillowImage.open(SAMPLE) as sample:
        frames = [sample.convert("P"), sample.convert("L").convert("P")]
    frames[0].save(wave, save_all=True, append_images=frames[1:])
    page = visit()
    expect(page.get_by_role("button", name="Try it with a sample photo")).to_be_visible()
    choose(page, notes)
    expect(page.get_by_text("notes.pdf is not an image that can be read")).to_be_visible()
    choose(page, wave)
    expect(page.get_by_text("An animation: its first picture was read.")).to_be_visible()


def test_the_uploader_hands_its_files_over_and_the_server_forgets_them(visit: Visit) -> None:
    page = visit()
    deleted = []
    page.on("request", lambda r: deleted.append(r.url) if r.method == "DELETE" else None)
    expect(page.get_by_role("button", name="Try it with a sample photo")).to_be_visible()
    choose(page, SAMPLE)
    expect(page.get_by_role("button", name="Marked picture (PNG)")).to_be_visible()
    expect(page.get_by_test_id("stFileChip")).to_have_count(0)
    assert len(deleted) == 1
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.get_by_role("button", name="Try it with a sample photo")).to_be_visible()
    choose(page, SAMPLE)
    expect(page.get_by_role("button", name="Marked picture (PNG)")).to_be_visible()


@pytest.mark.parametrize("touch", [False, True])
def test_pasting_is_spoken_of_where_there_are_keys(visit: Visit, touch: bool) -> None:
    page = visit(**(TOUCH if touch else {}))
    expect(page.get_by_text("No photo at hand?")).to_be_visible()
    hint = page.get_by_text("paste one anywhere")
    expect(hint).to_have_count(1)
    expect(hint).to_be_visible(visible=not touch)
    uploader = page.get_by_test_id("stFileUploader")
    expect(uploader).not_to_contain_text("paste")
    expect(uploader).not_to_contain_text("rop")


def test_photos_results_head_and_choice_last_over_a_visit_to_another_page(visit: Visit) -> None:
    page = visit()
    expect(page.get_by_role("button", name="Try it with a sample photo")).to_be_visible()
    choose(page, SAMPLE)
    face = page.get_by_role("group", name="Faces in the picture").get_by_role("button")
    face.click()
    page.get_by_text("What most people would say (FER+)").first.click()
    expect(page.get_by_role("figure", name="contempt")).to_be_visible()
    for other, heading in (("About", "About FER Lens"), ("Live", "Read expressions live")):
        follow(page, other)
        expect(page.get_by_role("heading", name=heading)).to_be_visible()
        follow(page, "Photo")
        expect(page.get_by_role("heading", name="sample.jpg")).to_be_visible()
        expect(page.get_by_role("figure", name="contempt")).to_be_visible()
        expect(face).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.get_by_role("button", name="Try it with a sample photo")).to_be_visible()
