"""The Your data page in a real browser, with the model that ships."""

import re
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import Page, expect

from app.core.settings import SAMPLE
from fer.labelled.table import SKIPPED, read_table
from fer.labels import FER2013_LABELS
from tests.browser.conftest import PHONE, WIDE, Visit, follow, widest
from tests.browser.test_dashboard import cells
from training.data.load import load
from training.demo_faces import demo_face

#: What the drawn faces show, in their order; the astronaut comes last.
DRAWN = [FER2013_LABELS[n % 7] for n in range(29)]
EXPRESSIONS = [*DRAWN, "happy"]


def drawn(expression: str, number: int) -> bytes:
    face = demo_face(expression, np.random.default_rng([4, number]))
    return cv2.imencode(".png", face)[1].tobytes()


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Drawn faces, cut out, and the astronaut."""
    folder = tmp_path_factory.mktemp("photos")
    for number, expression in enumerate(DRAWN):
        (folder / f"face {number:02}.png").write_bytes(drawn(expression, number))
    (folder / "woman.jpg").write_bytes(SAMPLE.read_bytes())
    return sorted(folder.iterdir())


def put(page: Page, *files: Path) -> Page:
    """Upload files, and wait until they are read."""
    page.locator("input[type=file]:not([webkitdirectory])").first.set_input_files(files)
    expect(page.get_by_role("button", name="Labelled set (ZIP)")).to_be_visible()
    return page


def count(page: Page, text: str) -> None:
    expect(page.locator(".count")).to_contain_text(text)


def key_of(expression: str) -> str:
    return str(FER2013_LABELS.index(expression) + 1)


def saved(page: Page, name: str, target: Path) -> Path:
    with page.expect_download() as download:
        page.get_by_role("button", name=name).click()
    download.value.save_as(target)
    return target


def test_thirty_faces_are_labelled_by_keyboard_and_the_training_reads_them(
    visit: Visit, photos: list[Path], tmp_path: Path
) -> None:
    page = put(visit("own_data"), *photos)
    count(page, "0 of 30 labelled, 0 skipped.")
    # Nothing was clicked. Keys come faster than the server answers.
    for expression in EXPRESSIONS[:10]:
        page.keyboard.press(key_of(expression))
    count(page, "10 of 30 labelled")
    page.keyboard.press("s")
    page.keyboard.press("1")
    count(page, "11 of 30 labelled, 1 skipped.")
    for _ in range(2):
        page.keyboard.press("Backspace")
    count(page, "10 of 30 labelled, 0 skipped.")
    for expression in EXPRESSIONS[10:29]:
        page.keyboard.press(key_of(expression))
    expect(page.get_by_role("img", name="woman.jpg")).to_be_visible()
    expect(page.get_by_text("FER Lens says happy")).to_be_visible()
    page.keyboard.press("Enter")
    count(page, "30 of 30 labelled, 0 skipped. All done")
    page.keyboard.press("ArrowLeft")
    current = page.get_by_role("group", name="Faces before and after").locator("[aria-current]")
    expect(current).to_have_accessible_name(f"Face 29: {EXPRESSIONS[28]}")

    archive = saved(page, "Labelled set (ZIP)", tmp_path / "set.zip")
    with zipfile.ZipFile(archive) as opened:
        rows = read_table(opened.read("labels.csv"))
        assert [row.expression for row in rows] == EXPRESSIONS
        assert opened.read("originals/woman.jpg") == SAMPLE.read_bytes()
        opened.extractall(tmp_path / "set")
    assert all(row.answer_seen and row.answer and row.confidence for row in rows)
    data = load(tmp_path / "set", size=48)
    parts = data.splits.values()
    assert sum(map(len, parts)) == 30
    assert sum(part.counts().get("happy", 0) for part in parts) == EXPRESSIONS.count("happy")

    page.get_by_role("button", name="See how good it is").click()
    expect(page.get_by_role("figure", name="Confusion matrix")).to_be_visible()
    drawn = cells(page)
    assert len(drawn) == 49
    assert not [text for text in drawn if not re.fullmatch(r"\d+%|–", text)]
    expect(
        page.get_by_text("All labels were given with the model's answer in view")
    ).to_be_visible()
    page.goto(saved(page, "Figures (HTML)", tmp_path / "figures.html").as_uri())
    assert cells(page) == drawn


def test_labels_last_over_a_visit_a_reload_and_in_their_table(
    visit: Visit, photos: list[Path], tmp_path: Path
) -> None:
    page = put(visit("own_data"), *photos[-4:])
    page.get_by_role("button", name="Sad 5").click()
    count(page, "1 of 4 labelled")
    page.get_by_role("button", name="Skip").click()
    count(page, "1 of 4 labelled, 1 skipped.")
    follow(page, "About")
    follow(page, "Your data")
    count(page, "1 of 4 labelled, 1 skipped.")
    expect(page.locator(".picture img")).to_be_visible()
    page.reload()
    count(page, "1 of 4 labelled, 1 skipped.")
    page.keyboard.press("u")
    count(page, "1 of 4 labelled, 0 skipped.")
    page.keyboard.press("0")
    count(page, "1 of 4 labelled, 1 skipped.")
    table = saved(page, "Labels (CSV)", tmp_path / "labels.csv")
    rows = read_table(table.read_bytes())
    assert [(row.photo, row.expression) for row in rows] == [
        ("face 26.png", "sad"), ("face 27.png", SKIPPED),
    ]  # fmt: skip

    another = visit("own_data")
    another.locator("input[type=file]:not([webkitdirectory])").first.set_input_files(table)
    expect(another.get_by_text("2 labels without a photo so far")).to_be_visible()
    another.get_by_text("Add photos or labels").click()
    put(another, *photos[-4:])
    count(another, "1 of 4 labelled, 1 skipped.")


def test_answers_can_be_hidden_and_keys_leave_other_things_alone(
    visit: Visit, photos: list[Path]
) -> None:
    page = put(visit("own_data"), *photos[-3:])
    expect(page.get_by_text("FER Lens says")).to_be_visible()
    page.get_by_text("Hide the answer").click()
    expect(page.get_by_text("FER Lens says")).to_have_count(0)
    page.keyboard.press("Enter")
    page.keyboard.press("Control+1")
    count(page, "0 of 3 labelled")
    page.keyboard.press("4")
    count(page, "1 of 3 labelled")
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_text("FER Lens says")).to_be_visible()


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_nothing_is_wider_than_the_screen(visit: Visit, viewport: dict[str, int]) -> None:
    page = visit("own_data", viewport=viewport)
    page.get_by_role("button", name="Try it with drawn faces").click()
    count(page, "0 of 21 labelled")
    page.get_by_role("button", name="Settings").click()
    page.get_by_text("What most people would say (FER+)").first.click()  # it has most labels
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Contempt")).to_be_visible()
    expect(page.locator("img:not([alt])")).to_have_count(0)
    assert 0 < widest(page, "h1, p, button:not(.tile), figure, .bars") <= viewport["width"]
