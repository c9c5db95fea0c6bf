"""What visitors see when their server ends, with notice and without."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.hosting.conftest import Site
from tests.browser.hosting.visitors import (
    COOKIE,
    arrived,
    csv_of,
    other,
    replica_of,
    sample_answered,
    visitor,
)

DRAINING = "This server is being updated"
BEGUN_ANEW = "This page has begun anew"


def test_a_replica_that_is_stopped_says_so_and_waits(browser: Browser, site: Site) -> None:
    page, old = arrived(browser, site.url)
    site.replicas[old].terminate()

    # Who is there reads it and what to do, and goes on.
    expect(page.get_by_text(DRAINING)).to_be_visible()
    expect(page.get_by_text("download what you need before")).to_be_visible()
    assert b"sample.jpg" in csv_of(page)

    # Who comes is sent to the other replica, even with the cookie of this one.
    newcomer = visitor(browser)
    newcomer.add_cookies([{"name": COOKIE, "value": old, "url": site.url}])
    fresh = newcomer.new_page()
    fresh.goto(site.url)
    sample_answered(fresh)
    assert replica_of(newcomer) == other(old)
    expect(fresh.get_by_text(DRAINING)).to_have_count(0)
    newcomer.close()

    # Its end: the page begins anew on the other one.
    site.replicas[old].terminate()
    site.replicas[old].wait(timeout=60)
    expect(page.get_by_text(BEGUN_ANEW)).to_be_visible()
    sample_answered(page)
    assert replica_of(page.context) == other(old)
    page.get_by_role("button", name="Close", exact=True).click()
    expect(page.get_by_text(BEGUN_ANEW)).to_have_count(0)
    page.context.close()


def test_who_has_finished_goes_on_elsewhere_and_the_replica_ends(
    browser: Browser, site: Site
) -> None:
    page, old = arrived(browser, site.url)
    site.replicas[old].terminate()
    page.get_by_role("link", name="Go on at the updated server").click()
    sample_answered(page)
    assert replica_of(page.context) == other(old)
    site.replicas[old].wait(timeout=60)  # nobody is left, so it does not wait for its time
    page.context.close()


def test_a_page_whose_replica_is_killed_says_so(actress: Browser, site: Site) -> None:
    context = visitor(actress)
    page = context.new_page()
    page.goto(f"{site.url}/live?live=server")
    frame = page.frame_locator("iframe[title*=webrtc]")
    frame.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_text(re.compile("1 face in view"))).to_be_visible()
    site.replicas[replica_of(context)].kill()
    expect(page.get_by_text(BEGUN_ANEW)).to_be_visible()
    # It can begin again at once, on the other one.
    frame.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_text(re.compile("1 face in view"))).to_be_visible()
    context.close()


@pytest.mark.parametrize("path", ["", "live", "video", "own_data"])
def test_an_address_that_nobody_knows_any_more_is_said_to_be(visit: object, path: str) -> None:
    page = visit(f"{path}?session=gone")  # type: ignore[operator]
    expect(page.get_by_text("Nothing is kept under this address any more")).to_be_visible()


def test_a_device_that_analyses_goes_on_at_another_replica(actress: Browser, site: Site) -> None:
    context = visitor(actress)
    page = context.new_page()
    page.goto(f"{site.url}/live?live=device")
    page.locator(".live").get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_text(re.compile("1 face in view"))).to_be_visible()
    site.replicas[replica_of(context)].kill()
    expect(page.get_by_text(BEGUN_ANEW)).to_be_visible()
    expect(page.get_by_text(re.compile("1 face in view"))).to_be_visible()
    page.locator(".live").get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_role("heading", name="This session")).to_be_visible()
    context.close()
