"""What stands in the charts of a report is what stands in the report."""

import numpy as np
import plotly.graph_objects as go
import pytest

from app.core.report import charts as report_charts
from app.core.report.charts import (
    BY_COLUMN,
    BY_ROW,
    COUNTS,
    SHADES,
    confusion_chart,
    harmless,
    in_theme,
)
from app.dashboard import charts
from fer.evaluation.metrics import evaluate
from fer.labels import colour_of
from tests.app.dashboard.samples import LABELS, evaluation, report

FOUND = evaluation()
MATRIX = np.array(FOUND.confusion)


def shown(figure: go.Figure) -> list[list[str]]:
    """Return the texts of the cells as a page or file has them."""
    cells = harmless(figure).layout.annotations
    texts = {(cell.y, cell.x): cell.text for cell in cells}
    side = range(len(figure.data[0].x))
    return [[texts[row, column] for column in side] for row in side]


def test_cells_are_counts_or_shares_of_each_row_or_column() -> None:
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


def test_every_cell_can_be_clicked_and_tells_what_it_means() -> None:
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
    """Return the contrast of two colours by WCAG 2."""
    linear = (np.array(colours) / 255) ** 2.2  # near enough to sRGB
    low, high = sorted(linear @ [0.2126, 0.7152, 0.0722])
    return (high + 0.05) / (low + 0.05)


def test_each_class_has_its_colour_and_its_three_figures() -> None:
    figure = report_charts.per_class_chart(FOUND.classes)
    marks = {trace.name: trace for trace in figure.data if trace.name}
    assert figure.layout.height > 30 * len(LABELS), "a row for each"
    assert list(marks["precision"].x) == [c.precision for c in FOUND.classes]
    assert list(marks["recall"].x) == [c.recall for c in FOUND.classes]
    assert list(marks["F1"].x) == [c.f1 for c in FOUND.classes]
    for trace in marks.values():
        assert list(trace.y) == list(LABELS)
        assert list(trace.marker.color) == [colour_of(label) for label in LABELS]


def test_reliability_has_a_line_before_only_if_it_was_measured() -> None:
    before = evaluation(skill=1.0)
    names = [t.name for t in report_charts.reliability_chart(FOUND, None).data]
    assert "before" not in names
    lines = {t.name: t for t in report_charts.reliability_chart(FOUND, before).data}
    assert list(lines["before"].y) == [b.accuracy for b in before.calibration]
    assert list(lines["after"].x) == [b.confidence for b in FOUND.calibration]
    assert list(lines["after"].y) == [b.accuracy for b in FOUND.calibration]
    assert sum(lines["answers"].y) == FOUND.count
    assert max(lines["answers"].width) < 1 / 15, "bars side by side"


def test_robustness_shows_accuracy_interval_and_change() -> None:
    (worse,) = slices = report().robustness
    (marks,) = charts.robustness_chart(FOUND, slices).data
    assert list(marks.x) == [FOUND.accuracy, worse.evaluation.accuracy]
    assert list(marks.y) == ["as they are", "darker"]
    assert marks.x[1] + marks.error_x.array[1] == pytest.approx(worse.evaluation.accuracy_high)
    assert marks.x[1] - marks.error_x.arrayminus[1] == pytest.approx(worse.evaluation.accuracy_low)
    change = 100 * (worse.evaluation.accuracy - FOUND.accuracy)
    assert marks.text[1] == f"{change:+.1f}".replace("-", "−")


def test_curves_hold_every_epoch() -> None:
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


@pytest.mark.parametrize("counts", [{}, {"happy": 30, "sad": 10}])
def test_class_counts(counts: dict[str, int]) -> None:
    (bars,) = charts.class_counts_chart(counts).data
    assert list(bars.x) == list(counts.values())
    assert list(bars.marker.color) == [colour_of(label) for label in counts]
    if counts.get("sad"):
        assert list(bars.text) == ["30 · 75%", "10 · 25%"]
