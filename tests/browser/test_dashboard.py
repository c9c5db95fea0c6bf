"""The Model dashboard in a real browser, with models made here."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, TimeoutError, expect

from app.core.report.text import cell_sentences, percent
from app.core.settings import MODELS
from app.dashboard.models import open_model
from fer.evaluation.metrics import Evaluation
from fer.evaluation.report import Report
from tests.app.dashboard.samples import LABELS, TABS, write_model
from tests.browser.conftest import PATIENCE, PHONE, WIDE, Open, Serve, Visit, until_made


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two models."""
    folder = tmp_path_factory.mktemp("models")
    write_model(folder, "large", seed=5)
    write_model(folder, "small")
    return folder


@pytest.fixture(scope="module")
def report(models: Path) -> Report:
    """The report of the model that the page opens with."""
    return open_model(models / "large").report


@pytest.fixture(scope="module")
def server(models: Path, serve: Serve) -> str:
    """Address of the app with these models."""
    return serve({MODELS.name: str(models)})


@pytest.fixture
def visit(browser: Browser, server: str, open_page: Open) -> Visit:
    """Open the dashboard in a fresh session."""

    def opened(**options: object) -> Page:
        page = open_page(browser, f"{server}/dashboard", **options)
        expect(page.get_by_role("tab", name="Overview")).to_be_visible()
        return page

    return opened


def turn_to(page: Page, tab: str) -> None:
    """Turn to a tab. A click into the moment in which the page redraws its tabs selects none."""
    for _ in range(3):
        page.get_by_role("tab", name=tab).click()
        try:
            page.get_by_role("tab", name=tab, selected=True).wait_for(timeout=PATIENCE / 6)
            return
        except TimeoutError:
            continue
    expect(page.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true")


def open_folds(page: Page, tab: str) -> None:
    """Turn to a tab and open all of its folds but the overview's; none may end in an error."""
    turn_to(page, tab)
    until_made(page)
    # What another tab showed may still be there for a moment.
    panel = page.get_by_role("tabpanel", name=tab)
    folds = panel.get_by_test_id("stExpander").locator("summary")
    for number in range(folds.count() if tab != TABS[0] else 0):
        folds.nth(number).click()
        until_made(page)
        expect(page.get_by_test_id("stException")).to_have_count(0)


def matrix(page: Page) -> Locator:
    return page.get_by_role("figure", name="Confusion matrix")


def click_cell(page: Page, truth: str, answer: str) -> None:
    """Click the middle of a cell of the confusion matrix."""
    area = matrix(page).locator(".nsewdrag").first
    expect(area).to_be_visible()
    until_made(page)
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    assert box
    column, row = LABELS.index(answer) + 0.5, LABELS.index(truth) + 0.5
    x = box["x"] + box["width"] * column / len(LABELS)
    y = box["y"] + box["height"] * row / len(LABELS)
    page.mouse.move(x, y)  # Plotly selects what it hovers over
    expect(matrix(page).locator(".hoverlayer .hovertext")).to_be_visible()
    page.mouse.click(x, y)


def choose(page: Page, label: str, value: str) -> None:
    """Choose in a select box without a mouse."""
    until_made(page)
    page.get_by_label(label).focus()
    page.keyboard.type(value)
    page.keyboard.press("Enter")


def says(page: Page, report: Report, truth: str, answer: str) -> None:
    for sentence in cell_sentences(report.evaluations["test"], truth, answer):
        expect(page.get_by_test_id("stMarkdown").get_by_text(sentence)).to_be_visible()


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_every_part_opens_and_fits_the_screen(visit: Visit, viewport: dict[str, int]) -> None:
    page = visit(viewport=viewport)
    for tab in TABS:
        open_folds(page, tab)
        if tab != TABS[0]:
            expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
        expect(page.get_by_test_id("stException")).to_have_count(0)
        widest = page.evaluate(
            """Math.max(...[...document.querySelectorAll(
                "h1, h5, p, img, button:not([role=tab]), .js-plotly-plot .main-svg")]
                .filter((element) => !element.closest("table, [role=tablist]"))
                .concat(...document.querySelectorAll("table"))
                .map((element) => element.getBoundingClientRect().right))"""
        )
        assert 0 < widest <= viewport["width"], tab


def cells(page: Page, number: int = 0) -> list[str]:
    """Return the texts that are drawn in the cells of a confusion matrix of a page or file."""
    matrix = page.locator(".js-plotly-plot:has(.heatmaplayer .hm)").nth(number)
    expect(matrix.locator(".annotation-text").last).to_be_visible()
    return matrix.locator(".annotation-text").all_text_contents()


def percentages(evaluation: Evaluation) -> list[str]:
    return [f"{n / sum(row):.0%}" if sum(row) else "–" for row in evaluation.confusion for n in row]


def test_the_same_cell_can_be_clicked_again_after_another_was_chosen(
    visit: Visit, report: Report
) -> None:
    page = visit()
    assert cells(page) == percentages(report.evaluations["test"])
    click_cell(page, "fear", "sad")
    expect(matrix(page).locator(".shapelayer path")).to_have_count(1)
    says(page, report, "fear", "sad")
    choose(page, "Called", "angry")
    says(page, report, "fear", "angry")
    click_cell(page, "fear", "sad")
    says(page, report, "fear", "sad")
    click_cell(page, "fear", "sad")
    until_made(page)
    says(page, report, "fear", "sad")


def test_the_html_report_opens_offline_with_the_same_figures(
    visit: Visit, open_page: Open, browser: Browser, report: Report, tmp_path: Path
) -> None:
    page = visit()
    figures = page.get_by_test_id("stMetricValue")
    expect(figures).to_have_count(4)
    shown = figures.all_inner_texts()
    assert percent(report.evaluations["test"].accuracy) in shown
    with page.expect_download() as download:
        page.get_by_role("button", name="Report (HTML)").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)

    offline = open_page(browser, offline=True, viewport=PHONE, color_scheme="dark")
    asked: list[str] = []
    errors: list[str] = []
    offline.on("request", lambda request: asked.append(request.url))
    offline.on("pageerror", lambda error: errors.append(str(error)))
    offline.goto(file.as_uri())
    facts = offline.locator("#part1 .fact dd")
    assert facts.all_inner_texts() == shown
    charts = offline.locator(".js-plotly-plot")
    expect(charts.last.locator(".main-svg").first).to_be_visible()
    assert charts.count() > 10
    assert cells(offline) == percentages(report.evaluations["test"])
    ink = charts.first.locator(".xtick text").first
    expect(ink).to_have_css("fill", re.compile(r"rgb\(166, 165, 174\)"))
    offline.emulate_media(color_scheme="light")
    expect(ink).to_have_css("fill", re.compile(r"rgb\(107, 106, 117\)"))
    wide = offline.evaluate("document.documentElement.scrollWidth")
    assert wide <= PHONE["width"]
    assert (
        offline.locator(".scroll").evaluate_all(
            "all => all.filter((one) => one.scrollWidth > one.clientWidth).length"
        )
        == 0
    )
    assert asked == [file.as_uri()]
    assert errors == []
