"""The Live page in a real browser, with a film in place of the camera."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Frame,
    FrameLocator,
    Page,
    TimeoutError,
    expect,
)

from app.core.settings import MAX_STREAMS
from tests.browser.conftest import PATIENCE, PHONE, WIDE, Launch, follow, until_made, widest
from tests.browser.server import running_app

#: So that a third visitor finds the server full.
PLACES = 2

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the app, for streams on this machine only."""
    log = tmp_path_factory.mktemp("server") / "log.txt"
    with running_app(log, {"FER_ICE": "local", MAX_STREAMS.name: str(PLACES)}) as url:
        yield url


@pytest.fixture
def open_live(server: str) -> Iterator[Open]:
    """Open the Live page in a fresh session of a browser."""
    contexts: list[BrowserContext] = []

    def open_page(browser: Browser, url: str = server, **options: object) -> Page:
        wishes = {"viewport": WIDE, "permissions": ["camera"]} | options
        context = browser.new_context(**wishes)  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.goto(f"{url}/live?live=server")
        return page

    yield open_page
    for context in contexts:
        # As visitors close tabs: what is killed without a word keeps its place for a while.
        for page in context.pages:
            page.close()
        context.close()


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
    # last (app.core.session.lasting_downloads), but what makes them goes at once, with its photos.
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


def test_from_start_to_downloads(actress: Browser, open_live: Open) -> None:
    page = open_live(actress)
    says(page, "this machine only")
    start(page)
    wait_for_corner(page, "right")

    # The person leaves and returns, and the timeline goes on meanwhile.
    says(page, "No face in view")
    says(page, "1 face in view")
    wait_for_more_bars(page, bars(page) + 1)

    # A control changes the picture and neither the stream nor the history.
    before = bars(page)
    page.get_by_text("Mirror", exact=True).click()
    wait_for_corner(page, "left")
    wait_for_more_bars(page, before)

    stop(page)
    expect(page.get_by_role("img", name=re.compile("Share of time. person 1"))).to_be_visible()
    rows = table(page)
    seconds = [float(row["seconds"]) for row in rows]
    assert seconds[0] == 0
    assert seconds == sorted(seconds)
    assert seconds[-1] > 1.5  # for so long the person was away alone
    assert {"", "1"} <= {row["person"] for row in rows}
    seen = [row for row in rows if row["person"]]
    assert all(0 <= float(row["left"]) < float(row["right"]) <= 640 for row in seen)
    assert len(json.loads(download(page, "JSON"))["frames"]) == len(set(seconds))
    page.get_by_role("button", name="More files").click()
    with saved(page, "Parquet").open("rb") as file:
        assert pq.read_table(file).num_rows == len(rows)
    page.keyboard.press("Escape")

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


def switch_camera(page: Page, *, on: bool) -> None:
    frame(page).evaluate("on => window.cameraTracks.forEach(t => { t.enabled = on; })", on)


def test_a_camera_that_is_switched_off_is_said_to_be(actress: Browser, open_live: Open) -> None:
    page = open_live(actress)
    page.add_init_script(KEEP_TRACKS)
    page.reload()
    start(page)
    switch_camera(page, on=False)
    says(page, "The camera is off")
    expect(page.get_by_text(re.compile(r"neutral.<?\d+%"))).to_have_count(0)
    switch_camera(page, on=True)
    says(page, "1 face in view")
    stop(page)
    off = [row for row in table(page) if row["camera_off"] == "true"]
    assert len(off) > 1
    assert {row["person"] for row in off} == {""}


#: Clicks a link at the worst moment: just before the first value of a component leaves.
CLICK_FIRST = """(() => {
    const send = WebSocket.prototype.send;
    let clicked = false;
    WebSocket.prototype.send = function (message) {
        const speaks = new TextDecoder().decode(message).includes("sdpOffer");
        if (speaks && !clicked) {
            clicked = true;
            document.querySelector("a[href$=about]").click();
        }
        send.call(this, message);
    };
})()"""


def test_a_link_that_is_clicked_while_the_page_loads_is_followed(
    browser: Browser, open_live: Open
) -> None:
    page = open_live(browser)
    page.add_init_script(CLICK_FIRST)
    page.reload()
    expect(page).to_have_title("About · FER Lens")
    until_made(page)
    expect(page.get_by_role("heading", name="About FER Lens")).to_be_visible()
    expect(page).to_have_url(re.compile("/about$"))


def test_a_reload_keeps_the_session_and_a_duplicate_gets_its_own(
    actress: Browser, open_live: Open
) -> None:
    page = open_live(actress)
    start(page)
    wait_for_more_bars(page, 0)
    page.reload()  # while it runs
    expect(page.get_by_role("heading", name="This session")).to_be_visible()
    assert table(page)
    duplicate = page.context.new_page()
    duplicate.goto(page.url)
    says(duplicate, "Before you start")
    expect(duplicate.get_by_role("heading", name="This session")).to_have_count(0)
    expect(page).not_to_have_url(duplicate.url)
    # After a visit to another page, whose address has no key.
    follow(page, "About")
    expect(page.get_by_role("heading", name="About FER Lens")).to_be_visible()
    follow(page, "Live")
    expect(page.get_by_role("heading", name="This session")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="This session")).to_be_visible()
    start(page)
    stop(page)


def test_two_streams_run_at_once_and_a_third_waits_for_a_place(
    actress: Browser, open_live: Open
) -> None:
    first, second = open_live(actress), open_live(actress)
    start(first)
    start(second)
    third = open_live(actress)
    says(third, "All places are taken")
    for page in (first, second):
        wait_for_more_bars(page, bars(page))
    # A tab that is closed frees its place too, and who waits is let in.
    second.close()
    start(third)
    fourth = open_live(actress)
    says(fourth, "All places are taken")
    stop(first)
    start(fourth)


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
    launch: Launch, open_live: Open, flags: list[str], says_why: str
) -> None:
    page = open_live(launch("--no-sandbox", *flags), permissions=[])
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
    # It has ended on the server too: two files agree. The last frames may still be under analysis
    # when the first are made; a clip that played on would add rows between any two.
    counts = [len(table(page))]
    while counts[-1] not in counts[:-1]:
        assert len(counts) < 10
        counts.append(len(table(page)))


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_nothing_is_wider_than_the_screen(
    actress: Browser, open_live: Open, viewport: dict[str, int]
) -> None:
    page = open_live(actress, viewport=viewport)
    start(page)
    wait_for_more_bars(page, 0)
    assert 0 < widest(page, "h1, p, table, iframe, [class^=fer-]") <= viewport["width"]
    picture = page.locator("iframe[title*=webrtc]").bounding_box()
    assert picture
    assert picture["y"] < 300, "the picture comes first"
