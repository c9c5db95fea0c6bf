"""A report in charts, words, and as one HTML file, which is harmless."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import pytest

from app.core.report import charts as core_charts
from app.core.report import text as words
from app.core.report.charts import (
    BY_COLUMN,
    BY_ROW,
    COUNTS,
    SHADES,
    confusion_chart,
    harmless,
    in_theme,
)
from app.core.report.elements import Chart, Command, Facts, Matrix, Row, Table
from app.dashboard import charts
from app.dashboard.models import OpenedModel, open_model
from app.dashboard.registry import html_report, sections_of
from fer.evaluation.metrics import evaluate
from fer.labels import BALANCED_HEAD, EXPRESSION_HEAD, colour_of
from tests.app.dashboard.samples import LABELS, evaluation, report, write_model

FOUND = evaluation()
MATRIX = np.array(FOUND.confusion)


def shown(figure: go.Figure) -> list[list[str]]:
    """Return the texts of the cells as a page or file has them."""
    cells = harmless(figure).layout.annotations
    texts = {(cell.y, cell.x): cell.text for cell in cells}
    side = range(len(figure.data[0].x))
    return [[texts[row, column] for column in side] for row in side]


def test_cells_are_counts_or_shares_and_can_be_clicked() -> None:
    figure = confusion_chart(FOUND, COUNTS)
    assert figure.data[0].x == figure.data[0].y == LABELS
    low, high = figure.layout.yaxis.range
    assert low > high, "the first label is at the top"
    assert shown(figure) == [[str(n) for n in row] for row in FOUND.confusion]
    for mode, axis in ((BY_ROW, 1), (BY_COLUMN, 0)):
        figure = confusion_chart(FOUND, mode)
        expected = MATRIX / MATRIX.sum(axis=axis, keepdims=True)
        assert np.array(figure.data[0].z, float) == pytest.approx(expected)
        assert shown(figure)[0][0] == f"{expected[0, 0]:.0%}"
    one = evaluate(np.array([0]), np.eye(2)[[0]], ("happy", "sad"))
    assert shown(confusion_chart(one, BY_ROW)) == [["100%", "0%"], ["–", "–"]]
    assert shown(confusion_chart(one, BY_COLUMN)) == [["100%", "–"], ["0%", "–"]]
    assert confusion_chart(one, chosen=("happy", "sad")).layout.shapes, "of two labels, too"
    figure = confusion_chart(FOUND, chosen=("fear", "sad"))
    (frame,), targets = figure.layout.shapes, figure.data[1]
    assert round((frame.x0 + frame.x1) / 2) == LABELS.index("sad")
    assert round((frame.y0 + frame.y1) / 2) == LABELS.index("fear")
    assert not confusion_chart(FOUND, chosen=("fear", "no label")).layout.shapes
    cells = [tuple(cell) for cell in targets.customdata]
    assert cells == [(truth, answer) for truth in LABELS for answer in LABELS]
    assert list(zip(targets.y, targets.x, strict=True)) == cells
    assert "labelled fear, " in (said := targets.text[cells.index(("fear", "sad"))])
    assert "called sad" in said


@pytest.mark.parametrize("dark", [False, True])
def test_the_text_of_every_cell_can_be_read(dark: bool) -> None:
    figure = in_theme(confusion_chart(FOUND), dark=dark)
    most = figure.data[0].zmax
    levels = np.ravel(np.array(figure.data[0].z, float)) / most
    assert figure.data[0].colorscale[0][1] == SHADES[dark][0]
    inks = [cell.font.color for cell in figure.layout.annotations]
    assert len(inks) == len(levels)
    stops = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in SHADES[dark]])
    place = np.linspace(0, 1, len(stops))
    for level, ink in zip(levels, inks, strict=True):
        ground = [np.interp(level, place, stops[:, i]) for i in range(3)]
        assert contrast(ground, [int(ink[i : i + 2], 16) for i in (1, 3, 5)]) >= 4.3


def contrast(*colours: list) -> float:
    linear = (np.array(colours) / 255) ** 2.2  # near enough to sRGB
    low, high = sorted(linear @ [0.2126, 0.7152, 0.0722])
    return (high + 0.05) / (low + 0.05)


def test_charts_hold_every_figure() -> None:
    figure = core_charts.per_class_chart(FOUND.classes)
    marks = {trace.name: trace for trace in figure.data if trace.name}
    assert figure.layout.height > 30 * len(LABELS), "a row for each"
    assert list(marks["precision"].x) == [c.precision for c in FOUND.classes]
    assert list(marks["recall"].x) == [c.recall for c in FOUND.classes]
    assert list(marks["F1"].x) == [c.f1 for c in FOUND.classes]
    for trace in marks.values():
        assert list(trace.y) == list(LABELS)
        assert list(trace.marker.color) == [colour_of(label) for label in LABELS]
    before = evaluation(skill=1.0)
    names = [t.name for t in core_charts.reliability_chart(FOUND, None).data]
    assert "before" not in names
    lines = {t.name: t for t in core_charts.reliability_chart(FOUND, before).data}
    assert list(lines["before"].y) == [b.accuracy for b in before.calibration]
    assert list(lines["after"].x) == [b.confidence for b in FOUND.calibration]
    assert list(lines["after"].y) == [b.accuracy for b in FOUND.calibration]
    assert sum(lines["answers"].y) == FOUND.count
    assert max(lines["answers"].width) < 1 / 15, "bars side by side"
    history = report().history
    train, validation = charts.loss_chart(history).data
    assert list(train.x) == [1, 2, 3]
    assert list(train.y) == [e.loss for e in history]
    assert list(validation.y) == [e.validation_loss for e in history]
    train, validation = charts.accuracy_chart(history).data
    assert list(train.y) == [e.accuracy for e in history]
    assert list(validation.y) == [e.validation_accuracy for e in history]
    assert {train.mode, validation.mode} == {"lines"}
    assert charts.loss_chart(history[:1]).data[0].mode == "markers", "one epoch can be seen"
    (rate,) = charts.learning_rate_chart(history).data
    assert list(rate.y) == [e.learning_rate for e in history]


def test_robustness_shows_accuracy_interval_and_change() -> None:
    (worse,) = slices = report().robustness
    (marks,) = charts.robustness_chart(FOUND, slices).data
    assert list(marks.x) == [FOUND.accuracy, worse.evaluation.accuracy]
    assert list(marks.y) == ["as they are", "darker"]
    assert marks.x[1] + marks.error_x.array[1] == pytest.approx(worse.evaluation.accuracy_high)
    assert marks.x[1] - marks.error_x.arrayminus[1] == pytest.approx(worse.evaluation.accuracy_low)
    change = 100 * (worse.evaluation.accuracy - FOUND.accuracy)
    assert marks.text[1] == f"{change:+.1f}".replace("-", "−")


@pytest.mark.parametrize("counts", [{}, {"happy": 30, "sad": 10}])
def test_class_counts(counts: dict[str, int]) -> None:
    (bars,) = charts.class_counts_chart(counts).data
    assert list(bars.x) == list(counts.values())
    assert list(bars.marker.color) == [colour_of(label) for label in counts]
    if counts.get("sad"):
        assert list(bars.text) == ["30 · 75%", "10 · 25%"]


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
    labels = np.repeat([0, 0, 1, 1], np.ravel(rows))
    answers = np.repeat([0, 1, 0, 1], np.ravel(rows))
    return evaluate(labels, np.eye(2)[answers], NAMES)


def test_a_cell_says_what_it_means() -> None:
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
    assert words.largest_confusion(of_counts((400, 3), (5, 400))) == ("sad", "fear")
    assert words.largest_confusion(of_counts((4, 0), (0, 4))) is None


def test_evaluations_come_in_their_order() -> None:
    assert words.split_evaluations(report(evaluations={}, without_duplicates={})) == ()
    assert [m.faces for m in words.split_evaluations(report())] == [
        "test", "validation", "validation, without duplicates"
    ]  # fmt: skip
    assert words.split_evaluations(report())[0].name == "test, FER2013 head"
    assert words.ordered_splits(report()) == ["train", "validation", "test"], "as it learnt"
    other = report(evaluations={"own": evaluation()}, without_duplicates={})
    assert [m.faces for m in words.split_evaluations(other)] == ["own"]
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
def test_faces_have_names(domains: tuple[str, ...], name: str, faces: str, title: str) -> None:
    made, data = report(), {"name": name, "domains": dict.fromkeys(domains, "d")}
    made = made.model_copy(update={"data": made.data.model_copy(update=data)})
    assert words.faces_title(made, faces) == title


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


def test_the_first_column_of_a_table_is_text_and_others_where_it_says_so() -> None:
    table = Table("", ("A", "B", "C"), (), text_columns=("C",))
    assert [table.is_text(column) for column in table.columns] == [True, False, True]


def test_it_loads_nothing_and_tells_problems(model: OpenedModel, tmp_path: Path) -> None:
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
