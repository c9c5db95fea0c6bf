"""The HTML report is one file with all figures, and harmless."""

import re
from html import unescape
from pathlib import Path

import pytest

from app.core.report.elements import Chart, Command, Facts, Matrix, Row, Table
from app.dashboard.models import OpenedModel, open_model
from app.dashboard.registry import html_report, sections_of
from tests.app.dashboard.samples import write_model


@pytest.fixture
def model(tmp_path: Path) -> OpenedModel:
    write_model(tmp_path)
    return open_model(tmp_path / "small")


def without_scripts(page: str) -> str:
    return re.sub(r"<script.*?</script>", "", page, flags=re.S)


def test_every_figure_of_every_section_is_in_it(model: OpenedModel) -> None:
    text = unescape(without_scripts(html_report(model)))
    assert "<title>Report of small</title>" in text
    titles = [section.title for section in sections_of(model)]
    assert len(titles) == len(set(titles))
    for name in ("test", "validation", "validation, without duplicates"):
        assert {f"{what}: {name}, FER2013 head" for what in ("What it mixes up", "Confidence")} < {
            *titles
        }
    seen = 0
    for section in sections_of(model):
        assert section.title in text
        for part in section.parts:
            for expected in texts_of(part):
                assert expected in text
                seen += 1
    assert seen > 300


def texts_of(part: object) -> list[str]:
    match part:
        case Row():
            return [text for each in part.parts for text in texts_of(each)]
        case Matrix():
            return [t for one in (part.chart, part.counts, part.report) for t in texts_of(one)]
        case Facts():
            return [text for f in part.facts for text in (f.label, f.value, f.note)]
        case Table():
            return [*part.columns, *(cell for row in part.rows for cell in row)]
        case Chart():
            return [part.title, part.alt]
        case Command():
            return [part.text]
    return []


def test_plotly_is_inside_once_and_nothing_is_loaded(model: OpenedModel) -> None:
    page = html_report(model)
    charts = re.findall(r'id="(chart\d+)"', page)
    assert len(charts) == len(set(charts)) > 10
    assert len(re.findall(r"plotly\.js v\d", page)) == 1
    assert not re.search(r'<(?:script|link|img)[^>]+(?:src|href)="', page)
    assert "prefers-color-scheme: dark" in page


def test_problems_are_told(model: OpenedModel, tmp_path: Path) -> None:
    assert 'class="problem"' not in html_report(model)
    (tmp_path / "small" / "model.tflite").write_bytes(b"another network")
    page = html_report(open_model(tmp_path / "small"))
    assert "model.tflite is not the file that was measured" in page


def test_what_stands_in_a_report_cannot_run_in_the_page(tmp_path: Path) -> None:
    bad = "</script><script>alert(1)</script>"
    write_model(
        tmp_path, command=bad, machine=bad, configuration={bad: bad}, evaluations={}, history=(),
        without_duplicates={}, layers=(), robustness=(), ferplus_agreement=(),
    )  # fmt: skip
    page = html_report(open_model(tmp_path / "small"))
    assert "alert(1)" in page
    assert "<script>alert" not in page
