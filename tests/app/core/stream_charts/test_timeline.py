"""A stream's rows over time: bars, curves, and what is said of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.models.head_text import NAMES
from app.core.stream_charts.timeline import (
    MAX_BARS,
    MAX_POINTS,
    HeadChange,
    bar_width,
    curves,
    describe_curves,
    describe_shares,
    describe_timeline,
    share_rows,
    timeline,
    whole_line,
)
from fer.export.stream import NO_FACE, HeadLabels, StreamRows, row_type, shares
from tests.app.samples import LABELS
from tests.fer.export.samples import HAPPY, HEADS, NOBODY, SAD, TWO, Seen, rows, steady


def test_bars_hold_the_mean_of_their_time() -> None:
    empty = timeline(StreamRows.empty(HEADS), 0, 10)
    assert (empty.people, empty.start, empty.end) == ([], 0, 10)
    assert describe_timeline(empty, LABELS) == "Timeline from 0:00 to 0:10: no face."
    line = timeline(TWO, 0, 10)
    first, second = line.people
    assert (line.width, first.track, second.track) == (0.5, 1, 2)
    assert first.seconds.tolist() == [0.25]
    assert first.confidence == pytest.approx([0.5])
    assert [LABELS[i] for i in second.expression] == ["sad", "happy"]
    assert second.seconds.tolist() == [0.25, 0.75]
    assert describe_timeline(line, LABELS) == (
        "Timeline from 0:00 to 0:10: person 1 mostly happy; person 2 mostly happy."
    )


def test_a_bar_is_uncertain_if_most_of_it_was() -> None:
    marked = rows((0.0, 1, HAPPY), (0.1, 1, HAPPY), (0.2, 1, HAPPY), (0.6, 1, HAPPY))
    marked.array["uncertain"] = [True, True, False, False]
    (line,) = timeline(marked, 0, 10).people
    assert line.uncertain.tolist() == [True, False]
    marked.array["uncertain"] = [True, False, False, False]
    (half,) = timeline(marked.take(np.array([True, True, False, True])), 0, 10).people
    assert half.uncertain.tolist() == [False, False]


def test_uncertain_time_counts_for_no_expression() -> None:
    marked = rows((0.0, 1, HAPPY), (0.1, 1, HAPPY), (0.2, 1, HAPPY), (0.6, 1, SAD))
    marked.array["uncertain"] = [True, False, True, False]
    summed = shares(marked)
    assert summed.seconds == pytest.approx(np.array([[0.1, 0.1, 0, 0.5]]))
    (row,) = share_rows(summed, LABELS)
    assert [row[n] for n in (*LABELS, "uncertain")] == pytest.approx([100 / 7, 100 / 7, 0, 500 / 7])
    assert describe_shares(summed, LABELS).endswith("1: uncertain 71%, happy 14%, sad 14%.")
    marked.array["uncertain"] = [True, True, True, False]
    assert "person 1 mostly uncertain" in describe_timeline(timeline(marked, 0, 0.5), LABELS)


def test_the_window_begins_where_a_bar_begins_and_has_no_holes() -> None:
    line = timeline(TWO, 0.7, 90.7)
    assert line.start == 0.5
    assert [person.track for person in line.people] == [2]
    # At 1.25 frames a second, every other bar of half a second has no frame of its own.
    for start in (0, 10):
        seen = rows(*[(start + 0.8 * i, 1, HAPPY) for i in range(10)])
        (person,) = timeline(seen, start, start + 8).people
        assert person.seconds.tolist() == [start + 0.25 + 0.5 * i for i in range(16)]


@given(st.floats(0.01, 1e6))
def test_there_are_never_too_many_bars(span: float) -> None:
    assert span / bar_width(span) <= MAX_BARS * (1 + 1e-9)
    assert span / bar_width(span, 20) <= 20 * (1 + 1e-9)


def test_a_hole_is_no_data_and_nobody_in_view_is_none() -> None:
    steady = [0.2 * i for i in range(60)]
    away = [(t, NO_FACE, NOBODY) if 2 < t < 4 else (t, 1, HAPPY) for t in steady]
    stalled = [seen for seen in away if not 6 < seen[0] < 9]
    line = timeline(rows(*stalled), 0, 15, until=12)
    assert np.array(line.gaps) == pytest.approx(np.array([(6.2, 9.0)]), abs=0.01)
    (person,) = line.people
    there = person.seconds.tolist()
    assert not [t for t in there if 2.5 < t < 4 or 6.5 < t < 9]
    assert len([t for t in there if t < 2 or 4 < t < 6 or t > 9]) == 4 + 4 + 6
    assert np.array(line.known) == pytest.approx(np.array([(0, 6.2), (9.0, 12)]), abs=0.01)
    assert describe_timeline(line, LABELS).endswith("mostly happy. No data from 0:06 to 0:09.")


def test_a_change_of_the_head_or_model_is_marked_with_its_name() -> None:
    mine = HeadLabels("ferplus", LABELS, "mine", "1")
    heads = (*HEADS, HeadLabels("ferplus", LABELS), mine)
    seen = StreamRows(rows(*[(0.2 * i, 1, HAPPY) for i in range(20)]).array, heads)
    seen.array["head"][10:15], seen.array["head"][15:] = 1, 2
    line = timeline(seen, 0, 10)
    assert line.changes == [HeadChange(2.0, "ferplus"), HeadChange(3.0, "ferplus", "mine")]
    names = f"From 0:02 on: {NAMES['ferplus']}; From 0:03 on: mine."
    assert describe_timeline(line, LABELS).endswith(names)


@pytest.mark.parametrize("seen", [[], [(0.0, 1, HAPPY)], [(0.0, NO_FACE, NOBODY)]])
def test_shares_of_next_to_nothing(seen: list[Seen]) -> None:
    sums = shares(rows(*seen))
    assert [row["seen"] for row in share_rows(sums, LABELS)] == ["0:00"] * len(sums.tracks)


def test_a_camera_that_was_off_is_neither_no_data_nor_nobody_in_view() -> None:
    apart = timeline(steady("h" * 10 + "o" * 10 + "_" * 40 + "h" * 5), 0, 10)
    assert apart.camera_off == [pytest.approx((1.0, 2.0))]
    assert apart.gaps == [pytest.approx((2.0, 6.0))]
    line = timeline(steady("h" * 20 + "o" * 20 + "." * 20), 0, 10, until=6.0)
    assert line.gaps == []
    assert line.camera_off == [pytest.approx((2.0, 4.0))]
    (person,) = line.people
    assert person.seconds.max() < 2
    assert np.array(line.known) == pytest.approx(np.array([(0, 2), (4, 6)]))
    assert describe_timeline(line, LABELS).endswith("mostly happy. Camera off from 0:02 to 0:04.")


def test_what_is_as_long_as_a_bar_is_drawn_and_what_begins_at_the_end_is_not() -> None:
    seen = [(0.0, 1, HAPPY), (1.0, 1, HAPPY), (1.5, 1, SAD)]
    whole = timeline(rows(*seen), 0, 10, gap_seconds=0.5)
    assert whole.gaps == [(0.5, 1.0)]
    (person,) = timeline(rows(*seen), 0, 1.5).people
    assert person.seconds.max() < 1.5


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("h", "**1 person in 0:09**"),  # which stands for no time
        ("hhh", "**1 person in 0:09: mostly happy.**"),
        ("huuu", "**1 person in 0:09: mostly uncertain.** Uncertain for 75% of it"),
        ("hhhs.u", "**1 person in 0:09: mostly happy.** Uncertain for 20% of it, hatched below"),
        ("hhssss.uuu", "**1 person in 0:09: sad 44%, happy 22%.** Uncertain for 33% of it"),
    ],
)
def test_what_is_seen_on_the_whole_is_a_sentence(script: str, said: str) -> None:
    sums = shares(steady(script))
    assert whole_line(sums, LABELS, "0:09").startswith(said)
    assert ("Uncertain" in whole_line(sums, LABELS, "0:09")) == ("u" in script)


def test_shares_can_be_heard() -> None:
    assert describe_shares(shares(TWO), LABELS).startswith("Share of time. person 1: sad 83%, ")
    assert describe_shares(shares(rows()), LABELS) == "Share of time: no face was seen."


@pytest.mark.parametrize("seen", [rows(), rows((0.0, 2, SAD))])
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
