"""A visitor chooses another model, and it answers on all pages."""

from __future__ import annotations

import csv
import io

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PHONE, WIDE, Open, Serve, follow, until_made
from tests.samples import SHIPPED_MODEL, write_copy

#: What the shipped network calls happy, by the name that the other model has for it.
STYLE = "style 3"


@pytest.fixture(scope="module")
def server(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Address of the app, with a model beside the shipped one."""
    folder = tmp_path_factory.mktemp("models")
    write_copy(folder, "mine", one_head=True)
    return serve({"FER_MODEL": str(SHIPPED_MODEL), "FER_MODELS": str(folder)})


@pytest.fixture(params=[WIDE, PHONE], ids=["wide", "phone"])
def page(request: pytest.FixtureRequest, browser: Browser, server: str, open_page: Open) -> Page:
    return open_page(browser, server, viewport=request.param)


def choose(page: Page, now: str, then: str) -> None:
    """Choose a model in the place of another, and close what it was chosen in."""
    # A page that is still being made closes what was opened.
    until_made(page)
    page.get_by_role("button", name="Settings").click()
    options = page.get_by_role("radiogroup", name="The model that answers, on all pages")
    expect(options.get_by_role("radio", name=now)).to_be_checked()
    options.get_by_text(then, exact=True).click()
    expect(options.get_by_role("radio", name=then)).to_be_checked()
    page.keyboard.press("Escape")
    expect(options).to_be_hidden()


def rows(page: Page) -> list[dict[str, str]]:
    until_made(page)
    with page.expect_download() as file:
        page.get_by_role("button", name="CSV", exact=True).click()
    return list(csv.DictReader(io.StringIO(file.value.path().read_text(encoding="utf-8-sig"))))


def test_the_choice_holds_on_every_page(page: Page) -> None:
    page.get_by_role("button", name="Try it with a sample photo").click()
    expect(page.get_by_role("heading", name="Happy", level=4)).to_be_visible()
    choose(page, "compact", "mine")
    expect(page.get_by_role("heading", name=STYLE.capitalize(), level=4)).to_be_visible()
    assert {(row["model"], row["answer"]) for row in rows(page)} == {("mine", STYLE)}
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    follow(page, "Dashboard")
    expect(page.get_by_role("combobox", name="Model")).to_have_value("mine (running)")
    follow(page, "Photos")
    expect(page.get_by_role("heading", name=STYLE.capitalize(), level=4)).to_be_visible()
    page.reload()
    page.get_by_role("button", name="Settings").click()
    expect(page.get_by_role("radio", name="mine")).to_be_checked()


def test_a_stream_goes_on_when_another_model_answers(page: Page) -> None:
    follow(page, "Live")
    page.get_by_role("button", name="Play a sample clip").click()
    expect(page.get_by_text("1 face in view")).to_be_visible()
    expect(page.get_by_text("happy").first).to_be_visible()
    choose(page, "compact", "mine")
    expect(page.get_by_text(STYLE).first).to_be_visible()
    expect(page.get_by_text("1 face in view")).to_be_visible()
    page.get_by_role("button", name="Stop the sample clip").click()
    expect(page.get_by_role("heading", name="This session")).to_be_visible()
    table = rows(page)
    models = [row["model"] for row in table]
    assert models == sorted(models), "first compact, then mine"
    assert set(models) == {"compact", "mine"}
    assert {row["person"] for row in table} <= {"", "1"}
    for model, expression in (("compact", "happy"), ("mine", STYLE)):
        sure = [row for row in table if row["model"] == model and row["uncertain"] == "false"]
        assert sure[-1]["answer"] == expression
