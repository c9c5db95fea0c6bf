"""Live analysis on the visitor's own device, in a real browser with the real networks."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import PHONE, Open, Serve, follow, until_made, widest
from tests.browser.faults.line import Line
from tests.browser.test_live import KEEP_TRACKS, bars, download, says, table, wait_for_more_bars
from tests.browser.test_models import choose
from tests.samples import SHIPPED_MODEL, write_copy

#: Folder of the scripts on a server.
SCRIPTS = "/_stcore/bidi-components/fer-lens-ondevice.live"

#: Counts what the browser has seen: each observation is added to a batch once.
COUNT = f"""async () => {{
    const {{ Batches }} = await import("{SCRIPTS}/page/protocol.js");
    const add = Batches.prototype.add;
    window.observations = 0;
    Batches.prototype.add = function (observation) {{
        window.observations += 1;
        return add.call(this, observation);
    }};
}}"""


@pytest.fixture(scope="module")
def server(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Address of the app, where both modes can be used, with a model beside the shipped one."""
    folder = tmp_path_factory.mktemp("models")
    write_copy(folder, "mine")
    return serve({"FER_MODEL": str(SHIPPED_MODEL), "FER_MODELS": str(folder)})


@pytest.fixture
def open_live(open_page: Open, server: str) -> Open:
    """Open the Live page in a fresh session of a browser, in the mode on the device."""

    def opened(
        browser: Browser,
        path: str = "live?live=device",
        prepare: Callable[[Page], object] = lambda page: None,
        **options: object,
    ) -> Page:
        page = open_page(browser, script=KEEP_TRACKS, **options)
        prepare(page)
        page.goto(f"{server}/{path}")
        return page

    return opened


def component(page: Page) -> Locator:
    return page.locator(".live")


def press(page: Page, name: str) -> None:
    component(page).get_by_role("button", name=name, exact=True).click()


def in_phase(page: Page, phase: str) -> None:
    expect(component(page)).to_have_attribute("data-phase", phase)


def count(page: Page) -> None:
    """Count what is seen from the start on."""
    expect(component(page).get_by_role("button", name="Start", exact=True)).to_be_visible()
    page.evaluate(COUNT)


def start(page: Page) -> None:
    """Start, and wait until what was seen stands on the page, which Python made."""
    press(page, "Start")
    in_phase(page, "running")
    says(page, re.compile("[1-9] faces? in view"))


def stop(page: Page) -> None:
    press(page, "Stop")
    expect(page.get_by_role("heading", name="This session")).to_be_visible()


def frames(page: Page) -> list[dict[str, Any]]:
    return json.loads(download(page, "JSON"))["frames"]


def observations(page: Page) -> int:
    return int(page.evaluate("window.observations"))


def all_have_arrived(page: Page) -> None:
    """Wait until the session has a frame for every observation of the browser."""
    expect(component(page).get_by_role("button", name="Start", exact=True)).to_be_enabled()
    until_made(page)
    seconds = [frame["seconds"] for frame in frames(page)]
    assert len(seconds) == observations(page)
    assert seconds == sorted(set(seconds))


def test_from_start_to_downloads(actress: Browser, open_live: Open) -> None:
    page = open_live(actress)
    says(page, "The video stays on your device")
    count(page)
    start(page)
    says(page, "Live on your device")
    expect(
        component(page).get_by_role("img", name=re.compile("marked faces: Person 1"))
    ).to_be_visible()
    says(page, "No face in view")  # the person leaves, and comes back
    says(page, "1 face in view")
    wait_for_more_bars(page, bars(page))
    stop(page)
    assert page.evaluate("window.cameraTracks.map((track) => track.readyState)") == ["ended"]
    all_have_arrived(page)
    rows = table(page)
    assert {"", "1"} <= {row["person"] for row in rows}
    seen = [row for row in rows if row["person"]]
    assert all(0 <= float(row["left"]) < float(row["right"]) <= 640 for row in seen)
    assert {row["width"] for row in rows} == {"640"}
    assert sum(row["expression"] == "happy" for row in seen) > len(seen) / 2
    start(page)  # and again: the session goes on
    stop(page)
    all_have_arrived(page)
    assert len(table(page)) > len(rows)


def test_a_connection_that_breaks_for_ten_seconds_is_said_to_be_and_loses_nothing(
    actress: Browser, open_live: Open
) -> None:
    line = Line()
    page = open_live(actress, prepare=line.lay)
    count(page)
    start(page)
    line.cut()
    says(page, "its results wait in this tab")
    expect(page.get_by_text("Live on your device")).to_be_hidden()
    expect(page.get_by_text("What is on this page stands still")).to_be_visible()
    expect(component(page).locator(".note")).to_contain_text("Not connected")
    before = observations(page)
    now = page.evaluate("performance.now()")
    page.wait_for_function("(now) => performance.now() > now + 10000", arg=now)
    assert observations(page) > before
    expect(page.get_by_test_id("stDialog")).to_have_count(0)
    line.mend()
    expect(page.get_by_text("Live on your device")).to_be_visible()
    expect(page.get_by_text("its results wait in this tab")).to_be_hidden()
    expect(component(page).locator(".note")).not_to_contain_text("Not connected")
    stop(page)
    all_have_arrived(page)


def test_a_camera_that_is_taken_away_and_one_that_is_switched_off(
    actress: Browser, open_live: Open
) -> None:
    page = open_live(actress)
    start(page)
    page.evaluate("window.cameraTracks.forEach((track) => { track.enabled = false; })")
    says(page, "The camera is off")
    page.evaluate("window.cameraTracks.forEach((track) => { track.enabled = true; })")
    says(page, "1 face in view")
    page.evaluate("window.cameraTracks.forEach((track) => track.dispatchEvent(new Event('ended')))")
    in_phase(page, "failed")
    says(page, "The camera was taken away")
    expect(page.get_by_role("heading", name="This session")).to_be_visible()
    rows = table(page)
    assert {"true", "false"} == {row["camera_off"] for row in rows}
    start(page)


HIDE = """(hidden) => {
    Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
}"""


def test_a_hidden_tab_pauses_and_goes_on(actress: Browser, open_live: Open) -> None:
    page = open_live(actress)
    count(page)
    start(page)
    page.evaluate(HIDE, True)
    in_phase(page, "paused")
    says(page, "Paused while this page is in the background")
    expect(page.get_by_text(re.compile("Paused$"))).to_be_visible()  # says the server
    page.evaluate(HIDE, False)
    in_phase(page, "running")
    says(page, re.compile("[1-9] faces? in view"))
    stop(page)
    all_have_arrived(page)


def test_from_the_device_to_another_page_to_the_server_and_back(
    actress: Browser, open_live: Open
) -> None:
    page = open_live(actress, path="live")
    says(page, "Each frame is analysed on this server")
    page.get_by_text("On your device", exact=True).click()
    count(page)
    start(page)
    follow(page, "About")
    says(page, "About FER Lens")
    page.wait_for_function("window.cameraTracks.every((track) => track.readyState === 'ended')")
    follow(page, "Live")
    all_have_arrived(page)
    start(page)
    page.get_by_text("On this server", exact=True).click()
    expect(component(page)).to_have_count(0)
    assert page.evaluate("window.cameraTracks.every((track) => track.readyState === 'ended')")
    expect(page.get_by_role("heading", name="This session")).to_be_visible()
    assert len(frames(page)) == observations(page)
    page.frame_locator("iframe[title*=webrtc]").get_by_role(
        "button", name="Start", exact=True
    ).click()
    says(page, re.compile("[1-9] faces? in view"))
    page.get_by_text("On your device", exact=True).click()
    start(page)
    page.reload()  # which keeps the choice and the session
    expect(component(page)).to_be_visible()
    expect(page.get_by_role("heading", name="This session")).to_be_visible()


def test_settings_act_while_it_runs_and_the_camera_stays_on(
    actress: Browser, open_live: Open
) -> None:
    page = open_live(actress)
    count(page)
    start(page)
    expect(component(page)).to_have_attribute("data-mirrored", "")
    page.get_by_role("button", name="Settings").click()
    page.get_by_text("Mirror", exact=True).click()
    expect(component(page)).not_to_have_attribute("data-mirrored", "")
    page.get_by_text("Seven expressions (FER2013)", exact=True).click()
    page.keyboard.press("Escape")
    says(page, re.compile("[1-9] faces? in view"))
    choose(page, "compact", "mine")
    while {row["model"] for row in table(page)} == {"compact"}:  # until the other one is loaded
        wait_for_more_bars(page, bars(page))
    assert page.evaluate("window.cameraTracks.map((track) => track.readyState)") == ["live"]
    stop(page)
    all_have_arrived(page)
    rows = table(page)
    assert {"balanced", "expression"} <= {row["head"] for row in rows}
    assert {row["model"] for row in rows} == {"compact", "mine"}
    assert {row["person"] for row in rows} <= {"", "1"}


def test_on_a_phone_nothing_is_wider_than_the_screen(actress: Browser, open_live: Open) -> None:
    page = open_live(actress, viewport=PHONE)
    start(page)
    wait_for_more_bars(page, 0)
    assert 0 < widest(page, "h1, p, table, [class^=fer-]") <= PHONE["width"]
    for part in ("video", "canvas", "button"):
        box = component(page).locator(part).bounding_box()
        assert box
        assert 0 <= box["x"] < box["x"] + box["width"] <= PHONE["width"]


#: Counts what could carry a picture away beside requests and sockets.
WATCH = """(() => {
    window.left = { peers: 0, beacons: 0 };
    const Peer = window.RTCPeerConnection;
    window.RTCPeerConnection = class extends Peer {
        constructor(...wishes) { super(...wishes); window.left.peers += 1; }
    };
    const beacon = navigator.sendBeacon.bind(navigator);
    navigator.sendBeacon = (...parts) => { window.left.beacons += 1; return beacon(...parts); };
})()"""

#: How files of pictures and films begin, and in base64.
PICTURES = (b"\xff\xd8\xff", b"\x89PNG", b"WEBP", b"ftyp", b"/9j/", b"iVBORw0KGgo", b"UklGR")

#: Bytes of the largest message to the server, and on average for a frame with one face. The film's
#: smallest frame would be much more as a picture.
MOST_BYTES, MOST_BYTES_OF_FRAME = 400_000, 2_500


def test_no_picture_leaves_the_device(actress: Browser, open_live: Open, server: str) -> None:
    requests, sockets, sent = [], [], []

    def watch(page: Page) -> None:
        page.add_init_script(WATCH)
        page.context.on("request", lambda request: requests.append(request))
        page.on("websocket", lambda socket: (sockets.append(socket.url), listen(socket)))

    def listen(socket: Any) -> None:
        socket.on("framesent", lambda frame: sent.append(_bytes(frame)))

    page = open_live(actress, prepare=watch)
    count(page)
    before = len(sent)
    start(page)
    wait_for_more_bars(page, bars(page) + 4)
    stop(page)
    seen = observations(page)
    all_have_arrived(page)

    host = server.removeprefix("http://")
    outside = [r.url for r in requests if not r.url.startswith((f"{server}/", "data:", "blob:"))]
    assert not outside
    assert {r.method for r in requests} <= {"GET", "HEAD"}
    assert all(url.startswith(f"ws://{host}/_stcore/stream") for url in sockets)
    assert {worker.url for worker in page.workers} == set()
    assert page.evaluate("window.left") == {"peers": 0, "beacons": 0}
    messages = sent[before:]
    assert any(b"observations" in message for message in messages)
    assert max(map(len, messages)) < MOST_BYTES
    carried = sum(len(message) for message in messages if b"observations" in message)
    assert carried / seen < MOST_BYTES_OF_FRAME
    assert not [mark for mark in PICTURES for message in messages if mark in message]


def _bytes(frame: str | bytes) -> bytes:
    return frame.encode() if isinstance(frame, str) else frame
