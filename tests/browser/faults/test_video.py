"""What goes wrong with live video that the server analyses: its camera, and the connection."""

from __future__ import annotations

from itertools import pairwise

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.acts import LIVE
from tests.browser.conftest import Open, Visit
from tests.browser.faults.line import Line
from tests.browser.test_live import (
    KEEP_TRACKS,
    bars,
    component,
    frame,
    press,
    says,
    start,
    stop,
    table,
    wait_for_more_bars,
)

#: A camera that another program has, until the page is told otherwise.
TAKEN = """(() => {
    const devices = navigator.mediaDevices;
    if (!devices) return;
    const ask = devices.getUserMedia.bind(devices);
    devices.getUserMedia = async (wishes) => {
        if (sessionStorage.cameraFree) return ask(wishes);
        throw new DOMException("Could not start video source", "NotReadableError");
    };
})()"""


@pytest.fixture
def live(actress: Browser, app_url: str, open_page: Open) -> Visit:
    """Open the Live page, with scripts before its own, where the camera shows a face."""
    return lambda script="": open_page(actress, f"{app_url}/{LIVE}", script)


def test_a_camera_that_is_unplugged_keeps_what_was_seen(live: Visit) -> None:
    page = live(KEEP_TRACKS)
    start(page)
    wait_for_more_bars(page, 0)
    # As a browser does when the device goes away.
    frame(page).evaluate(
        """window.cameraTracks.forEach((track) => {
            track.stop();
            track.dispatchEvent(new Event("ended"));
        })"""
    )
    says(page, "The picture has stopped.")
    stop(page)
    rows = len(table(page))
    assert rows
    start(page)  # plugged in again
    wait_for_more_bars(page, 0)
    stop(page)
    assert len(table(page)) > rows


def test_a_camera_that_another_program_has_is_said_to_be(live: Visit) -> None:
    page = live(TAKEN)
    press(page, "Start")
    says(page, "The camera cannot be read.")
    expect(component(page).get_by_text("Could not start video source")).to_be_hidden()
    frame(page).evaluate("sessionStorage.cameraFree = 'yes'")
    start(page)
    expect(page.get_by_text("The camera cannot be read.")).to_have_count(0)
    stop(page)


def test_a_camera_that_changes_its_size_goes_on(live: Visit) -> None:
    page = live(KEEP_TRACKS)
    start(page)
    # From 4:3 to 16:9, as when a phone is turned or another program asks for it.
    frame(page).evaluate("window.cameraTracks[0].applyConstraints({ width: 320, height: 180 })")
    frame(page).wait_for_function(
        """() => {
            const video = document.querySelector("video");
            return Math.abs(video.videoWidth / video.videoHeight - 16 / 9) < 0.02;
        }"""
    )
    says(page, "1 face in view")
    wait_for_more_bars(page, bars(page))
    stop(page)
    rows = table(page)
    sizes = {(row["width"], row["height"]) for row in rows}
    assert len(sizes) == 2
    for width, height in sizes:
        seen = [row for row in rows if row["height"] == height and row["person"]]
        assert seen
        assert all(0 <= float(row["left"]) < float(row["right"]) <= int(width) for row in seen)
    assert {row["person"] for row in rows} <= {"", "1"}  # who is still the same


def test_a_page_that_loses_its_connection_for_ten_seconds_loses_nothing(
    actress: Browser, app_url: str, open_page: Open
) -> None:
    line = Line()
    page = open_page(actress)
    line.lay(page)
    page.goto(f"{app_url}/{LIVE}")
    start(page)
    wait_for_more_bars(page, 1)
    line.cut()
    now = page.evaluate("performance.now()")
    page.wait_for_function("(now) => performance.now() > now + 10000", arg=now)
    line.mend()
    # The video did not stop meanwhile, and the page goes on with the same session.
    wait_for_more_bars(page, 5)
    says(page, "1 face in view")
    expect(page.get_by_text("This page has begun anew")).to_have_count(0)
    stop(page)
    seconds = sorted({float(row["seconds"]) for row in table(page)})
    assert seconds[-1] > 10
    gaps = [after - before for before, after in pairwise(seconds)]
    assert max(gaps) < 8  # it was analysed while nobody could see it
