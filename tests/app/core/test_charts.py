"""Figures: what is drawn, in which colour and order."""

import subprocess
import sys

import numpy as np
import pytest

from app.core import charts
from fer.labels import FER2013_LABELS, FERPLUS_LABELS, colour_of
from tests.samples import ROOT

SHARES = np.array([0.02, 0.0, 0.03, 0.9, 0.01, 0.04, 0.0], np.float32)


def test_bars_keep_the_order_of_the_labels_so_that_faces_compare() -> None:
    figure = charts.probability_bars(SHARES, FER2013_LABELS, ink="#123456")
    bars = figure.data[0]
    assert list(bars.y) == list(FER2013_LABELS)
    assert list(bars.x) == pytest.approx(SHARES.tolist())
    assert list(bars.marker.color) == [colour_of(label) for label in FER2013_LABELS]
    assert figure.layout.xaxis.range[1] > 1.1, "a full bar leaves room for its figure"
    assert bars.textfont.color == figure.layout.yaxis.tickfont.color == "#123456"
    more = charts.probability_bars(np.append(SHARES, np.float32(0)), FERPLUS_LABELS)
    margins = figure.layout.margin.t + figure.layout.margin.b
    for one, rows in ((figure, 7), (more, 8)):
        assert one.layout.height - margins == 23 * rows, "a row is as high wherever it is"
    assert list(bars.text) == ["2%", "<1%", "3%", "90%", "1%", "4%", "<1%"]


@pytest.mark.parametrize(
    ("counts", "parts"),
    [
        ({}, []),
        ({"sad": 2, "happy": 5}, [("sad", 2), ("happy", 5)]),
        ({"sad": 2, "uncertain": 4}, [("sad", 2), ("uncertain", 4)]),
        ({"contempt": 1}, [("contempt", 1)]),
    ],
)
def test_a_mix_has_a_part_per_expression_that_occurs(
    counts: dict[str, int], parts: list[tuple[str, int]]
) -> None:
    figure = charts.answer_mix(counts)
    assert [(bar.name, bar.x[0]) for bar in figure.data] == parts
    for bar, (name, _) in zip(figure.data, parts, strict=True):
        assert bool(bar.marker.pattern.shape) == (name == "uncertain")
        assert (bar.marker.color == colour_of(name)) == (name != "uncertain")
    assert figure.layout.barmode == "stack"
    assert figure.layout.xaxis.range[1] == max(1, sum(counts.values()))


BEFORE_PANDAS = """
import sys, numpy as np
from app.core import charts
made = []
@charts.after_pandas
def make(value):
    made.append((value, hasattr(sys.modules.get("pandas"), "Series")))
assert "pandas" not in sys.modules
make(1)
print(made)
for maker in (charts.probability_bars, charts.answer_mix):
    print(maker.__code__ is make.__code__)
"""


def test_pandas_is_whole_before_a_figure_is_made_and_not_there_before() -> None:
    done = subprocess.run(
        [sys.executable, "-c", BEFORE_PANDAS], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["[(1, True)]", *["True"] * 2]
