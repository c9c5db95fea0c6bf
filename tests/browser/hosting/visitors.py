"""Who visits several replicas behind nginx."""

from __future__ import annotations

from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import PATIENCE, WIDE

COOKIE = "fer_lens_replica"


def visitor(browser: Browser) -> BrowserContext:
    context = browser.new_context(viewport=WIDE, ignore_https_errors=True)  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE)
    return context


def arrived(browser: Browser, url: str) -> tuple[Page, str]:
    """Return the page of a visitor whose sample was answered, and the replica that did it."""
    page = visitor(browser).new_page()
    page.goto(url)
    sample_answered(page)
    return page, replica_of(page.context)


def csv_of(page: Page) -> bytes:
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV", exact=True).click()
    return download.value.path().read_bytes()


def replica_of(context: BrowserContext) -> str:
    [cookie] = [cookie for cookie in context.cookies() if cookie["name"] == COOKIE]
    assert cookie["secure"]
    assert cookie["httpOnly"]
    return str(cookie["value"])


def sample_answered(page: Page) -> None:
    page.get_by_role("button", name="Try it with a sample photo").click()
    expect(page.get_by_role("img", name="sample.jpg with 1 face marked")).to_be_visible()


def other(replica: str) -> str:
    return {"1": "2", "2": "1"}[replica]
