import numpy as np
import pytest

from app.live.charts.curves import MAX_POINTS, curves, curves_figure, describe_curves, occurring
from fer.export.stream import NO_FACE, HeadLabels, StreamRows, row_type
from fer.labels import colour_of
from tests.app.live.samples import TWO
from tests.app.samples import LABELS
from tests.fer.export.samples import HAPPY, NOBODY, SAD, Seen, rows


@pytest.mark.parametrize("seen", [rows(), rows((0.0, NO_FACE, NOBODY)), rows((0.0, 2, SAD))])
def test_who_was_not_in_view_has_no_lines(seen: StreamRows) -> None:
    curve = curves(seen, 1, 0, 10)
    assert len(curve.seconds) == len(occurring(curve)) == 0
    assert not curves_figure(curve, 0, 10).data
    assert describe_curves(curve, "Person 1") == "Probabilities of Person 1 over time: not in view."


def test_a_line_per_expression_in_its_colour() -> None:
    curve = curves(TWO, 1, 0, 40)
    assert curve.seconds == pytest.approx([0, 0.1])
    assert curve.probabilities == pytest.approx(np.array([HAPPY, SAD]))
    figure = curves_figure(curve, 0, 40)
    assert [line.name for line in figure.data] == list(LABELS)
    assert [line.line.color for line in figure.data] == [colour_of(label) for label in LABELS]
    assert [list(line.y) for line in figure.data] == [[0.8, 0.2], [0.1, 0.7], [0.1, 0.1]]
    assert describe_curves(curve, "Person 1") == (
        "Probabilities of Person 1 over time: happy 50% on average, at most 80% at 0:00; "
        "sad 40% on average, at most 70% at 0:00; neutral 10% on average, at most 10% at 0:00."
    )


def test_points_close_together_are_averaged() -> None:
    seen = [(i / 15, 1, HAPPY if i % 2 else SAD) for i in range(15 * 3600)]
    curve = curves(rows(*seen), 1, 0, 3600)
    assert MAX_POINTS / 2 < len(curve.seconds) <= MAX_POINTS + 1
    assert curve.probabilities[1:-1, 0] == pytest.approx(0.5, abs=0.01)


def test_gaps_are_not_joined_and_lone_points_can_be_seen() -> None:
    seen: list[Seen] = [(0.1 * i, 1, HAPPY) for i in range(5)]
    seen += [(2.0, 2, SAD), (5.0, 1, SAD), (9.0, 1, HAPPY), (9.1, 1, HAPPY)]
    curve = curves(rows(*seen), 1, 0, 10)
    line, points, *_ = curves_figure(curve, 0, 10).data
    np.testing.assert_allclose(line.y, [*[0.8] * 5, np.nan, 0.2, np.nan, 0.8, 0.8])
    assert not line.connectgaps
    assert (points.name, list(points.x)) == (line.name, [5.0])
    np.testing.assert_allclose(points.y, [0.2])
    # Thousands of invisible marks slow a browser down, second by second.
    assert (line.mode, points.mode) == ("lines", "markers")


def test_a_change_of_the_head_is_a_gap_and_its_labels_are_its_own() -> None:
    heads = (HeadLabels("expression", ("happy", "sad")), HeadLabels("ferplus", ("happy", "calm")))
    array = np.zeros(4, row_type(("happy", "sad", "calm")))
    array["seconds"], array["track"], array["head"] = [0, 0.1, 0.1001, 0.3], 1, [0, 0, 1, 1]
    array["probabilities"] = [(0.6, 0.4, 0), (0.6, 0.4, 0), (0.3, 0, 0.7), (0.3, 0, 0.7)]
    curve = curves(StreamRows(array, heads), 1, 0, 100)
    lines = [line for line in curves_figure(curve, 0, 100).data if line.mode == "lines"]
    sad = [list(line.y) for line in lines if line.name == "sad"]
    calm = [list(line.y) for line in lines if line.name == "calm"]
    np.testing.assert_allclose(sad, [[0.4, np.nan, np.nan, np.nan]])
    np.testing.assert_allclose(calm, [[np.nan, np.nan, 0.7, 0.7]])
