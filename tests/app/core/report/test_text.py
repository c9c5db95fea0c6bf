"""Figures as text, and the HTML report, which is one file with all of them, and harmless."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import numpy as np
import pytest

from app.core.report import text as words
from app.core.report.elements import Chart, Command, Facts, Matrix, Row, Table
from app.dashboard.models import OpenedModel, open_model
from app.dashboard.registry import html_report, sections_of
from fer.evaluation.metrics import evaluate
from fer.labels import BALANCED_HEAD, EXPRESSION_HEAD
from tests.app.dashboard.samples import evaluation, report, write_model


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (1905.3, "31 min 45 s"),
     (3599.9, "1 h 00 min"), (7500, "2 h 05 min")],
)  # fmt: skip
def test_durations(seconds: float, text: str) -> None:
    assert words.duration(seconds) == text


@pytest.mark.parametrize(
    ("count", "size", "many"),
    [(0, "0 B", "0"), (999, "999 B", "999"), (1000, "1.0 kB", "1.0 k"),
     (999_949, "999.9 kB", "999.9 k"), (999_951, "1.0 MB", "1.00 M"),
     (1_567_551, "1.6 MB", "1.57 M")],
)  # fmt: skip
def test_sizes_and_large_numbers(count: int, size: str, many: str) -> None:
    assert words.byte_size(count) == size
    assert words.short_count(count) == many


@pytest.mark.parametrize(
    ("difference", "text"), [(0.0, "±0.0"), (0.0004, "±0.0"), (-0.1164, "−11.6"), (0.02, "+2.0")]
)
def test_differences_carry_their_sign(difference: float, text: str) -> None:
    assert words.percentage_points(difference) == text


NAMES = ("fear", "sad")


def of_counts(*rows: tuple[int, int]) -> words.Evaluation:
    """Return the evaluation with this confusion matrix."""
    labels = np.repeat([0, 0, 1, 1], np.ravel(rows))
    answers = np.repeat([0, 1, 0, 1], np.ravel(rows))
    return evaluate(labels, np.eye(2)[answers], NAMES)


def test_a_cell_says_what_it_means_by_row_and_by_column() -> None:
    found = of_counts((435, 61), (39, 300))
    assert words.cell_sentences(found, "fear", "sad") == (
        "Of 496 faces labelled fear, 61 (12%) were called sad.",
        "Of 361 faces that it called sad, 61 (17%) were labelled fear.",
    )
    found = of_counts((0, 0), (1, 0))
    assert words.cell_sentences(found, "fear", "sad") == (
        "Of 0 faces labelled fear, 0 were called sad.",
        "Of 0 faces that it called sad, 0 were labelled fear.",
    )
    assert words.cell_sentences(found, "sad", "fear")[0] == (
        "Of 1 face labelled sad, 1 (100%) was called fear."
    )


def test_the_largest_confusion_is_no_right_answer() -> None:
    assert words.largest_confusion(of_counts((400, 3), (5, 400))) == ("sad", "fear")
    assert words.largest_confusion(of_counts((4, 0), (0, 4))) is None


def test_evaluations_come_test_first_each_followed_by_the_one_without_duplicates() -> None:
    assert words.split_evaluations(report(evaluations={}, without_duplicates={})) == ()
    assert [m.faces for m in words.split_evaluations(report())] == [
        "test", "validation", "validation, without duplicates"
    ]  # fmt: skip
    assert words.split_evaluations(report())[0].name == "test, FER2013 head"
    assert words.ordered_splits(report()) == ["train", "validation", "test"], "as it learnt"
    other = report(evaluations={"own": evaluation()}, without_duplicates={})
    assert [m.faces for m in words.split_evaluations(other)] == ["own"]


@pytest.mark.parametrize(
    ("domains", "name", "faces", "title"),
    [
        ((), "faces.npz", "test", "test"),
        ((), "fer2013.npz", "test", "FER2013, test"),
        ((), "fer2013.npz", "validation, without duplicates",
         "FER2013, validation, without duplicates"),
        (("fer2013", "press"), "two", "validation", "FER2013, validation"),
        (("fer2013", "press"), "two", "validation, press", "Press photos, validation"),
        (("fer2013", "press"), "two", "validation, all domains", "Both, validation"),
    ],
)  # fmt: skip
def test_faces_have_plain_names(
    domains: tuple[str, ...], name: str, faces: str, title: str
) -> None:
    made, data = report(), {"name": name, "domains": dict.fromkeys(domains, "d")}
    made = made.model_copy(update={"data": made.data.model_copy(update=data)})
    assert words.faces_title(made, faces) == title


def test_evaluations_begin_with_the_head_that_answers() -> None:
    two = report(balanced_evaluations={"test": evaluation()})
    heads = {
        first: [m.head for m in words.split_evaluations(two, first)]
        for first in (BALANCED_HEAD, EXPRESSION_HEAD)
    }
    assert heads[BALANCED_HEAD] == [BALANCED_HEAD, *3 * [EXPRESSION_HEAD]]
    assert heads[EXPRESSION_HEAD] == [*3 * [EXPRESSION_HEAD], BALANCED_HEAD]
    shown = words.evaluation_on(two, "validation", BALANCED_HEAD)
    assert shown
    assert shown.head == EXPRESSION_HEAD, "the other one was not measured there"


@pytest.fixture
def model(tmp_path: Path) -> OpenedModel:
    write_model(tmp_path)
    return open_model(tmp_path / "small")


def test_every_figure_of_every_section_is_in_it(model: OpenedModel) -> None:
    text = unescape(re.sub(r"<script.*?</script>", "", html_report(model), flags=re.S))
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


def test_plotly_is_inside_once_nothing_is_loaded_and_problems_are_told(
    model: OpenedModel, tmp_path: Path
) -> None:
    page = html_report(model)
    charts = re.findall(r'id="(chart\d+)"', page)
    assert len(charts) == len(set(charts)) > 10
    assert len(re.findall(r"plotly\.js v\d", page)) == 1
    assert not re.search(r'<(?:script|link|img)[^>]+(?:src|href)="', page)
    assert "prefers-color-scheme: dark" in page
    assert 'class="problem"' not in page
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
