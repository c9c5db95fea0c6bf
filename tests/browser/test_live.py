"""The Live page in a real browser, with a film in place of the camera."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Frame, FrameLocator, Page, TimeoutError, expect

from app.core.settings import MAX_STREAMS
from tests.browser.conftest import PATIENCE, PHONE, Launch, Open, Serve, follow, until_made, widest


@pytest.fixture(scope="module")
def address(serve: Serve) -> str:
    """The Live page of a server that has one place for streams."""
    return f"{serve({MAX_STREAMS.name: '1'})}/live?live=server"


def component(page: Page) -> FrameLocator:
    return page.frame_locator("iframe[title*=webrtc]")


def press(page: Page, name: str) -> None:
    component(page).get_by_role("button", name=name, exact=True).click()


def says(page: Page, text: str | re.Pattern[str]) -> None:
    expect(page.get_by_text(text).first).to_be_visible()


def start(page: Page) -> None:
    """Start, and wait until frames are analysed: a moving video alone would prove nothing."""
    press(page, "Start")
    says(page, re.compile("[1-9] faces? in view"))
    frame(page).wait_for_function(
        "document.querySelector('video')?.readyState >= 2 "
        "&& document.querySelector('video').videoWidth > 0"
    )


def stop(page: Page) -> None:
    press(page, "Stop")
    expect(page.get_by_role("heading", name="This session")).to_be_visible()


def nothing_was_lost(page: Page) -> None:
    """Check that a stream that the visitor has ended is not called lost."""
    until_made(page)
    expect(page.get_by_text("The connection was lost")).to_have_count(0)


def frame(page: Page) -> Frame:
    return next(frame for frame in page.frames if "webrtc" in frame.url)


def wait_for_corner(page: Page, side: str) -> None:
    """Wait until the film's yellow corner is on this side of the picture."""
    frame(page).wait_for_function(
        """(right) => {
            const video = document.querySelector("video");
            const canvas = Object.assign(document.createElement("canvas"),
                                         { width: 64, height: 48 });
            const context = canvas.getContext("2d");
            context.drawImage(video, 0, 0, 64, 48);
            const [red, green, blue] = context.getImageData(right ? 61 : 2, 45, 1, 1).data;
            return red > 180 && green > 150 && blue < 110;
        }""",
        arg=side == "right",
    )


def bars(page: Page) -> int:
    """Return the number of bars in the timeline."""
    return page.locator("[class*=live_timeline] .bar").count()


def wait_for_more_bars(page: Page, than: int) -> None:
    page.wait_for_function(
        """(than) => document.querySelectorAll("[class*=live_timeline] .bar").length
            > than""",
        arg=than,
    )


def download(page: Page, label: str) -> str:
    """Return the text of a file."""
    return saved(page, label).read_text(encoding="utf-8-sig")


def saved(page: Page, label: str) -> Path:
    """Save a file, and return where it is."""
    # Streamlit makes the file after the click. If the page is made anew in that very moment, as it
    # is when its elements report for the first time, the button says that it failed. Made files
    # last (app.core.session.clicks), but what makes them goes at once, with its photos.
    for last in (False, False, True):
        until_made(page)
        try:
            with page.expect_download(timeout=PATIENCE if last else PATIENCE / 6) as file:
                page.get_by_role("button", name=label, exact=True).click()
            break
        except TimeoutError:
            if last:
                raise
    name = file.value.suggested_filename
    assert re.fullmatch(r"fer-lens-live_[0-9-]{10}_[0-9-]{8}(-summary)?\.\w+", name)
    return file.value.path()


def table(page: Page) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(download(page, "CSV"))))


def test_from_start_to_downloads(actress: Browser, open_page: Open, address: str) -> None:
    page = open_page(actress, address)
    says(page, "this machine only")
    start(page)
    wait_for_corner(page, "right")

    # The person leaves and returns, and the timeline goes on meanwhile.
    says(page, "No face in view")
    says(page, "1 face in view")
    wait_for_more_bars(page, bars(page) + 1)

    # A setting changes the picture and neither the stream nor the history.
    before = bars(page)
    page.get_by_role("button", name="Settings").click()
    page.get_by_text("Mirror", exact=True).click()
    wait_for_corner(page, "left")
    page.keyboard.press("Escape")
    wait_for_more_bars(page, before)

    stop(page)
    rows = table(page)
    seconds = [float(row["seconds"]) for row in rows]
    assert seconds == sorted(seconds)
    assert seconds[-1] > 1.5  # for so long the person was away alone
    assert {"", "1"} <= {row["person"] for row in rows}
    page.get_by_role("button", name="Clear").click()
    says(page, "Before you start")
    expect(page.get_by_role("heading", name="This session")).to_have_count(0)


#: Keeps the camera's tracks where a test can switch them off, as a button of the browser does.
KEEP_TRACKS = """(() => {
    const devices = navigator.mediaDevices;
    if (!devices) return;
    const ask = devices.getUserMedia.bind(devices);
    devices.getUserMedia = async (wishes) => {
        const stream = await ask(wishes);
        window.cameraTracks = stream.getTracks();
        return stream;
    };
})()"""


def test_a_reload_while_it_runs_keeps_the_session(
    actress: Browser, open_page: Open, address: str
) -> None:
    page = open_page(actress, address)
    start(page)
    wait_for_more_bars(page, 0)
    page.reload()
    expect(page.get_by_role("heading", name="This session")).to_be_visible()
    assert table(page)
    # After a visit to another page, whose address has no key.
    follow(page, "About")
    expect(page.get_by_role("heading", name="About FER Lens")).to_be_visible()
    follow(page, "Live")
    expect(page.get_by_role("heading", name="This session")).to_be_visible()
    start(page)
    stop(page)
    nothing_was_lost(page)
    start(page)
    follow(page, "About")
    expect(page.get_by_role("heading", name="About FER Lens")).to_be_visible()
    follow(page, "Live")
    expect(page.get_by_role("heading", name="This session")).to_be_visible()
    nothing_was_lost(page)


def test_who_finds_no_place_is_let_in_when_a_tab_is_closed(
    actress: Browser, open_page: Open, address: str
) -> None:
    first = open_page(actress, address)
    start(first)
    second = open_page(actress, address)
    says(second, "All places are taken")
    wait_for_more_bars(first, bars(first))
    first.close()
    start(second)


without_a_camera = pytest.mark.parametrize(
    ("flags", "says_why"),
    [
        ([], "There is no camera"),
        (
            ["--use-fake-device-for-media-stream", "--deny-permission-prompts"],
            "does not let this page use the camera",
        ),
    ],
    ids=["none", "refused"],
)


@without_a_camera
def test_without_a_camera_it_says_why_and_plays_a_clip(
    launch: Launch, open_page: Open, address: str, flags: list[str], says_why: str
) -> None:
    page = open_page(launch("--no-sandbox", *flags), address, permissions=[])
    press(page, "Start")
    says(page, says_why)
    expect(page.get_by_role("link", name="Upload a photo instead")).to_be_visible()
    # The component's own words are there, but nobody sees them.
    raw = component(page).get_by_text(re.compile(r"\w+Error:"))
    expect(raw).to_have_count(1)
    expect(raw).to_be_hidden()
    page.get_by_role("button", name="Play a sample clip").click()
    says(page, "1 face in view")
    says(page, "Sample clip")
    wait_for_more_bars(page, 1)
    page.get_by_role("button", name="Stop the sample clip").click()
    expect(page.get_by_role("heading", name="This session")).to_be_visible()
    says(page, says_why)
    nothing_was_lost(page)
    # It has ended on the server too: two files agree. The last frames may still be under analysis
    # when the first are made; a clip that played on would add rows between any two.
    counts = [len(table(page))]
    while counts[-1] not in counts[:-1]:
        assert len(counts) < 10
        counts.append(len(table(page)))


def test_on_a_phone_the_picture_comes_first_and_nothing_is_wider_than_the_screen(
    actress: Browser, open_page: Open, address: str
) -> None:
    page = open_page(actress, address, viewport=PHONE)
    start(page)
    wait_for_more_bars(page, 0)
    assert 0 < widest(page, "h1, p, table, iframe, [class^=fer-]") <= PHONE["width"]
    picture = page.locator("iframe[title*=webrtc]").bounding_box()
    assert picture
    assert picture["y"] < 300
    seen = page.get_by_text("1 face in view").bounding_box()
    assert seen
    assert seen["y"] < PHONE["height"], "who is seen stands above the fold"
