"""The Video page in a real browser, with recordings that are drawn here."""

from __future__ import annotations

import zipfile
from pathlib import Path

import av
import pytest
from playwright.sync_api import Browser, Page, expect

from app.core.sample_clip import RATE, SIZE, SampleClip
from app.core.settings import SAMPLE
from tests.browser.conftest import PHONE, Forgetful, Open, Visit, follow, wait_until

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


def test_a_recording_becomes_a_marked_video_with_moments_to_go_to(visit: Visit, clip: Path) -> None:
    page = visit("video")
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
    visit: Visit, clip: Path
) -> None:
    page = visit("video", viewport=PHONE, has_touch=True, is_mobile=True)
    upload(page, clip)
    result_of(page)
    player = page.locator(".st-key-video_player video").bounding_box()
    assert player
    assert player["y"] + player["height"] < PHONE["height"], "the result comes first"
    bars = page.locator(".st-key-video_timeline_chart .area")
    bars.scroll_into_view_if_needed()
    box = bars.bounding_box()
    assert box
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    wait_for_place(page, 1.9, 2.3)
    expect(page.locator(".st-key-video_player video")).to_be_in_viewport()
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE["width"], "nothing is wider than the screen"


def test_all_files_are_saved_together(visit: Visit, clip: Path) -> None:
    page = visit("video")
    upload(page, clip)
    result_of(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="All files (ZIP)").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        assert archive.testzip() is None
        assert {"holiday.csv", "holiday-expressions.mp4"} <= set(archive.namelist())


def test_the_original_is_shown_with_subtitles_where_the_marked_video_was(
    visit: Visit, clip: Path
) -> None:
    page = visit("video")
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


def test_a_file_that_is_too_large_is_refused_in_words(visit: Visit, tmp_path: Path) -> None:
    large = tmp_path / "wedding.mov"
    with large.open("wb") as file:
        file.truncate(210 * 2**20)
    page = visit("video")
    upload(page, large)
    expect(page.get_by_text("wedding.mov was not uploaded. File must be 200")).to_be_visible()


def test_a_result_lasts_over_a_visit_elsewhere_and_a_reload(visit: Visit) -> None:
    page = visit("video")
    page.get_by_role("button", name="Try it with a sample video").click()
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    follow(page, "About")
    expect(page.get_by_role("heading", name="About FER Lens")).to_be_visible()
    follow(page, "Video")
    result_of(page)
    page.reload()
    result_of(page)
    page.get_by_role("button", name="Another video").click()
    expect(page.get_by_role("button", name="Try it with a sample video")).to_be_visible()


def test_a_closed_tab_takes_its_recording_along(
    forgetful: Forgetful, browser: Browser, open_page: Open, clip: Path
) -> None:
    page = open_page(browser, f"{forgetful.url}/video")
    upload(page, clip)
    result_of(page)
    kept = [*forgetful.folder.rglob("recording.mp4"), *forgetful.folder.rglob("marked-1.mp4")]
    assert len(kept) == 2
    page.close()
    wait_until(lambda: not any(file.exists() for file in kept), "the recording is deleted")
