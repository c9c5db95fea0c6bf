"""Where the Photos page puts pictures, cards and faces in a real browser."""

import math
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image as PillowImage
from playwright.sync_api import FloatRect, Locator, Page, Route, expect

from app.core.layout import CARD_WIDTH
from app.core.settings import SAMPLE
from tests.browser.conftest import PHONE, Visit, wait_until

TOUCH = {"viewport": PHONE, "has_touch": True, "is_mobile": True}

SIZES = {"4x3": (1600, 1200), "16x9": (1920, 1080), "9x16": (1080, 1920)}

WIDTHS = (1280, 1440, 1920, 1024, 390)

#: Largest height of the page in pixels by number of faces, on a desktop and on a phone. Six cards
#: below each other are the most that it may hold, and that on a phone.
HIGHEST = {1: (2000, 2400), 3: (2600, 3400), 6: (3150, 4900), 25: (2600, 2700)}

#: Pixels on both sides of the content of a phone's page, and of a container with a border in it.
PAGE_EDGES, BORDER = 32, 34

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
    page.locator("input[type=file]").first.set_input_files(file)
    expect(page.get_by_role("heading", name=file.name)).to_be_visible()
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
        for words in (card.get_by_role("heading"), card.get_by_text("confident")):
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
    expect(page.get_by_text("Face 12", exact=True)).to_be_in_viewport()
    expect(crops.nth(11)).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("figure", name="Bar chart of face 12")).to_be_in_viewport()
    crops.nth(2).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Face 3", exact=True)).to_be_in_viewport()
    expect(page.get_by_text("Face 12", exact=True)).to_have_count(0)
    expect(in_picture.nth(2)).to_have_attribute("aria-pressed", "true")
    expect(in_picture.nth(11)).to_have_attribute("aria-pressed", "false")
    expect(crops.nth(2)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Face 3", exact=True)).to_have_count(0)


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


@pytest.mark.parametrize("faces", [1, 25])
def test_a_phone_shows_the_summary_first(visit: Visit, compose: Compose, faces: int) -> None:
    page = visit(**TOUCH)
    expect(page.get_by_text("No photo at hand?")).to_be_visible()
    upload(page, compose("4x3", faces))
    summary = page.get_by_text(f"{faces} face{'s' * (faces > 1)}: ")
    expect(summary).to_be_in_viewport()
    picture = page.get_by_role("img", name="marked")
    expect(picture).to_be_in_viewport(ratio=1)
    assert box(summary)["y"] < box(picture)["y"]
    expect(page.get_by_role("heading", name="Read the expressions")).not_to_be_in_viewport()


#: What of a result comes after its text: pictures, and the programs of charts and tables.
LATE = re.compile(r"/media/|/static/js/(DataFrame|PlotlyChart)")


#: Where results begin on a phone, in CSS pixels from its top: right below the page's header.
BEGIN = 72


def test_a_phone_shows_the_summary_first_though_the_rest_comes_late(
    visit: Visit, compose: Compose
) -> None:
    page = visit(**TOUCH)
    expect(page.get_by_text("No photo at hand?")).to_be_visible()
    release = hold_back(page)
    upload(page, compose("4x3", 25))
    assert top_of_results(page) > BEGIN + 1, "without the rest, the page cannot be scrolled so far"
    release()
    wait_until(lambda: abs(top_of_results(page) - BEGIN) <= 1, "the results are brought up")
    expect(page.get_by_role("img", name="marked")).to_be_in_viewport(ratio=1)
    assert box(page.get_by_text("25 faces: "))["y"] < 150, "below the header"


def test_who_has_scrolled_is_left_where_they_are(visit: Visit, compose: Compose) -> None:
    page = visit(**TOUCH, reduced_motion="reduce")  # whatever brings the results up does so at once
    expect(page.get_by_text("No photo at hand?")).to_be_visible()
    release = hold_back(page)
    upload(page, compose("4x3", 25))
    wait_until(lambda: page.evaluate(AT_THE_END), "the results are brought up as far as it goes")
    before = top_of_results(page)
    page.mouse.move(200, 400)
    page.mouse.wheel(0, -300)
    there = before + 300
    wait_until(lambda: abs(top_of_results(page) - there) <= 1, "the page scrolls")
    release()
    picture = page.get_by_role("img", name="marked")
    picture.evaluate("img => img.decode()")
    wait_until(lambda: box(picture)["height"] > 200, "the picture takes its place")
    # What is done about the growth of an element is done before the next frame is drawn.
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert abs(top_of_results(page) - there) <= 1


#: Whether the page is scrolled as far as it can be.
AT_THE_END = """() => {
  const page = document.querySelector('[data-testid="stMain"]');
  return page.scrollTop + page.clientHeight >= page.scrollHeight - 1;
}"""


def hold_back(page: Page) -> Callable[[], None]:
    """Have what is `LATE` wait; return what lets it come."""
    waiting: list[Route] = []
    held = True

    def come(route: Route) -> None:
        if held:
            waiting.append(route)
        else:
            route.continue_()

    def release() -> None:
        nonlocal held
        held = False
        assert len(waiting) >= 3
        for route in waiting:
            route.continue_()

    page.route(LATE, come)
    return release


def top_of_results(page: Page) -> float:
    """Return where the results begin now, in CSS pixels."""
    return box(page.locator(".st-key-photo_results"))["y"]


def test_many_photos_are_rows_with_one_archive(visit: Visit, compose: Compose) -> None:
    page = visit(**TOUCH)
    expect(page.get_by_text("No photo at hand?")).to_be_visible()
    files = [compose("4x3", 1), compose("9x16", 3), compose("16x9", 6)]
    page.locator("input[type=file]").first.set_input_files(files)
    with page.expect_download() as download:
        page.get_by_role("button", name="Everything (ZIP)").click()
    assert download.value.suggested_filename == "photos-balanced.zip"
    for file, faces in zip(files, ("1 face: ", "3 faces: ", "6 faces: "), strict=True):
        thumbnail = page.get_by_role("img", name=f"Thumbnail of {file.name}")
        assert 0 < box(thumbnail)["height"] <= 96
        expect(page.get_by_text(faces)).to_be_visible()
    page.get_by_role("button", name="Details").nth(1).click()
    check_cards(page, PHONE["width"], 3, edges=PAGE_EDGES + BORDER)
