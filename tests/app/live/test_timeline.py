from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.live.people_marks import MAX_PEOPLE
from app.live.share_charts import mix_strip, shares_figure
from app.live.streaming.session import LiveErrors
from app.live.text import (
    clock,
    describe_flaws,
    describe_now,
    describe_shares,
    describe_timeline,
    error_sentence,
    mean_mix,
    share_rows,
)
from app.live.timeline import MAX_BARS, bar_width, shares, timeline
from app.live.timeline_chart import timeline_figure
from fer.export.sessions import NO_FACE, HeadLabels, StreamRows, row_type
from tests.app.conftest import LABELS, faces_of

HEADS = (HeadLabels("expression", LABELS),)

HAPPY, SAD = (0.8, 0.1, 0.1), (0.2, 0.7, 0.1)

#: Seconds, person, probabilities.
Seen = tuple[float, int, tuple[float, float, float]]


def rows(*seen: Seen) -> StreamRows:
    array = np.zeros(len(seen), row_type(LABELS))
    for row, (seconds, track, probabilities) in zip(array, seen, strict=True):
        row["seconds"], row["track"], row["probabilities"] = seconds, track, probabilities
    return StreamRows(array, HEADS)


NOBODY = (0.0, 0.0, 0.0)
TWO = rows((0.0, 1, HAPPY), (0.1, 1, SAD), (0.1, 2, SAD), (0.6, 2, HAPPY), (1.2, NO_FACE, NOBODY))


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


@pytest.mark.parametrize(
    ("flaws", "said"),
    [
        ((), ""),
        (("dark",), "Person 4: dark. What helps: more light."),
        (("turned",), "Person 4: turned away. What helps: facing the camera."),
        (
            ("small", "dark"),
            "Person 4: small: 40 pixels wide, dark. What helps: a step closer or more light.",
        ),
    ],
)
def test_what_is_wrong_with_a_face_is_said_with_what_helps(
    flaws: tuple[str, ...], said: str
) -> None:
    faces = replace(faces_of(HAPPY, flaws=flaws), track_id=np.array([4]))
    assert describe_flaws(faces) == said
    assert describe_flaws(faces.take(np.array([False]))) == ""


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


def test_shares_are_percentages_of_each_persons_time() -> None:
    row = share_rows(shares(TWO), LABELS)[1]
    assert (row["person"], row["seen"]) == (2, "0:01")
    assert row["sad"] == pytest.approx(100 * 0.5 / 1.1)


def test_the_timeline_draws_each_expression_once_in_its_colour() -> None:
    figure = timeline_figure(timeline(TWO, 0, 10), LABELS, "#123456")
    assert [trace.name for trace in figure.data] == ["happy", "sad"]
    assert "Person 1" in figure.layout.yaxis.ticktext[0]
    assert list(figure.data[1].customdata[0]) == ["Person 2", "0:00", "70%"]


def test_a_crowd_is_cut_to_those_seen_longest() -> None:
    seen: list[Seen] = [(float(t), p, HAPPY) for t in range(20) for p in range(1, 12) if t < 20 - p]
    line = timeline(rows(*seen), 0, 20)
    figure = timeline_figure(line, LABELS)
    names = figure.layout.yaxis.ticktext
    assert len(line.people) == 11
    assert len(names) == MAX_PEOPLE
    assert [name.split()[-1] for name in names] == [str(n) for n in range(1, MAX_PEOPLE + 1)]


def test_the_mix_is_the_mean_of_all_faces() -> None:
    assert mean_mix(faces_of()).tolist() == [0, 0, 0]
    mix = mean_mix(faces_of(HAPPY, SAD))
    assert mix == pytest.approx([0.5, 0.4, 0.1])
    assert describe_now(mix, LABELS) == "In view now: happy 50%, sad 40%, neutral 10%."
    assert describe_now(mean_mix(faces_of()), LABELS) == "No face in view."
    assert [trace.x[0] for trace in mix_strip(mix, LABELS).data] == pytest.approx(mix)


def test_charts_can_be_heard() -> None:
    assert describe_timeline(timeline(TWO, 0, 10), LABELS) == (
        "Timeline from 0:00 to 0:10: person 1 mostly happy; person 2 mostly happy."
    )
    assert describe_shares(shares(TWO), LABELS).startswith("Share of time. person 1: sad 83%, ")
    assert describe_shares(shares(rows()), LABELS) == "Share of time: no face was seen."


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (7.9, "0:07"), (750, "12:30"), (3723, "1:02:03")]
)
def test_times_read_like_a_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


@pytest.mark.parametrize(
    ("errors", "part"),
    [
        (LiveErrors(), ""),
        (LiveErrors(1, 12.0, 0), "One frame could not be analysed, the last at 0:12."),
        (LiveErrors(3, 75.0, 1), "3 frames could not be analysed, the last at 1:15."),
        (LiveErrors(9, 75.0, 4), "is failing at the moment"),
    ],
)
def test_errors_are_told_in_a_sentence(errors: LiveErrors, part: str) -> None:
    sentence = error_sentence(errors)
    assert part in sentence
    assert bool(sentence) == bool(errors.count)
