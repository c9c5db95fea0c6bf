"""Where the Photos page puts pictures, cards and faces in a real browser."""

import itertools
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as PillowImage
from playwright.sync_api import FloatRect, Locator, Page, expect

from app.core.layout import CARD_WIDTH
from app.core.settings import SAMPLE
from tests.browser.conftest import PHONE, Visit

TOUCH = {"viewport": PHONE, "has_touch": True, "is_mobile": True}

SIZES = {"4x3": (1600, 1200), "16x9": (1920, 1080), "9x16": (1080, 1920)}

WIDTHS = (1280, 1440, 1920, 1024, 390)

#: Largest height of the page in pixels by number of faces, on a desktop and on a phone. Six cards
#: below each other are the most that it may hold, and that on a phone.
HIGHEST = {1: (2000, 2400), 3: (2600, 3400), 6: (3150, 4900), 25: (2600, 2700)}

#: Pixels on both sides of the content of a phone's page, and of a container with a border in it.
PAGE_EDGES, BORDER = 32, 34

DESKTOP = {"width": 1440, "height": 900}

#: Where a picture begins at the latest, in CSS pixels.
BEGIN = 250

#: Counts what is read on a page: all that is shown but the ticks of charts and the names of icons.
WORDS = """() => {
  const word = /\\S*[\\p{L}\\p{N}]\\S*/gu;
  const count = (element) => (element.innerText.match(word) ?? []).length;
  const main = document.querySelector('[data-testid="stMain"]');
  const others = '.js-plotly-plot, [data-testid="stIconMaterial"], [role="img"][translate="no"]';
  return [...main.querySelectorAll(others)].reduce((sum, one) => sum - count(one), count(main));
}"""

Compose = Callable[[str, int], Path]


@pytest.fixture(scope="module")
def compose(tmp_path_factory: pytest.TempPathFactory) -> Compose:
    """Write a photo of a shape with so many faces, all of them the sample's."""
    folder = tmp_path_factory.mktemp("photos")

    def write(shape: str, faces: int) -> Path:
        width, height = SIZES[shape]
        columns = math.ceil(math.sqrt(faces * width / height))
        side = int(min(width / columns, height / math.ceil(faces / columns)) * 0.92)
        scene = PillowImage.new("RGB", (width, height), (150, 160, 170))
        with PillowImage.open(SAMPLE) as sample:
            face = sample.convert("RGB").crop((120, 0, 330, 210)).resize((side, side))
        for number in range(faces):
            row, column = divmod(number, columns)
            left, top = column * width // columns, row * (side + side // 12)
            scene.paste(face, (left + side // 24, top + side // 24))
        file = folder / f"{shape}_{faces}.jpg"
        scene.save(file, quality=92)
        return file

    return write


def upload(page: Page, file: Path) -> None:
    page.locator("input[type=file]:not([webkitdirectory])").first.set_input_files(file)
    expect(page.get_by_text(f"{file.name} · ")).to_be_visible()
    expect(page.get_by_role("button", name="Marked picture (PNG)")).to_be_visible()


def box(element: Locator) -> FloatRect:
    found = element.bounding_box()
    assert found
    return found


def cards(page: Page) -> Locator:
    return page.locator('[class*="st-key-photo_card_"]')


def check_cards(page: Page, width: int, count: int, edges: int = PAGE_EDGES) -> None:
    """Check that every card is as wide as it should be, and its name and percentage seen."""
    expect(cards(page)).to_have_count(count)
    for card in cards(page).all():
        outer = box(card)
        assert outer["width"] >= min(CARD_WIDTH, width - edges) - 1
        assert outer["x"] >= 0
        assert outer["x"] + outer["width"] <= width
        for words in (card.get_by_role("heading"), card.get_by_text("When it is this sure")):
            inner = box(words)
            assert inner["width"] > 50
            assert inner["x"] + inner["width"] <= outer["x"] + outer["width"]


@pytest.mark.parametrize(
    ("shape", "faces"),
    [
        *(("4x3", faces) for faces in (1, 3, 25)),
        *(("9x16", faces) for faces in (3, 6)),
        ("16x9", 6),
    ],
)
def test_cards_have_their_width_and_the_page_is_not_endless(
    visit: Visit, compose: Compose, shape: str, faces: int
) -> None:
    page = visit()
    expect(page.get_by_text("No photo at hand?")).to_be_visible()
    upload(page, compose(shape, faces))
    expect(page.get_by_text(f"{faces} face{'s' * (faces > 1)}: ")).to_be_visible()
    content = page.get_by_test_id("stMainBlockContainer")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        expect(page.locator(".stImage img").first).to_be_visible()
        page.wait_for_function(
            "(width) => document.querySelector('.stImage img').getBoundingClientRect().right"
            " <= width",
            arg=width,
        )
        check_cards(page, width, faces if faces <= 6 else 0)
        assert box(content)["height"] <= HIGHEST[faces][width == PHONE["width"]]


@pytest.mark.parametrize("options", [{}, TOUCH], ids=["wide", "phone"])
def test_a_face_of_many_is_chosen_in_the_picture_or_by_its_crop(
    visit: Visit, compose: Compose, options: dict[str, object]
) -> None:
    page = visit(**options)
    expect(page.get_by_text("No photo at hand?")).to_be_visible()
    upload(page, compose("4x3", 25))
    in_picture = page.get_by_role("group", name="Faces in the picture").get_by_role("button")
    crops = page.get_by_role("group", name="Faces", exact=True).get_by_role("button")
    expect(in_picture).to_have_count(25)
    expect(crops).to_have_count(25)
    in_picture.nth(11).click()
    expect(crops.nth(11)).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("figure", name="Bar chart of face 12")).to_be_in_viewport()
    crops.nth(2).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("figure", name="Bar chart of face 3")).to_be_in_viewport()
    expect(cards(page)).to_have_count(1)
    expect(in_picture.nth(2)).to_have_attribute("aria-pressed", "true")
    expect(in_picture.nth(11)).to_have_attribute("aria-pressed", "false")
    expect(crops.nth(2)).to_be_focused()
    page.keyboard.press("Enter")
    expect(cards(page)).to_have_count(0)


@pytest.mark.parametrize("options", [{}, TOUCH], ids=["wide", "phone"])
def test_frames_lie_on_the_faces_and_lead_to_the_cards(
    visit: Visit, compose: Compose, options: dict[str, object]
) -> None:
    page = visit(**options)
    expect(page.get_by_text("No photo at hand?")).to_be_visible()
    upload(page, compose("4x3", 3))
    picture = page.get_by_role("img", name="with 3 faces marked")
    frames = page.get_by_role("group", name="Faces in the picture")
    expect(frames.get_by_role("button")).to_have_count(3)
    over, under = box(frames), box(picture)
    assert all(abs(over[side] - under[side]) <= 1 for side in ("x", "y", "width", "height"))
    # The first face is in the middle of the left part of the upper row.
    first = box(frames.get_by_role("button", name="Face 1: happy"))
    assert first["x"] < under["x"] + under["width"] / 2
    frames.get_by_role("button").nth(2).click()
    expect(cards(page).nth(2)).to_be_in_viewport()
    expect(cards(page).nth(2)).to_have_css("outline-style", "solid")
    expect(cards(page).nth(0)).to_have_css("outline-style", "none")


@pytest.mark.parametrize("shape", ["9x16", "16x9"])
@pytest.mark.parametrize("options", [{}, TOUCH], ids=["wide", "phone"])
def test_labels_can_be_read_on_every_picture_and_cover_no_other(
    visit: Visit, compose: Compose, options: dict[str, object], shape: str
) -> None:
    page = visit(**options)
    expect(page.get_by_text("No photo at hand?")).to_be_visible()
    upload(page, compose(shape, 6))
    frames = page.get_by_role("group", name="Faces in the picture")
    labels = frames.locator("b")
    expect(labels).to_have_count(6)
    expect(page.locator(".js-plotly-plot")).to_have_count(6)
    picture = box(frames)
    places = [box(label) for label in labels.all()]
    for number, place in enumerate(places):
        expect(labels.nth(number)).to_have_css("font-size", "12px")
        assert place["x"] >= picture["x"] - 1
        assert place["x"] + place["width"] <= picture["x"] + picture["width"] + 1
        assert place["y"] >= picture["y"] - 1
    for one, other in itertools.combinations(places, 2):
        apart = one["x"] + one["width"] <= other["x"] or other["x"] + other["width"] <= one["x"]
        above = one["y"] + one["height"] <= other["y"] or other["y"] + other["height"] <= one["y"]
        assert apart or above


@pytest.mark.parametrize("faces", [1, 3, 6, 25])
@pytest.mark.parametrize("options", [{"viewport": DESKTOP}, TOUCH], ids=["wide", "phone"])
def test_picture_and_answer_are_seen_at_once(
    visit: Visit, compose: Compose, options: dict[str, Any], faces: int
) -> None:
    page = visit(**options)
    expect(page.get_by_text("No photo at hand?")).to_be_visible()
    upload(page, compose("4x3", faces))
    summary = page.get_by_role("heading", level=1)
    expect(summary).to_contain_text(f"{faces} face{'s' * (faces > 1)}: ")
    expect(summary).to_be_in_viewport(ratio=1)
    picture = box(page.get_by_role("img", name="marked"))
    assert box(summary)["y"] < picture["y"] < BEGIN
    if faces <= 6 and options is not TOUCH:
        expect(cards(page).first.get_by_text("When it is this sure")).to_be_in_viewport(ratio=1)


def test_pages_have_few_words(visit: Visit, compose: Compose) -> None:
    page = visit()
    expect(page.get_by_text("No photo at hand?")).to_be_visible()
    assert page.evaluate(WORDS) <= 90
    upload(page, compose("16x9", 6))
    expect(page.locator(".js-plotly-plot")).to_have_count(6)
    assert page.evaluate(WORDS) <= 160


def test_a_face_and_its_card_light_each_other(visit: Visit, compose: Compose) -> None:
    page = visit()
    expect(page.get_by_text("No photo at hand?")).to_be_visible()
    upload(page, compose("4x3", 3))
    frame = page.get_by_role("button", name=re.compile("^Face 2: happy"))
    card, lit = cards(page).nth(1), re.compile("lit")
    frame.hover()
    expect(card).not_to_have_css("box-shadow", "none")
    expect(cards(page).nth(0)).to_have_css("box-shadow", "none")
    card.hover()
    expect(frame).to_have_class(lit)
    page.get_by_role("heading", level=1).hover()
    expect(frame).not_to_have_class(lit)
    expect(card).to_have_css("box-shadow", "none")
    page.get_by_role("button", name=re.compile("^Face 1: happy")).focus()
    page.keyboard.press("Tab")
    expect(card).not_to_have_css("box-shadow", "none")
    card.locator("summary").focus()
    page.keyboard.press("Shift")
    expect(frame).to_have_class(lit)


def test_many_photos_are_rows_with_one_archive(visit: Visit, compose: Compose) -> None:
    page = visit(**TOUCH)
    expect(page.get_by_text("No photo at hand?")).to_be_visible()
    files = [compose("4x3", 1), compose("9x16", 3), compose("16x9", 6)]
    page.locator("input[type=file]:not([webkitdirectory])").first.set_input_files(files)
    with page.expect_download() as download:
        page.get_by_role("button", name="Everything (ZIP)").click()
    assert download.value.suggested_filename == "photos-balanced.zip"
    for file, faces in zip(files, ("1 face: ", "3 faces: ", "6 faces: "), strict=True):
        thumbnail = page.get_by_role("img", name=f"Thumbnail of {file.name}")
        assert 0 < box(thumbnail)["height"] <= 96
        expect(page.get_by_text(faces)).to_be_visible()
    page.get_by_role("button", name="Details").nth(1).click()
    check_cards(page, PHONE["width"], 3, edges=PAGE_EDGES + BORDER)
