"""The Photo page in a real browser, with the model that ships."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image as PillowImage
from playwright.sync_api import Page, expect

from app.photos.inputs import SAMPLE
from tests.browser.conftest import PHONE, WIDE, Visit, widest


def open_sample(page: Page) -> Page:
    page.get_by_role("button", name="Try it with a sample photo").click()
    expect(page.get_by_role("button", name="Marked picture (PNG)")).to_be_visible()
    return page


@pytest.fixture
def wall(tmp_path: Path) -> Path:
    """A picture without a face."""
    file = tmp_path / "wall.png"
    PillowImage.new("RGB", (640, 480), (90, 110, 130)).save(file)
    return file


@pytest.fixture
def no_image(tmp_path: Path) -> Path:
    file = tmp_path / "notes.jpg"
    file.write_bytes(b"these are notes")
    return file


def test_one_click_gives_a_first_result(visit: Visit) -> None:
    page = open_sample(visit())
    expect(page.get_by_text("1 face: ")).to_be_visible()
    expect(page.get_by_text("512 × 512 pixels")).to_be_visible()
    expect(page.get_by_role("img", name="sample.jpg with 1 face marked")).to_be_visible()
    expect(page.get_by_text("Face 1", exact=True)).to_be_visible()


def test_files_of_all_kinds_are_taken_together(visit: Visit, wall: Path, no_image: Path) -> None:
    page = visit()
    page.locator("input[type=file]").set_input_files([wall, no_image, SAMPLE])
    expect(page.get_by_text("notes.jpg is not an image that can be read")).to_be_visible()
    expect(page.get_by_role("img", name="Thumbnail of wall.png")).to_be_visible()
    expect(page.get_by_text("No faces", exact=True)).to_be_visible()
    expect(page.get_by_role("figure", name="Bar chart of face 1")).to_have_count(0)
    page.get_by_role("button", name="Details").nth(1).click()
    expect(page.get_by_text("Face 1", exact=True)).to_be_visible()
    expect(page.get_by_role("figure", name="Bar chart of face 1")).to_be_visible()


@pytest.mark.parametrize(
    ("label", "check"),
    [
        ("CSV", lambda data: b"\nsample.jpg,512,512,1," in data),
        ("JSON", lambda data: len(json.loads(data)["photos"][0]["faces"]) == 1),
        (
            "Marked picture (PNG)",
            lambda data: PillowImage.open(io.BytesIO(data)).size == (512, 512),
        ),
    ],
)
def test_downloads_hold_what_the_page_shows(
    visit: Visit, label: str, check: Callable[[bytes], bool]
) -> None:
    page = open_sample(visit())
    with page.expect_download() as download:
        page.get_by_role("button", name=label, exact=True).click()
    assert download.value.suggested_filename.startswith("sample-balanced.")
    assert check(download.value.path().read_bytes())


def test_another_head_and_the_activation_map_are_a_click_away(visit: Visit) -> None:
    page = open_sample(visit())
    page.get_by_text("Which parts of the face counted?").click()
    expect(page.get_by_role("img", name="Map of face 1")).to_be_visible()
    expect(page.get_by_text("where the network looked, not why")).to_be_visible()
    page.get_by_role("button", name="What is the difference?").click()
    expect(page.get_by_text("how most of ten people would name the face")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_text("What most people would say (FER+)").first.click()
    expect(page.get_by_role("figure", name="contempt")).to_be_visible()


def test_the_face_mesh_is_drawn_on_the_picture_and_in_its_file(visit: Visit) -> None:
    page = open_sample(visit())

    def saved() -> bytes:
        with page.expect_download() as download:
            page.get_by_role("button", name="Marked picture (PNG)").click()
        return download.value.path().read_bytes()

    plain, switch = saved(), page.get_by_role("switch", name="Face mesh")
    expect(switch).not_to_be_checked()
    switch.focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("img", name="The face mesh is drawn on it.")).to_be_visible()
    expect(switch).to_be_focused()
    assert saved() != plain


def test_a_poor_picture_is_marked_with_the_reason(visit: Visit, tmp_path: Path) -> None:
    dim = tmp_path / "dim.png"
    with PillowImage.open(SAMPLE) as sample:
        small = sample.convert("RGB").resize((100, 100))
        small.point(lambda level: level * 0.2).save(dim)
    page = visit()
    page.locator("input[type=file]").set_input_files(dim)
    expect(page.get_by_role("img", name="pixels wide, dark)").first).to_be_visible()
    expect(page.get_by_text("small: 2").first).to_be_visible()


def test_the_camera_stays_off_until_its_tab_is_opened(visit: Visit) -> None:
    page = visit()
    page.add_init_script(
        """window.asked = 0;
        const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        navigator.mediaDevices.getUserMedia = (wish) => { window.asked += 1; return ask(wish); };"""
    )
    page.reload()
    open_sample(page)
    assert page.evaluate("window.asked") == 0
    page.get_by_role("tab", name="Camera").click()
    # A click before the first frame takes no picture.
    page.wait_for_function("document.querySelector('video')?.videoWidth > 0")
    page.wait_for_function("document.querySelector('video').readyState >= 2")
    page.get_by_role("button", name="Take photo").click()
    expect(page.get_by_text("No face found")).to_be_visible()
    assert page.evaluate("window.asked") > 0


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_nothing_is_wider_than_the_screen(visit: Visit, viewport: dict[str, int]) -> None:
    page = open_sample(visit(viewport=viewport))
    expect(page.locator(".js-plotly-plot")).to_be_visible()
    assert 0 < widest(page, "h1, p, img, button, .js-plotly-plot") <= viewport["width"]


@pytest.mark.parametrize(
    ("scheme", "ground"), [("light", "rgb(252, 251, 249)"), ("dark", "rgb(19, 20, 25)")]
)
def test_the_theme_follows_the_visitor(visit: Visit, scheme: str, ground: str) -> None:
    page = visit(color_scheme=scheme)
    expect(page.get_by_role("button", name="Try it with a sample photo")).to_be_visible()
    expect(page.get_by_test_id("stApp")).to_have_css("background-color", ground)


def test_every_picture_has_a_text(visit: Visit) -> None:
    page = open_sample(visit())
    expect(page.get_by_role("figure", name="Bar chart of face 1")).to_be_visible()
    silent = page.locator("img:not([alt])")
    expect(silent).to_have_count(0)


def test_about_is_one_click_away(visit: Visit) -> None:
    page = visit()
    page.get_by_role("link", name="About").click()
    expect(page.get_by_role("heading", name="About FER Lens")).to_be_visible()
    expect(page.get_by_text("evidence, not a verdict")).to_be_visible()
