"""The Photos page in a real browser, with the model that ships."""

import csv
import io
import json
import re
import zipfile
from pathlib import Path

import pytest
from PIL import Image as PillowImage
from playwright.sync_api import Locator, Page, Route, expect

from app.core.settings import SAMPLE
from app.photos.results import PER_PAGE
from tests.browser.conftest import PHONE, WIDE, Visit, follow, widest

TOUCH = {"viewport": PHONE, "has_touch": True, "is_mobile": True}


def choose(page: Page, *files: Path | str) -> Page:
    page.locator("input[type=file]:not([webkitdirectory])").first.set_input_files([*files])
    return page


def opened(visit: Visit, path: str = "", **options: object) -> Page:
    page = visit(path, **options)
    expect(page.get_by_role("button", name="Try it with a sample photo")).to_be_visible()
    return page


def open_sample(page: Page) -> Page:
    page.get_by_role("button", name="Try it with a sample photo").click()
    expect(page.get_by_role("button", name="Marked picture (PNG)")).to_be_visible()
    return page


def saved(page: Page, label: str) -> tuple[str, bytes]:
    with page.expect_download() as download:
        page.get_by_role("button", name=label, exact=True).click()
    return download.value.suggested_filename, download.value.path().read_bytes()


def answer_with_ferplus(page: Page) -> None:
    page.get_by_role("button", name="Settings").click()
    heads = page.get_by_role("radiogroup", name="Labels to answer with")
    expect(heads.get_by_role("radio", name="Balanced")).to_be_checked()
    heads.get_by_text("What most people would say (FER+)").click()
    page.keyboard.press("Escape")
    expect(heads).to_be_hidden()


def draw_mesh(page: Page) -> None:
    page.get_by_role("button", name="Settings").click()
    switch = page.get_by_role("switch", name="Face mesh")
    switch.focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("img", name="The face mesh is drawn on it.")).to_be_visible()
    expect(switch).to_be_focused()
    page.keyboard.press("Escape")
    expect(switch).to_be_hidden()


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


def test_one_photo_has_its_answer_map_mesh_and_downloads(visit: Visit) -> None:
    page = open_sample(opened(visit))
    expect(page.get_by_text("1 face: ")).to_be_visible()
    expect(page.get_by_text("512 × 512 pixels")).to_be_visible()
    expect(page.get_by_role("figure", name="Bar chart of face 1")).to_be_visible()
    expect(page.locator("img:not([alt])")).to_have_count(0)
    plain = {label: saved(page, label) for label in ("CSV", "JSON", "Marked picture (PNG)")}
    assert {name.split(".")[0] for name, _ in plain.values()} == {"sample-balanced"}
    assert b"\nsample.jpg,512,512,1," in plain["CSV"][1]
    assert len(json.loads(plain["JSON"][1])["photos"][0]["faces"]) == 1
    assert PillowImage.open(io.BytesIO(plain["Marked picture (PNG)"][1])).size == (512, 512)

    draw_mesh(page)
    assert saved(page, "Marked picture (PNG)") != plain["Marked picture (PNG)"]
    page.get_by_text("More", exact=True).click()
    expect(page.get_by_role("img", name="Map of face 1")).to_be_visible()
    answer_with_ferplus(page)
    expect(page.get_by_role("figure", name="contempt")).to_be_visible()


def test_an_uploader_that_comes_late_is_watched_all_the_same(visit: Visit, app_url: str) -> None:
    page = visit("about")
    held: list[Route] = []

    def hold(script: Route) -> None:
        held.append(script)

    page.route("**/FileUploader*.js", hold)
    page.goto(app_url)
    hint = page.get_by_text("Drop photos anywhere, or paste").first
    expect(hint).to_be_visible()  # its helper is there
    expect(page.locator("input[type=file]")).to_have_count(0)
    for script in held:
        script.continue_()
    uploader = page.locator("input[type=file]:not([webkitdirectory])").first
    expect(uploader).to_have_attribute("accept", re.compile("image"))


@pytest.mark.parametrize("focus", ["page", "uploader"])
def test_a_pasted_picture_is_added_once(visit: Visit, focus: str) -> None:
    page = opened(visit, permissions=["clipboard-read", "clipboard-write"])
    if focus == "uploader":
        page.get_by_role("button", name="Upload", exact=True).first.focus()
    copy_picture(page, 64)
    page.keyboard.press("Control+V")
    expect(page.get_by_text("64 × 64 pixels")).to_be_visible()
    expect(page.get_by_test_id("stFileChip")).to_have_count(0)
    copy_picture(page, 80)
    page.keyboard.press("Control+V")
    expect(page.get_by_role("heading", name="2 photos, no face")).to_be_visible()
    expect(page.get_by_role("button", name="Remove", exact=True)).to_have_count(2)


def test_what_is_dropped_anywhere_is_added_though_the_inputs_are_shut(visit: Visit) -> None:
    page = open_sample(opened(visit))
    expect(page.get_by_test_id("stFileUploader").first).to_be_hidden()
    page.get_by_role("heading", level=1).evaluate(
        """async (title) => {
            const canvas = Object.assign(document.createElement("canvas"),
                                         { width: 64, height: 64 });
            canvas.getContext("2d").fillRect(0, 0, 64, 64);
            const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File([blob], "black.png", { type: "image/png" }));
            title.dispatchEvent(
              new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer }));
        }"""
    )
    expect(page.get_by_text("black.png · 64 × 64 pixels")).to_be_visible()
    page.get_by_role("button", name="Add more").click()
    expect(page.get_by_test_id("stFileUploader").first).to_be_visible()


@pytest.mark.parametrize("touch", [False, True])
def test_pasting_is_spoken_of_where_there_are_keys(visit: Visit, touch: bool) -> None:
    page = opened(visit, **(TOUCH if touch else {}))
    hint = page.get_by_text("or paste one with")
    expect(hint.first).to_be_visible(visible=not touch)
    uploader = page.get_by_test_id("stFileUploader").first
    expect(uploader).not_to_contain_text("paste")


def test_files_of_all_kinds_are_taken_and_handed_over(visit: Visit, tmp_path: Path) -> None:
    wall, notes, wave = (tmp_path / name for name in ("wall.png", "notes.pdf", "wave.gif"))
    PillowImage.new("RGB", (640, 480), (90, 110, 130)).save(wall)
    notes.write_bytes(b"%PDF-1.7 these are notes")
    with PillowImage.open(SAMPLE) as sample:
        frames = [sample.convert("P"), sample.convert("L").convert("P")]
    frames[0].save(wave, save_all=True, append_images=frames[1:])
    page = opened(visit)
    deleted = []
    page.on("request", lambda r: deleted.append(r.url) if r.method == "DELETE" else None)
    choose(page, wall, notes, wave)
    expect(page.get_by_text("notes.pdf was left out: by its name, it is no photo")).to_be_visible()
    expect(page.get_by_role("img", name="Thumbnail of wall.png")).to_be_visible()
    expect(page.get_by_text("No face", exact=True)).to_be_visible()
    page.get_by_role("button", name="Details").nth(1).click()
    expect(page.get_by_role("figure", name="Bar chart of face 1")).to_be_visible()
    expect(page.get_by_text("An animation: its first picture was read.")).to_be_visible()
    expect(page.get_by_test_id("stFileChip")).to_have_count(0)
    assert len(deleted) == 3
    page.get_by_role("button", name="Remove all", exact=True).click()
    page.get_by_role("button", name="Remove all 3 photos").click()
    expect(page.get_by_role("button", name="Try it with a sample photo")).to_be_visible()
    choose(page, wave)  # and may be chosen again
    expect(page.get_by_role("button", name="Marked picture (PNG)")).to_be_visible()


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
    page.get_by_role("button", name="Add more").click()
    page.get_by_role("tab", name="Camera").click()
    # A click before the first frame takes no picture.
    page.wait_for_function("document.querySelector('video')?.videoWidth > 0")
    page.wait_for_function("document.querySelector('video').readyState >= 2")
    page.get_by_role("button", name="Take photo").click()
    expect(page.get_by_text("No face found")).to_be_visible()
    assert page.evaluate("window.asked") > 0


@pytest.mark.parametrize(
    ("scheme", "ground"), [("light", "rgb(252, 251, 249)"), ("dark", "rgb(19, 20, 25)")]
)
def test_the_theme_follows_the_visitor(visit: Visit, scheme: str, ground: str) -> None:
    page = opened(visit, color_scheme=scheme)
    expect(page.get_by_test_id("stApp")).to_have_css("background-color", ground)


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    """A face, the same in the dark, walls, and what is no photo."""

    def jpeg(image: PillowImage.Image) -> bytes:
        out = io.BytesIO()
        image.save(out, "JPEG")
        return out.getvalue()

    with PillowImage.open(SAMPLE) as sample:
        face = sample.convert("RGB")
    walls = {
        f"walls/wall {n}.png": jpeg(PillowImage.new("RGB", (80, 60), (90, 110, n)))
        for n in range(PER_PAGE)
    }
    return {
        "astronaut.jpg": jpeg(face),
        "day 1/dark.jpg": jpeg(face.resize((256, 256)).point(lambda level: level * 0.2)),
        **walls,
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


def tiles(page: Page) -> Locator:
    return page.get_by_role("group", name="Photos").locator(".tile")


def pill(page: Page, name: str) -> Locator:
    return page.get_by_test_id("stButtonGroup").get_by_role("button", name=name)


def says(page: Page, photos: int, missing: int) -> None:
    whole = re.compile(f"^{photos} photos, .*; {missing} not read$")
    expect(page.get_by_role("heading", level=1)).to_have_text(whole)


def put(page: Page, what: Path) -> Page:
    choose(page, what)
    expect(page.get_by_role("button", name="Everything (ZIP)")).to_be_visible()
    return page


def test_an_archive_is_filtered_paged_opened_and_saved(visit: Visit, archive: Path) -> None:
    page = put(opened(visit), archive)
    says(page, 2 + PER_PAGE, 3)
    expect(page.get_by_text("1 hidden or system file left out")).to_be_visible()
    expect(tiles(page)).to_have_count(PER_PAGE)
    page.get_by_test_id("stPagination").get_by_role("button", name="2").click()
    expect(tiles(page)).to_have_count(5)
    refused = page.get_by_role("note", name="evil.jpg was refused: its path leads out")
    expect(refused).to_be_visible()
    pill(page, "Dark").click()
    expect(tiles(page)).to_have_count(1)
    pill(page, "Dark").click()
    page.get_by_role("button", name="astronaut.jpg: 1 face: ").click()
    expect(page.get_by_role("figure", name="Bar chart of face 1")).to_be_visible()
    draw_mesh(page)
    page.get_by_role("button", name="All photos").click()
    expect(tiles(page)).to_have_count(PER_PAGE)

    name, data = saved(page, "Everything (ZIP)")
    assert name == "holiday-balanced.zip"
    with zipfile.ZipFile(io.BytesIO(data)) as opened_zip:
        names = opened_zip.namelist()
        assert "marked/day 1/dark-marked.jpg" in names
        assert len(names) == 2 + 2 + PER_PAGE
        table = opened_zip.read("expressions-balanced.csv").decode("utf-8-sig")
        rows = {row["file"]: row for row in csv.DictReader(io.StringIO(table))}
        assert len(rows) == 5 + PER_PAGE
        assert "leads out" in rows["evil.jpg"]["error"]
        picture = io.BytesIO(opened_zip.read("marked/astronaut-marked.jpg"))
        with PillowImage.open(picture) as marked:
            assert marked.size == (640, 640)


def test_back_and_keys_close_a_photo_and_go_to_its_neighbours(visit: Visit, archive: Path) -> None:
    page = put(opened(visit), archive)
    back = page.get_by_role("button", name="All photos")
    page.get_by_role("button", name="astronaut.jpg: 1 face: ").click()
    expect(page.get_by_text(f"1 of {2 + PER_PAGE}")).to_be_visible()
    expect(back).to_have_attribute("aria-keyshortcuts", "Escape")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text(f"2 of {2 + PER_PAGE}")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_text(f"1 of {2 + PER_PAGE}")).to_be_visible()
    page.get_by_role("button", name="Settings").click()
    expect(page.get_by_role("switch", name="Face mesh")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("switch", name="Face mesh")).to_be_hidden()
    expect(back).to_be_visible()
    page.go_back()
    expect(tiles(page)).to_have_count(PER_PAGE)
    expect(back).to_be_hidden()
    page.go_forward()
    expect(back).to_have_attribute("aria-keyshortcuts", "Escape")
    expect(page.get_by_text(f"1 of {2 + PER_PAGE}")).to_be_visible()
    page.keyboard.press("Escape")
    expect(tiles(page)).to_have_count(PER_PAGE)
    expect(back).to_be_hidden()


def test_a_folder_is_read_with_what_the_browser_did_not_send(
    visit: Visit, files: dict[str, bytes], tmp_path: Path
) -> None:
    root = tmp_path / "fest"
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    page = opened(visit)
    page.get_by_role("tab", name="Folder").click()
    page.locator("input[webkitdirectory]").set_input_files(root)
    expect(page.get_by_text("fest · ")).to_be_visible()
    says(page, 2 + PER_PAGE, 2)
    pill(page, "Not read").click()
    expect(tiles(page)).to_have_count(2)
    expect(page.get_by_role("note", name="notes.txt was left out")).to_be_visible()
    expect(page.get_by_role("note", name="broken.jpg is not an image")).to_be_visible()


def test_too_much_together_is_refused_before_it_is_sent(visit: Visit, tmp_path: Path) -> None:
    large = [tmp_path / f"{n}.jpg" for n in range(6)]
    for file in large:
        with file.open("wb") as out:
            out.truncate(60 * 2**20)
    page = opened(visit)
    sent: list[str] = []
    page.on("request", lambda r: sent.append(r.url) if r.method == "PUT" else None)
    # What watches over the uploader gives it this hint as it begins.
    uploader = page.locator("input[type=file]:not([webkitdirectory])").first
    expect(uploader).to_have_attribute("accept", re.compile("image"))
    for _ in range(2):  # and may be chosen again
        choose(page, *large)
        expect(page.get_by_text("it has 360 MB, and this server takes 300 MB")).to_be_visible()
    page.get_by_role("tab", name="Folder").click()
    page.locator("input[webkitdirectory]").set_input_files(tmp_path)
    expect(page.get_by_text("it has 360 MB, and this server takes 300 MB")).to_be_visible()
    assert not sent


@pytest.mark.parametrize("address", ["photo", "collection"])
def test_former_addresses_find_what_was_there(visit: Visit, archive: Path, address: str) -> None:
    page = put(opened(visit, address), archive)
    pill(page, "No face").click()
    said = page.get_by_text(f"{PER_PAGE} of {PER_PAGE + 5} files have that.")
    expect(said).to_be_visible()
    follow(page, "About")
    follow(page, "Photos")
    expect(said).to_be_visible()
    page.goto(page.url.replace("/?", f"/{address}?"))
    says(page, 2 + PER_PAGE, 3)
    page.get_by_role("button", name="Remove all", exact=True).click()
    page.get_by_role("button", name=f"Remove all {PER_PAGE + 5} photos").click()
    expect(page.get_by_role("button", name="Try it with a sample photo")).to_be_visible()


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
@pytest.mark.parametrize("many", [False, True])
def test_nothing_is_wider_than_the_screen(
    visit: Visit, archive: Path, viewport: dict[str, int], many: bool
) -> None:
    page = opened(visit, viewport=viewport)
    if many:
        expect(tiles(put(page, archive))).to_have_count(PER_PAGE)
    else:
        expect(open_sample(page).locator(".js-plotly-plot")).to_be_visible()
    assert 0 < widest(page, "h1, p, img, button, .js-plotly-plot, .tile") <= viewport["width"]
