import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.live.share_charts import shares_figure
from app.live.text import (
    describe_shares,
    describe_timeline,
    share_rows,
)
from app.live.timeline import MAX_BARS, bar_width, shares, timeline
from app.live.timeline_chart import timeline_figure
from fer.export.stream_rows import NO_FACE, StreamRows
from tests.app.live.samples import HAPPY, HEADS, NOBODY, SAD, TWO, Seen, rows
from tests.app.samples import LABELS


def test_nothing_seen_is_an_empty_timeline() -> None:
    line = timeline(StreamRows.empty(HEADS), 0, 10)
    assert (line.people, line.start, line.end) == ([], 0, 10)
    assert describe_timeline(line, LABELS) == "Timeline from 0:00 to 0:10: no face."
    assert not timeline_figure(line, LABELS).data


def test_bars_hold_the_mean_of_their_time() -> None:
    line = timeline(TWO, 0, 10)
    first, second = line.people
    assert (line.width, first.track, second.track) == (0.5, 1, 2)
    assert first.seconds.tolist() == [0.25]
    assert first.confidence == pytest.approx([0.5])
    assert [LABELS[i] for i in second.expression] == ["sad", "happy"]
    assert second.seconds.tolist() == [0.25, 0.75]


def test_a_bar_is_uncertain_if_most_of_it_was() -> None:
    marked = rows((0.0, 1, HAPPY), (0.1, 1, HAPPY), (0.2, 1, HAPPY), (0.6, 1, HAPPY))
    marked.array["uncertain"] = [True, True, False, False]
    (line,) = timeline(marked, 0, 10).people
    assert line.uncertain.tolist() == [True, False]
    (bars,) = timeline_figure(timeline(marked, 0, 10), LABELS).data
    assert list(bars.marker.pattern.shape) == ["/", ""]
    assert [about[2] for about in bars.customdata] == ["80%, uncertain", "80%"]


def test_uncertain_time_counts_for_no_expression() -> None:
    marked = rows((0.0, 1, HAPPY), (0.1, 1, HAPPY), (0.2, 1, HAPPY), (0.6, 1, SAD))
    marked.array["uncertain"] = [True, False, True, False]
    summed = shares(marked)
    assert summed.seconds == pytest.approx(np.array([[0.1, 0.4, 0, 0.5]]))
    (row,) = share_rows(summed, LABELS)
    assert [row[n] for n in (*LABELS, "uncertain")] == pytest.approx([10, 40, 0, 50])
    assert describe_shares(summed, LABELS).endswith("1: uncertain 50%, sad 40%, happy 10%.")
    figure = shares_figure(summed, LABELS)
    assert [trace.name for trace in figure.data] == [*LABELS, "uncertain"]
    assert [note.text for note in figure.layout.annotations] == ["uncertain 50%"]
    marked.array["uncertain"] = [True, True, True, False]
    assert "person 1 mostly uncertain" in describe_timeline(timeline(marked, 0, 0.5), LABELS)


def test_the_window_begins_where_a_bar_begins() -> None:
    line = timeline(TWO, 0.7, 90.7)
    assert line.start == 0.5
    assert [person.track for person in line.people] == [2]


@given(st.floats(0.01, 1e6))
def test_there_are_never_too_many_bars(span: float) -> None:
    assert span / bar_width(span) <= MAX_BARS * (1 + 1e-9)


def test_time_is_shared_among_expressions_and_pauses_count_little() -> None:
    seen = rows((0.0, 1, HAPPY), (0.2, 1, SAD), (0.5, NO_FACE, NOBODY), (60.0, 1, SAD))
    sums = shares(seen)
    assert sums.tracks == [1]
    assert sums.seconds[0] == pytest.approx([0.2, 0.3 + 1.0, 0, 0])


@pytest.mark.parametrize("seen", [[], [(0.0, 1, HAPPY)], [(0.0, NO_FACE, NOBODY)]])
def test_shares_of_next_to_nothing(seen: list[Seen]) -> None:
    sums = shares(rows(*seen))
    assert sums.seconds.sum() == 0
    assert len(share_rows(sums, LABELS)) == len(sums.tracks)
    shares_figure(sums, LABELS)
