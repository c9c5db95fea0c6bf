"""The Collection page in a real browser, with the model that ships."""

import csv
import io
import re
import zipfile
from pathlib import Path

import pytest
from PIL import Image as PillowImage
from PIL import ImageOps
from playwright.sync_api import Locator, Page, expect

from app.core.paths import SAMPLE
from app.photos.selection import PER_PAGE
from tests.browser.conftest import PHONE, WIDE, Visit, follow, widest


def jpeg(image: PillowImage.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG")
    return out.getvalue()


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    """A face, the same mirrored and in the dark, walls, and what is no photo."""
    with PillowImage.open(SAMPLE) as sample:
        face = sample.convert("RGB")
    dark = face.resize((256, 256)).point(lambda level: level * 0.2)
    drawn = {
        f"walls/wall {n}.png": jpeg(PillowImage.new("RGB", (80, 60), (90, 110, n)))
        for n in range(PER_PAGE)
    }
    return {
        "astronaut.jpg": jpeg(face),
        "day 1/mirrored.jpg": jpeg(ImageOps.mirror(face)),
        "day 1/dark.jpg": jpeg(dark),
        **drawn,
        "broken.jpg": b"no picture",
        "notes.txt": b"these are notes",
        ".DS_Store": b"",
    }


@pytest.fixture
def archive(files: dict[str, bytes], tmp_path: Path) -> Path:
    target = tmp_path / "holiday.zip"
    with zipfile.ZipFile(target, "w") as out:
        for name, data in files.items():
            out.writestr(name, data)
        out.writestr("../../evil.jpg", files["astronaut.jpg"])
    return target


@pytest.fixture
def folder(files: dict[str, bytes], tmp_path: Path) -> Path:
    root = tmp_path / "fest"
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


def put(page: Page, what: Path) -> Page:
    """Upload an archive or a folder, and wait until it is read."""
    if what.is_dir():
        page.get_by_role("tab").nth(1).click()
    page.locator("input[type=file]").nth(int(what.is_dir())).set_input_files(what)
    expect(page.get_by_role("button", name="Everything (ZIP)")).to_be_visible()
    return page


def tiles(page: Page) -> Locator:
    return page.get_by_role("group", name="Photos").locator(".tile")


def pill(page: Page, name: str) -> Locator:
    return page.get_by_test_id("stButtonGroup").get_by_role("button", name=name)


def metric(page: Page, name: str, value: int) -> None:
    shown = page.get_by_test_id("stMetric").filter(has_text=name)
    expect(shown).to_contain_text(str(value))


def test_an_archive_is_filtered_paged_opened_and_saved(visit: Visit, archive: Path) -> None:
    page = put(visit("collection"), archive)
    metric(page, "Photos", 3 + PER_PAGE)
    metric(page, "Not read", 3)
    expect(page.get_by_text("1 hidden or system file left out")).to_be_visible()
    expect(tiles(page)).to_have_count(PER_PAGE)
    page.get_by_test_id("stPagination").get_by_role("button", name="2").click()
    expect(tiles(page)).to_have_count(6)
    refused = page.get_by_role("note", name="evil.jpg was refused: its path leads out")
    expect(refused).to_be_visible()

    pill(page, "Dark").click()
    expect(tiles(page)).to_have_count(1)
    expect(page.get_by_role("button", name="day 1/dark.jpg: 1 face: ")).to_be_visible()
    pill(page, "Dark").click()
    pill(page, "Not read").click()
    expect(tiles(page)).to_have_count(3)
    pill(page, "Not read").click()

    page.get_by_role("button", name="astronaut.jpg: 1 face: ").click()
    expect(page.get_by_role("figure", name="Bar chart of face 1")).to_be_visible()
    expect(page.get_by_role("button", name="Marked picture (JPEG)")).to_be_visible()
    page.get_by_role("button", name="All photos").click()
    expect(tiles(page)).to_have_count(PER_PAGE)

    with page.expect_download() as download:
        page.get_by_role("button", name="Everything (ZIP)").click()
    assert download.value.suggested_filename == "holiday-balanced.zip"
    with zipfile.ZipFile(download.value.path()) as saved:
        names = saved.namelist()
        assert "marked/day 1/mirrored-marked.jpg" in names
        assert len(names) == 2 + 3 + PER_PAGE
        table = saved.read("expressions-balanced.csv").decode("utf-8-sig")
        rows = {row["file"]: row for row in csv.DictReader(io.StringIO(table))}
        assert len(rows) == 6 + PER_PAGE
        assert "leads out" in rows["evil.jpg"]["error"]
        assert rows["astronaut.jpg"]["answer"]
        picture = io.BytesIO(saved.read("marked/astronaut-marked.jpg"))
        with PillowImage.open(picture) as marked:
            assert marked.size == (640, 640)


def test_a_folder_is_read_with_what_the_browser_did_not_send(visit: Visit, folder: Path) -> None:
    page = put(visit("collection"), folder)
    expect(page.get_by_role("heading", name="fest")).to_be_visible()
    metric(page, "Photos", 3 + PER_PAGE)
    pill(page, "Not read").click()
    expect(tiles(page)).to_have_count(2)
    expect(page.get_by_role("note", name="notes.txt was left out")).to_be_visible()
    expect(page.get_by_role("note", name="broken.jpg is not an image")).to_be_visible()


def test_too_much_together_is_refused_before_it_is_sent(visit: Visit, tmp_path: Path) -> None:
    large = [tmp_path / f"{n}.jpg" for n in range(6)]
    for file in large:
        with file.open("wb") as out:
            out.truncate(60 * 2**20)
    page = visit("collection")
    sent: list[str] = []
    page.on("request", lambda r: sent.append(r.url) if r.method == "PUT" else None)
    # What watches over the uploader gives it this hint as it begins.
    expect(page.locator("input[type=file]").first).to_have_attribute("accept", re.compile("image"))
    for _ in range(2):  # and may be chosen again
        page.locator("input[type=file]").first.set_input_files(large)
        expect(page.get_by_text("it has 360 MB, and this server takes 300 MB")).to_be_visible()
    page.get_by_role("tab").nth(1).click()
    page.locator("input[type=file]").nth(1).set_input_files(tmp_path)
    expect(page.get_by_text("it has 360 MB, and this server takes 300 MB")).to_be_visible()
    assert not sent


def test_results_last_over_a_visit_to_another_page_and_a_reload(
    visit: Visit, archive: Path
) -> None:
    page = put(visit("collection"), archive)
    pill(page, "No face").click()
    expect(page.get_by_text(f"{PER_PAGE} of {PER_PAGE + 6} files have that.")).to_be_visible()
    follow(page, "About")
    follow(page, "Collection")
    expect(page.get_by_text(f"{PER_PAGE} of {PER_PAGE + 6} files have that.")).to_be_visible()
    page.reload()
    metric(page, "Photos", 3 + PER_PAGE)
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_role("tab")).to_have_count(2)
    expect(page.get_by_test_id("stFileChip")).to_have_count(0)


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_nothing_is_wider_than_the_screen(
    visit: Visit, archive: Path, viewport: dict[str, int]
) -> None:
    page = put(visit("collection", viewport=viewport), archive)
    expect(tiles(page)).to_have_count(PER_PAGE)
    expect(page.locator("img:not([alt])")).to_have_count(0)
    assert 0 < widest(page, "h1, p, img, button, .js-plotly-plot, .tile") <= viewport["width"]
