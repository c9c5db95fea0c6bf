import numpy as np
import pytest

from app.core.stream_charts.timeline import MAX_POINTS, curves, describe_curves
from fer.export.stream import NO_FACE, HeadLabels, StreamRows, row_type
from tests.app.samples import LABELS
from tests.fer.export.samples import HAPPY, NOBODY, SAD, TWO, Seen, rows


@pytest.mark.parametrize("seen", [rows(), rows((0.0, NO_FACE, NOBODY)), rows((0.0, 2, SAD))])
def test_who_was_not_in_view_has_no_lines(seen: StreamRows) -> None:
    curve = curves(seen, 1, 0, 10)
    assert len(curve.seconds) == len(curve.occurring) == 0
    assert describe_curves(curve, "Person 1") == "Probabilities of Person 1 over time: not in view."


def test_a_point_per_time_with_all_probabilities() -> None:
    curve = curves(TWO, 1, 0, 40)
    assert curve.seconds == pytest.approx([0, 0.1])
    assert curve.probabilities == pytest.approx(np.array([HAPPY, SAD]))
    assert [curve.labels[i] for i in curve.occurring] == list(LABELS)
    assert describe_curves(curve, "Person 1") == (
        "Probabilities of Person 1 over time: happy 50% on average, at most 80% at 0:00; "
        "sad 40% on average, at most 70% at 0:00; neutral 10% on average, at most 10% at 0:00."
    )


def test_points_close_together_are_averaged() -> None:
    seen = [(i / 15, 1, HAPPY if i % 2 else SAD) for i in range(15 * 3600)]
    curve = curves(rows(*seen), 1, 0, 3600)
    assert MAX_POINTS / 2 < len(curve.seconds) <= MAX_POINTS + 1
    assert curve.probabilities[1:-1, 0] == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(("every", "gap"), [(17.0, False), (19.0, True)])
def test_in_a_long_time_points_are_joined_over_two_of_their_widths(every: float, gap: bool) -> None:
    curve = curves(rows((0.0, 1, HAPPY), (every, 1, HAPPY)), 1, 0, 9.0 * MAX_POINTS)
    assert bool(np.isnan(curve.probabilities).any()) == gap


def test_a_gap_is_a_point_that_is_not_known() -> None:
    seen: list[Seen] = [(0.1 * i, 1, HAPPY) for i in range(5)]
    seen += [(2.0, 2, SAD), (5.0, 1, SAD), (9.0, 1, HAPPY), (9.1, 1, HAPPY)]
    curve = curves(rows(*seen), 1, 0, 10)
    happy = curve.probabilities[:, 0]
    np.testing.assert_allclose(happy, [*[0.8] * 5, np.nan, 0.2, np.nan, 0.8, 0.8])
    assert curve.seconds[[5, 7]] == pytest.approx([2.7, 7.0])


def test_a_change_of_the_head_is_a_gap_and_its_labels_are_its_own() -> None:
    heads = (HeadLabels("expression", ("happy", "sad")), HeadLabels("ferplus", ("happy", "calm")))
    array = np.zeros(4, row_type(("happy", "sad", "calm")))
    array["seconds"], array["track"], array["head"] = [0, 0.1, 0.1001, 0.3], 1, [0, 0, 1, 1]
    array["probabilities"] = [(0.6, 0.4, 0), (0.6, 0.4, 0), (0.3, 0, 0.7), (0.3, 0, 0.7)]
    curve = curves(StreamRows(array, heads), 1, 0, 100)
    assert curve.labels == ("happy", "sad", "calm")
    np.testing.assert_allclose(curve.probabilities[:, 1], [0.4, np.nan, np.nan, np.nan])
    np.testing.assert_allclose(curve.probabilities[:, 2], [np.nan, np.nan, 0.7, 0.7])
