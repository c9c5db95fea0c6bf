"""What holds on every page: nothing comes from elsewhere, others are a tap away, files arrive."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from urllib.parse import urlparse

import pytest
from playwright.sync_api import Browser, Page, WebSocketRoute, expect
from streamlit.proto.BackMsg_pb2 import BackMsg

from tests.browser.conftest import PHONE, WIDE, Open, Serve, follow, until_made

#: Path and name of every page.
PAGES = {
    "": "Photos",
    "video": "Video",
    "live": "Live",
    "own_data": "Your data",
    "dashboard": "Dashboard",
    "about": "About",
}


#: Whether nothing has been fetched for a second. The browser's own "network idle" never comes if
#: one connection of many is left open.
NOTHING_MORE = """() => {
  const count = performance.getEntriesByType("resource").length;
  const now = performance.now();
  if (window.fetched?.count !== count) window.fetched = { count, now };
  return document.fonts.status === "loaded" && now - window.fetched.now > 1000;
}"""


def settled(page: Page) -> None:
    """Wait until the page is complete."""
    until_made(page)
    # Not what an earlier call saw; and by itself a browser counts up to 250.
    page.evaluate("performance.setResourceTimingBufferSize(1e5); delete window.fetched")
    page.wait_for_function(NOTHING_MORE)


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_nothing_is_fetched_from_outside(
    open_page: Open, browser: Browser, app_url: str, viewport: dict[str, int]
) -> None:
    context = open_page(browser, viewport=viewport).context
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    for path in PAGES:  # each as the first page of a visit
        page = context.new_page()
        page.goto(f"{app_url}/{path}")
        settled(page)
    for name in PAGES.values():  # and one after the other
        follow(page, name)
        settled(page)
    assert f"{app_url}/live" in asked
    hosts = {urlparse(url).hostname for url in asked if url.startswith(("http", "ws"))}
    assert hosts == {"127.0.0.1"}


def test_on_a_phone_nothing_covers_the_page_that_was_chosen(
    open_page: Open, browser: Browser, app_url: str
) -> None:
    page = open_page(browser, app_url, viewport=PHONE, has_touch=True)
    for name in reversed(PAGES.values()):
        follow(page, name, tap=True)
        settled(page)
        expect(page.get_by_test_id("stSidebar")).to_have_count(0)
        tops = [page.get_by_role("link", name=n).bounding_box() for n in PAGES.values()]
        assert len({box["y"] for box in tops if box}) == 1, "the links fit into one row"
        assert all(box and box["height"] >= 44 and box["width"] >= 40 for box in tops)
        row = sorted((box["x"], box["x"] + box["width"]) for box in tops if box)
        gaps = [right - left for (_, left), (right, _) in pairwise(row)]
        assert min(gaps) >= 6, "there is room between them"
        # The heading is what one touches where it stands.
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        page.get_by_role("heading", level=1).click(trial=True)


def test_what_a_page_says_when_its_visitor_has_left_does_not_empty_the_next(
    open_page: Open, browser: Browser, app_url: str
) -> None:
    page = open_page(browser)
    said = say_it_again_when_left(page)
    page.goto(f"{app_url}/live?live=device")
    page.locator(".live").wait_for()
    settled(page)
    assert said, "the component has told that it is there"
    follow(page, "About")
    settled(page)
    expect(page.get_by_role("heading", name="About FER Lens")).to_be_visible()


#: Clicks a link at the worst moment: just before the first value of a component leaves.
CLICK_FIRST = """(() => {
    const send = WebSocket.prototype.send;
    let clicked = false;
    WebSocket.prototype.send = function (message) {
        const speaks = new TextDecoder().decode(message).includes("sdpOffer");
        if (speaks && !clicked) {
            clicked = true;
            document.querySelector("a[href*=about]").click();
        }
        send.call(this, message);
    };
})()"""


def test_a_link_that_is_clicked_while_the_page_loads_is_followed(
    browser: Browser, app_url: str, open_page: Open
) -> None:
    page = open_page(browser, f"{app_url}/live?live=server", CLICK_FIRST)
    expect(page).to_have_title("About · FER Lens")
    until_made(page)
    expect(page.get_by_role("heading", name="About FER Lens")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/about\?session="))


def say_it_again_when_left(page: Page) -> list[bytes]:
    """Have the server hear the last report of a page's component once more, just after the page
    was left; return what was said.
    """
    said: list[bytes] = []

    def connect(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def pass_on(message: str | bytes) -> None:
            server.send(message)
            asked = BackMsg.FromString(message).rerun_script if isinstance(message, bytes) else None
            if asked and asked.fragment_id:
                said.append(message)
            elif asked and said:
                server.send(said[-1])

        socket.on_message(pass_on)

    page.route_web_socket(re.compile("/_stcore/stream"), connect)
    return said


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_buttons_of_the_video_are_in_the_type_of_the_page(
    open_page: Open, browser: Browser, app_url: str, scheme: str
) -> None:
    page = open_page(browser, f"{app_url}/live", color_scheme=scheme)
    frame = page.frame_locator("iframe[title*=webrtc]")
    text = page.get_by_role("link", name="Photos").locator("p")
    font = text.evaluate("one => getComputedStyle(one).fontFamily.split(',')[0]")
    for name in ("Start", "Choose camera"):
        button = frame.get_by_role("button", name=name, exact=True)
        expect(button).to_have_css("text-transform", "none")
        style = "one => getComputedStyle(one).fontFamily.split(',')[0]"
        assert button.evaluate(style) == font
    # The font is there, not only its name.
    loaded = "one => document.fonts.ready.then(() => [...document.fonts].map((f) => f.status))"
    assert frame.locator("body").evaluate(loaded) == ["loaded"]
    primary = {"light": "rgb(74, 76, 163)", "dark": "rgb(107, 109, 194)"}[scheme]
    expect(frame.get_by_role("button", name="Start", exact=True)).to_have_css(
        "background-color", primary
    )


def test_a_file_arrives_while_pages_of_others_come_and_go(
    open_page: Open, browser: Browser, serve: Serve
) -> None:
    page = open_page(
        browser, f"{serve(module='tests.browser.servers.crowded_streamlit')}/dashboard"
    )
    settled(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Report (JSON)").click()
    assert download.value.suggested_filename.endswith("-report.json")
    assert json.loads(download.value.path().read_bytes())["evaluations"]
