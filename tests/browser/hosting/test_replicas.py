"""Two replicas behind nginx: whose a visitor is, its headers, and what is not for visitors."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from urllib.parse import urlparse

from playwright.sync_api import Browser, expect

from tests.browser.conftest import PATIENCE
from tests.browser.hosting.conftest import Site
from tests.browser.hosting.visitors import (
    arrived,
    csv_of,
    other,
    replica_of,
    sample_answered,
    visitor,
)
from tests.browser.test_dashboard import turn_to

PAGES = ("", "video", "live", "own_data", "dashboard", "about")


def test_every_page_works_behind_nginx_and_its_headers(browser: Browser, site: Site) -> None:
    context = visitor(browser)
    page = context.new_page()
    refused: list[str] = []
    page.on("console", lambda m: refused.append(m.text) if "Security Policy" in m.text else None)
    page.goto(site.url)
    sample_answered(page)
    assert b"sample.jpg" in csv_of(page)
    replica = replica_of(context)
    for path in PAGES:
        page.goto(f"{site.url}/{path}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.get_by_test_id("stException")).to_have_count(0)
        if path == "dashboard":
            turn_to(page, "Training")
            chart = page.locator(".js-plotly-plot .main-svg").first
            expect(chart).to_be_visible(timeout=PATIENCE)
        assert replica_of(context) == replica
    assert refused == []
    context.close()


def test_a_killed_replica_sends_its_visitors_to_the_other(browser: Browser, site: Site) -> None:
    page, gone = arrived(browser, site.url)
    site.replicas[gone].kill()
    page.goto(site.url)
    sample_answered(page)
    assert replica_of(page.context) == other(gone)
    page.context.close()


def test_what_is_the_operators_is_not_for_visitors(browser: Browser, site: Site) -> None:
    context = visitor(browser)
    assert context.request.get(f"{site.url}/_stcore/health").status == 200
    for path in ("_stcore/metrics", "server/metrics"):
        assert context.request.get(f"{site.url}/{path}").status == 404
    context.close()


def test_nginx_lets_go_of_a_thousand_connections_that_never_speak(
    browser: Browser, site: Site
) -> None:
    place = urlparse(site.url)
    with ExitStack() as open_ones:
        silent = [
            open_ones.enter_context(
                socket.create_connection((place.hostname or "", place.port or 0), PATIENCE / 1000)
            )
            for _ in range(1000)
        ]
        context = visitor(browser)
        page = context.new_page()
        page.goto(site.url)
        sample_answered(page)
        assert {one.recv(1) for one in silent} == {b""}  # closed, after client_header_timeout
        context.close()
