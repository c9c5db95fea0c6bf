"""The Video page in a real browser, with recordings that are drawn here."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

import av
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from app.core.sample_clip import RATE, SIZE, SampleClip
from app.core.settings import SAMPLE
from tests.browser.conftest import PATIENCE, PHONE, WIDE, follow, wait_until
from tests.browser.server import running_app
from tests.browser.servers.slow_streamlit import SECONDS_VARIABLE

#: Places of the clip that are shown one after the other, as two scenes: first second, seconds.
SCENES = ((2.0, 2.0), (19.0, 2.0))


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds of a photograph that moves, as MP4."""
    return write_clip(tmp_path_factory.mktemp("clip") / "holiday.mp4", "libx264")


def write_clip(file: Path, codec: str) -> Path:
    clip = SampleClip(SAMPLE)
    with av.open(str(file), "w") as out:
        stream = out.add_stream(codec, rate=RATE)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        for start, seconds in SCENES:
            for index in range(round(seconds * RATE)):
                picture = clip.frame(start + index / RATE)
                out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(stream.encode())
    return file


class Server:
    """A server, its temporary files, and pages of visitors with it."""

    def __init__(self, url: str, files: Path, browser: Browser) -> None:
        self.url, self.files, self._browser = url, files, browser
        self.contexts: list[BrowserContext] = []

    def visit(self, path: str = "video", **options: object) -> Page:
        """Open a page in a fresh session."""
        context = self._browser.new_context(**({"viewport": WIDE} | options))  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE)
        self.contexts.append(context)
        page = context.new_page()
        page.goto(f"{self.url}/{path}")
        return page

    def recordings(self) -> list[Path]:
        """Return the files of all visitors on the server's disk."""
        found = ((Path(folder), names) for folder, _, names in os.walk(self.files))
        return [f / name for f, names in found for name in names if f.parent.parent == self.files]

    def folders(self) -> set[Path]:
        """Return the folders of all visitors' recordings, also of those who have just left."""
        return {folder for folder in self.files.glob("*/*") if folder.is_dir()}

    def leave(self) -> None:
        """Close all pages."""
        for context in self.contexts:
            context.close()
        self.contexts.clear()


def serve(
    browser: Browser, folder: Path, module: str = "streamlit", seconds: float = 0.0
) -> Iterator[Server]:
    files = folder / "files"
    files.mkdir()
    env = {"TMPDIR": str(files), "FER_ICE": "local", SECONDS_VARIABLE: str(seconds)}
    with running_app(folder / "log.txt", env, module) as url:
        server = Server(url, files, browser)
        yield server
        server.leave()
    assert [*files.iterdir()] == [], "a server that ends leaves nothing"


@pytest.fixture(scope="module")
def quick(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app as it is."""
    yield from serve(browser, tmp_path_factory.mktemp("quick"))


@pytest.fixture(scope="module")
def slow(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Takes ten seconds for ten frames, and forgets who has left after a second."""
    folder = tmp_path_factory.mktemp("slow")
    yield from serve(browser, folder, "tests.browser.servers.impatient_streamlit", 1.0)


@pytest.fixture(autouse=True)
def _nobody_stays(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    for name in {"quick", "slow"} & set(request.fixturenames):
        request.getfixturevalue(name).leave()


def upload(page: Page, file: Path) -> None:
    expect(page.get_by_role("button", name="Try it with a sample video")).to_be_visible()
    page.locator("input[type=file]").set_input_files(file)


def result_of(page: Page) -> Page:
    expect(page.get_by_role("button", name="All files (ZIP)")).to_be_visible()
    expect(page.get_by_text("Surest moments")).to_be_visible()
    return page


def place_of(page: Page) -> float:
    """Return where the player is, in seconds."""
    return float(page.locator(".st-key-video_player video").evaluate("one => one.currentTime"))


def wait_for_place(page: Page, low: float, high: float) -> None:
    page.wait_for_function(
        "([low, high]) => { const at = document.querySelector('.st-key-video_player video')"
        "?.currentTime; return at >= low && at <= high; }",
        arg=[low, high],
    )


def test_a_recording_becomes_a_marked_video_with_moments_to_go_to(
    quick: Server, clip: Path
) -> None:
    page = quick.visit()
    upload(page, clip)
    expect(page.get_by_role("heading", name="holiday.mp4")).to_be_visible()
    result_of(page)
    expect(page.get_by_text("0:04 · 640 × 480 pixels · 15 frames a second · H.264")).to_be_visible()
    video = page.locator(".st-key-video_player video")
    length = video.evaluate(
        "one => new Promise((done) => { const say = () => done(one.duration);"
        "one.readyState ? say() : (one.onloadedmetadata = say); })"
    )
    assert length == pytest.approx(4.0, abs=0.1)
    # A moment, by its portrait.
    moments = page.get_by_role("group", name="Surest moments").get_by_role("button")
    assert place_of(page) == 0
    label = moments.last.get_attribute("aria-label") or ""
    assert label.startswith("Person ")
    assert "happy" in label
    minutes, seconds = label.rsplit(" ", 1)[1].split(":")
    told = 60 * int(minutes) + int(seconds)
    moments.last.click()
    wait_for_place(page, max(0.01, told), told + 1.01)
    # Any time, by a press on the timeline.
    bars = page.locator(".st-key-video_timeline_chart .area")
    bars.scroll_into_view_if_needed()
    box = bars.bounding_box()
    assert box
    page.mouse.click(box["x"] + 0.75 * box["width"], box["y"] + box["height"] / 2)
    wait_for_place(page, 2.9, 3.3)
    # The same by keys.
    head = page.get_by_role("slider", name="Place in the video")
    head.focus()
    head.press("Home")
    wait_for_place(page, 0.0, 0.01)
    head.press("ArrowRight")
    wait_for_place(page, 1.0, 1.01)
    expect(head).to_have_attribute("aria-valuetext", "0:01 of 0:04")
    line = head.bounding_box()
    assert line
    assert line["x"] == pytest.approx(box["x"] + box["width"] / 4, abs=4)


def test_on_a_phone_a_tap_on_the_timeline_goes_there_and_the_player_is_seen(
    quick: Server, clip: Path
) -> None:
    page = quick.visit(viewport=PHONE, has_touch=True, is_mobile=True)
    upload(page, clip)
    result_of(page)
    bars = page.locator(".st-key-video_timeline_chart .area")
    bars.scroll_into_view_if_needed()
    box = bars.bounding_box()
    assert box
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    wait_for_place(page, 1.9, 2.3)
    expect(page.locator(".st-key-video_player video")).to_be_in_viewport()
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE["width"], "nothing is wider than the screen"


def test_files_are_saved_one_by_one_and_all_together(quick: Server, clip: Path) -> None:
    page = quick.visit()
    upload(page, clip)
    result_of(page)
    files = {}
    for label, ending in (("Marked video (MP4)", "-expressions.mp4"), ("CSV", ".csv")):
        with page.expect_download() as download:
            page.get_by_role("button", name=label, exact=True).click()
        files[f"holiday{ending}"] = download.value.path().read_bytes()
        assert download.value.suggested_filename == f"holiday{ending}"
    with page.expect_download() as download:
        page.get_by_role("button", name="All files (ZIP)").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        assert {name: archive.read(name) for name in files} == files


def test_the_original_is_shown_with_subtitles_where_the_marked_video_was(
    quick: Server, clip: Path
) -> None:
    page = quick.visit()
    upload(page, clip)
    result_of(page)
    page.get_by_role("slider", name="Place in the video").press("End")
    wait_for_place(page, 3.5, 4.1)
    page.get_by_text("Original with subtitles").click()
    track = page.locator(".st-key-video_player video track")
    expect(track).to_have_count(1)
    wait_for_place(page, 3.5, 4.1)
    said = track.evaluate(
        "one => fetch(one.src).then((answer) => answer.text())"  # as the player does
    )
    assert "Person 1: happy" in said


def test_a_file_that_is_too_large_is_refused_in_words(quick: Server, tmp_path: Path) -> None:
    large = tmp_path / "wedding.mov"
    with large.open("wb") as file:
        file.truncate(210 * 2**20)
    page = quick.visit()
    upload(page, large)
    expect(page.get_by_text("wedding.mov was not uploaded. File must be 200")).to_be_visible()


def test_a_result_lasts_over_a_visit_elsewhere_and_a_reload_and_goes_when_asked(
    quick: Server,
) -> None:
    page = quick.visit()
    of_others = quick.folders()
    page.get_by_role("button", name="Try it with a sample video").click()
    expect(page.get_by_text("Step 1 of 2: reading expressions")).to_be_visible()
    follow(page, "About")
    expect(page.get_by_role("heading", name="About FER Lens")).to_be_visible()
    follow(page, "Video")
    result_of(page)
    page.reload()
    result_of(page)
    (own,) = quick.folders() - of_others
    assert [file.name for file in own.iterdir()] == ["marked-1.mp4"]
    page.get_by_role("button", name="Another video").click()
    expect(page.get_by_role("button", name="Try it with a sample video")).to_be_visible()
    wait_until(lambda: not own.exists(), "the result is deleted")


def test_a_closed_tab_ends_its_analysis_and_takes_its_files_along(slow: Server, clip: Path) -> None:
    page = slow.visit()
    upload(page, clip)
    expect(page.get_by_role("progressbar")).to_be_visible()
    expect(page.get_by_role("img", name="The newest analysed frame")).to_be_visible()
    expect(page.get_by_role("img", name="Timeline from 0:00")).to_be_visible()
    assert [file.name for file in slow.recordings()] == ["recording.mp4"]
    slow.leave()
    wait_until(lambda: slow.recordings() == [], "the recording is deleted")
    upload(page := slow.visit(), clip)
    expect(page.get_by_role("progressbar")).to_be_visible()
