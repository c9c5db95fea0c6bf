"""Two replicas behind nginx: whose a visitor is, and what they see when their server ends."""

from __future__ import annotations

import re
import socket
from contextlib import ExitStack
from urllib.parse import urlparse

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.acts import LIVE, sample_answered
from tests.browser.conftest import PATIENCE, Open, Visit
from tests.browser.hosting.conftest import Site

PAGES = ("", "video", "live", "own_data", "dashboard", "about")
COOKIE = "fer_lens_replica"
DRAINING = "This server is being updated"
BEGUN_ANEW = "This page has begun anew"


def visitor(open_page: Open, browser: Browser, url: str = "") -> Page:
    return open_page(browser, url, ignore_https_errors=True)


def replica_of(context: BrowserContext) -> str:
    [cookie] = [cookie for cookie in context.cookies() if cookie["name"] == COOKIE]
    assert cookie["secure"]
    assert cookie["httpOnly"]
    return str(cookie["value"])


def other(replica: str) -> str:
    return {"1": "2", "2": "1"}[replica]


def csv_of(page: Page) -> bytes:
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV", exact=True).click()
    return download.value.path().read_bytes()


def test_every_page_works_behind_nginx_and_its_headers(
    browser: Browser, open_page: Open, lasting_site: Site
) -> None:
    page = visitor(open_page, browser)
    refused: list[str] = []
    page.on("console", lambda m: refused.append(m.text) if "Security Policy" in m.text else None)
    page.goto(lasting_site.url)
    sample_answered(page)
    assert b"sample.jpg" in csv_of(page)
    replica = replica_of(page.context)
    for path in PAGES:
        page.goto(f"{lasting_site.url}/{path}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.get_by_test_id("stException")).to_have_count(0)
        if path == "dashboard":
            expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
        assert replica_of(page.context) == replica
    assert refused == []
    request = page.context.request
    assert request.get(f"{lasting_site.url}/_stcore/health").status == 200
    for path in ("_stcore/metrics", "server/metrics"):  # the operator's, not for visitors
        assert request.get(f"{lasting_site.url}/{path}").status == 404


def test_nginx_lets_go_of_a_thousand_connections_that_never_speak(
    browser: Browser, open_page: Open, lasting_site: Site
) -> None:
    place = urlparse(lasting_site.url)
    address = (place.hostname or "", place.port or 0)
    with ExitStack() as open_ones:
        silent = [
            open_ones.enter_context(socket.create_connection(address, PATIENCE / 1000))
            for _ in range(1000)
        ]
        sample_answered(visitor(open_page, browser, lasting_site.url))
        assert {one.recv(1) for one in silent} == {b""}  # closed, after client_header_timeout


def test_a_replica_that_is_stopped_says_so_and_ends_when_its_visitors_have_gone_on(
    browser: Browser, open_page: Open, site: Site
) -> None:
    page = visitor(open_page, browser, site.url)
    sample_answered(page)
    old = replica_of(page.context)
    site.replicas[old].terminate()

    # Who is there reads it and what to do, and goes on.
    expect(page.get_by_text(DRAINING)).to_be_visible()
    expect(page.get_by_text("download what you need before")).to_be_visible()
    assert b"sample.jpg" in csv_of(page)

    # Who comes is sent to the other replica, even with the cookie of this one.
    fresh = visitor(open_page, browser)
    fresh.context.add_cookies([{"name": COOKIE, "value": old, "url": site.url}])
    fresh.goto(site.url)
    sample_answered(fresh)
    assert replica_of(fresh.context) == other(old)
    expect(fresh.get_by_text(DRAINING)).to_have_count(0)

    assert site.replicas[old].is_running()
    page.get_by_role("link", name="Go on at the updated server").click()
    sample_answered(page)
    assert replica_of(page.context) == other(old)
    site.replicas[old].wait(timeout=60)  # nobody is left, so it does not wait for its time


def test_pages_whose_replica_is_killed_say_so_and_go_on_at_the_other(
    actress: Browser, open_page: Open, site: Site
) -> None:
    in_view = re.compile("1 face in view")
    served = visitor(open_page, actress, f"{site.url}/{LIVE}")
    start = served.frame_locator("iframe[title*=webrtc]").get_by_role(
        "button", name="Start", exact=True
    )
    start.click()
    expect(served.get_by_text(in_view)).to_be_visible()
    old = replica_of(served.context)
    own = visitor(open_page, actress)
    own.context.add_cookies([{"name": COOKIE, "value": old, "url": site.url}])
    own.goto(f"{site.url}/live?live=device")
    own.locator(".live").get_by_role("button", name="Start", exact=True).click()
    expect(own.get_by_text(in_view)).to_be_visible()

    site.replicas[old].kill()
    expect(own.get_by_text(BEGUN_ANEW)).to_be_visible()
    expect(own.get_by_text(in_view)).to_be_visible()  # its device goes on
    own.locator(".live").get_by_role("button", name="Stop", exact=True).click()
    expect(own.get_by_role("heading", name="This session")).to_be_visible()
    own.get_by_role("button", name="Close", exact=True).click()
    expect(own.get_by_text(BEGUN_ANEW)).to_have_count(0)
    expect(served.get_by_text(BEGUN_ANEW)).to_be_visible()
    start.click()  # it can begin again at once
    expect(served.get_by_text(in_view)).to_be_visible()
    assert replica_of(served.context) == replica_of(own.context) == other(old)


@pytest.mark.parametrize("path", ["", "live", "video", "own_data"])
def test_an_address_that_nobody_knows_any_more_is_said_to_be(visit: Visit, path: str) -> None:
    page = visit(f"{path}?session=gone")
    expect(page.get_by_text("Nothing is kept under this address any more")).to_be_visible()
