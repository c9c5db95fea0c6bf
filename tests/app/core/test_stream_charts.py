"""A stream over time: what is drawn where and said of it, and that all words are text alone."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import unquote

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.models.head_text import NAMES
from app.core.stream_charts.drawing import curves_html, shares_html, strip_html, timeline_html
from app.core.stream_charts.timeline import (
    MAX_BARS,
    MAX_PEOPLE,
    MAX_POINTS,
    Curves,
    HeadChange,
    Timeline,
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
from fer.labels import colour_of
from fer.types import UNCERTAIN
from tests.app.samples import LABELS
from tests.fer.export.samples import HAPPY, HEADS, NOBODY, SAD, TWO, Seen, rows, steady


def test_bars_hold_the_mean_of_their_time_without_holes() -> None:
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
    line = timeline(TWO, 0.7, 90.7)
    assert line.start == 0.5
    assert [person.track for person in line.people] == [2]
    # At 1.25 frames a second, every other bar of half a second has no frame of its own.
    for start in (0, 10):
        seen = rows(*[(start + 0.8 * i, 1, HAPPY) for i in range(10)])
        (person,) = timeline(seen, start, start + 8).people
        assert person.seconds.tolist() == [start + 0.25 + 0.5 * i for i in range(16)]


def test_uncertain_time_counts_for_no_expression() -> None:
    marked = rows((0.0, 1, HAPPY), (0.1, 1, HAPPY), (0.2, 1, HAPPY), (0.6, 1, HAPPY))
    marked.array["uncertain"] = [True, True, False, False]
    (line,) = timeline(marked, 0, 10).people
    assert line.uncertain.tolist() == [True, False]
    marked.array["uncertain"] = [True, False, False, False]
    (half,) = timeline(marked.take(np.array([True, True, False, True])), 0, 10).people
    assert half.uncertain.tolist() == [False, False]
    marked = rows((0.0, 1, HAPPY), (0.1, 1, HAPPY), (0.2, 1, HAPPY), (0.6, 1, SAD))
    marked.array["uncertain"] = [True, False, True, False]
    summed = shares(marked)
    assert summed.seconds == pytest.approx(np.array([[0.1, 0.1, 0, 0.5]]))
    (row,) = share_rows(summed, LABELS)
    assert [row[n] for n in (*LABELS, "uncertain")] == pytest.approx([100 / 7, 100 / 7, 0, 500 / 7])
    assert describe_shares(summed, LABELS).endswith("1: uncertain 71%, happy 14%, sad 14%.")
    marked.array["uncertain"] = [True, True, True, False]
    assert "person 1 mostly uncertain" in describe_timeline(timeline(marked, 0, 0.5), LABELS)
    assert describe_shares(shares(TWO), LABELS).startswith("Share of time. person 1: sad 83%, ")
    assert describe_shares(shares(rows()), LABELS) == "Share of time: no face was seen."


@given(st.floats(0.01, 1e6))
def test_there_are_never_too_many_bars(span: float) -> None:
    assert span / bar_width(span) <= MAX_BARS * (1 + 1e-9)
    assert span / bar_width(span, 20) <= 20 * (1 + 1e-9)


def test_holes_and_changes_of_the_head_are_told() -> None:
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
    assert [row["seen"] for row in share_rows(sums, LABELS)] == ["<0.1 s"] * len(sums.tracks)


def test_a_camera_that_was_off_and_short_holes() -> None:
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
        ("hhuu", "**1 person in 0:09: happy 50%.** Uncertain for 50% of it"),
        ("hhssss.uuu", "**1 person in 0:09: sad 44%, happy 22%.** Uncertain for 33% of it"),
    ],
)
def test_what_is_seen_on_the_whole_is_a_sentence(script: str, said: str) -> None:
    sums = shares(steady(script))
    assert whole_line(sums, LABELS, "0:09").startswith(said)
    assert ("Uncertain" in whole_line(sums, LABELS, "0:09")) == ("u" in script)


@pytest.mark.parametrize("seen", [rows(), rows((0.0, 2, SAD))])
def test_who_was_not_in_view_has_no_lines(seen: StreamRows) -> None:
    curve = curves(seen, 1, 0, 10)
    assert len(curve.seconds) == len(curve.occurring) == 0
    assert describe_curves(curve, "Person 1") == "Probabilities of Person 1 over time: not in view."


def test_a_point_is_the_mean_of_its_time() -> None:
    curve = curves(TWO, 1, 0, 40)
    assert curve.seconds == pytest.approx([0, 0.1])
    assert curve.probabilities == pytest.approx(np.array([HAPPY, SAD]))
    assert [curve.labels[i] for i in curve.occurring] == list(LABELS)
    assert describe_curves(curve, "Person 1") == (
        "Probabilities of Person 1 over time: happy 50% on average, at most 80% at 0:00; "
        "sad 40% on average, at most 70% at 0:00; neutral 10% on average, at most 10% at 0:00."
    )
    seen = [(i / 15, 1, HAPPY if i % 2 else SAD) for i in range(15 * 3600)]
    curve = curves(rows(*seen), 1, 0, 3600)
    assert MAX_POINTS / 2 < len(curve.seconds) <= MAX_POINTS + 1
    assert curve.probabilities[1:-1, 0] == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(("every", "gap"), [(17.0, False), (19.0, True)])
def test_in_a_long_time_points_are_joined_over_two_of_their_widths(every: float, gap: bool) -> None:
    curve = curves(rows((0.0, 1, HAPPY), (every, 1, HAPPY)), 1, 0, 9.0 * MAX_POINTS)
    assert bool(np.isnan(curve.probabilities).any()) == gap


def test_a_gap_and_another_head_are_points_that_are_not_known() -> None:
    seen: list[Seen] = [(0.1 * i, 1, HAPPY) for i in range(5)]
    seen += [(2.0, 2, SAD), (5.0, 1, SAD), (9.0, 1, HAPPY), (9.1, 1, HAPPY)]
    curve = curves(rows(*seen), 1, 0, 10)
    happy = curve.probabilities[:, 0]
    np.testing.assert_allclose(happy, [*[0.8] * 5, np.nan, 0.2, np.nan, 0.8, 0.8])
    assert curve.seconds[[5, 7]] == pytest.approx([2.7, 7.0])
    heads = (HeadLabels("expression", ("happy", "sad")), HeadLabels("ferplus", ("happy", "calm")))
    array = np.zeros(4, row_type(("happy", "sad", "calm")))
    array["seconds"], array["track"], array["head"] = [0, 0.1, 0.1001, 0.3], 1, [0, 0, 1, 1]
    array["probabilities"] = [(0.6, 0.4, 0), (0.6, 0.4, 0), (0.3, 0, 0.7), (0.3, 0, 0.7)]
    curve = curves(StreamRows(array, heads), 1, 0, 100)
    assert curve.labels == ("happy", "sad", "calm")
    np.testing.assert_allclose(curve.probabilities[:, 1], [0.4, np.nan, np.nan, np.nan])
    np.testing.assert_allclose(curve.probabilities[:, 2], [np.nan, np.nan, 0.7, 0.7])


Element = tuple[str, dict[str, str]]
NAN = float("nan")


class _Elements(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def html(line: Timeline, alt: str = "", cuts: tuple[float, ...] = ()) -> _Elements:
    return _Elements(timeline_html(line, LABELS, alt, cuts).split("</style>")[1])


def of_class(page: _Elements, name: str) -> list[dict[str, str]]:
    return [attrs for _, attrs in page.elements if name in attrs.get("class", "").split()]


def percent(element: dict[str, str], name: str) -> float:
    (value,) = re.findall(rf"(?:^|;){name}:([\d.]+)%", element["style"])
    return float(value)


def test_a_bar_is_as_high_as_the_confidence_and_says_whose_it_is() -> None:
    assert html(timeline(StreamRows.empty(HEADS), 0, 10)).words == ["0:00", "0:05", "0:10"]
    page = html(timeline(TWO, 0, 10))
    assert [word for word in page.words if "Person" in word] == ["Person 1", "Person 2"]
    bars = of_class(page, "bar")
    assert [(percent(bar, "left"), percent(bar, "width")) for bar in bars] == [(0, 5)] * 2 + [
        (5, 5)
    ]
    assert bars[1]["data-tip"] == "Person 2, 0:00: sad 70%"
    assert percent(bars[1], "height") == 70
    assert colour_of("sad") in bars[1]["style"]
    (area,) = of_class(page, "area")
    assert area["style"] == "grid-row:1/3"


def test_uncertain_is_hatched_and_late_bars_say_theirs_to_the_left() -> None:
    marked = rows(*[(0.5 * i, 1, HAPPY) for i in range(20)])
    marked.array["uncertain"][:5] = True
    bars = of_class(html(timeline(marked, 0, 10)), "bar")
    assert ["gradient" in bar["style"] for bar in bars] == [True] * 5 + [False] * 15
    assert bars[0]["data-tip"].endswith("80%, uncertain")
    assert [bar["class"] for bar in bars] == ["bar"] * 10 + ["bar late"] * 10
    assert all(percent(bar, "left") + percent(bar, "width") <= 100.01 for bar in bars)
    page = shares_html(shares(marked.take(np.arange(20) < 5)), LABELS, "")
    assert page.count("repeating-linear-gradient(135deg") == 1
    assert re.findall("([^>]*)</b>", page) == [f"{UNCERTAIN} 100%"]


def test_what_is_not_known_and_changes_stand_apart() -> None:
    line = timeline(steady("h" * 10 + "o" * 10 + "_" * 40 + "h" * 5), 0, 10)
    page = html(line)
    for name, spans in (("camera-off", [(1, 2)]), ("no-data", [(2, 6)]), ("known", line.known)):
        found = [(percent(one, "left"), percent(one, "width")) for one in of_class(page, name)]
        expected = [(10 * first, 10 * (last - first)) for first, last in spans]
        assert np.array(found) == pytest.approx(np.array(expected), abs=0.02)
    assert [one["data-tip"] for one in of_class(page, "no-data")] == ["no data, 0:02 to 0:06"]
    heads = tuple(HeadLabels("expression", LABELS, model, model) for model in ("a", "<b>mine"))
    seen = StreamRows(rows(*[(0.2 * i, 1, HAPPY) for i in range(20)]).array, heads)
    seen.array["head"][10:] = 1
    page = html(timeline(seen, 0, 10), '"><script>', (5.0,))
    assert page.words[0] == "<b>mine"
    for kind, place in (("change", 20), ("cut", 50)):
        (mark,) = of_class(page, kind)
        assert percent(mark, "left") == place
    (area,) = of_class(page, "area")
    assert area["style"] == "grid-row:2/3"
    assert {tag for tag, _ in page.elements} == {"div", "span", "u", "i", "b"}


def test_of_a_crowd_those_seen_longest_have_a_row() -> None:
    seen: list[Seen] = [(float(t), p, HAPPY) for t in range(20) for p in range(1, 12) if t < 20 - p]
    longest = [f"Person {number}" for number in range(1, MAX_PEOPLE + 1)]
    timeline_words = html(timeline(rows(*seen), 0, 20)).words
    assert [word for word in timeline_words if "Person" in word] == longest
    assert re.findall(r"Person \d+", shares_html(shares(rows(*seen)), LABELS, "")) == longest


def drawn(page: str) -> dict[str, list[list[tuple[float, float]]]]:
    """Return the lines of each colour, each with its points in percent: time, and probability."""
    (picture,) = re.findall(r'src="data:image/svg\+xml,([^"]*)"', page)
    found = {}
    for steps, colour in re.findall("d='([^']*)' fill='none' stroke='([^']*)'", unquote(picture)):
        lines = [re.findall(r"(?:^|L)([\d.]+) ([\d.]+)", line) for line in steps.split("M")[1:]]
        points = [[(float(x) / 10, (99 - float(y)) / 0.98) for x, y in line] for line in lines]
        found[colour] = points
    return found


def curve(*shares: tuple[float, float]) -> Curves:
    return Curves(np.arange(len(shares)) + 10.0, np.array(shares).reshape(-1, 2), ("happy", "sad"))


def test_curves_have_lines_gaps_and_tips() -> None:
    page = curves_html(curve(), 10, 20, "", tips=True)
    assert drawn(page) == {}
    assert "data-tip=" not in page
    assert re.findall(">([^<]+)</span>", page) == ["0%", "50%", "100%", "0:10", "0:15", "0:20"]
    bottom, middle, top = (int(pixels) for pixels in re.findall(r"top:(\d+)px", page))
    assert (top, middle) == (0, bottom / 2)
    lines = drawn(curves_html(curve((1, 0), (0.5, 0.5), (0.25, 0.75)), 10, 20, ""))
    (happy,), (sad,) = lines[colour_of("happy")], lines[colour_of("sad")]
    assert np.array(happy) == pytest.approx(np.array([(0, 100), (10, 50), (20, 25)]), abs=0.2)
    assert np.array(sad) == pytest.approx(np.array([(0, 0), (10, 50), (20, 75)]), abs=0.2)
    lines = drawn(curves_html(curve((1, NAN), (NAN, NAN), (0, NAN), (0, NAN)), 10, 20, ""))
    assert [*lines] == [colour_of("happy")]
    assert [len(line) for line in lines[colour_of("happy")]] == [1, 2]
    assert "h0" in unquote(curves_html(curve((1, NAN)), 10, 20, ""))
    shares = curve((0.9, 0.1), (NAN, NAN), (0.25, NAN))
    assert "data-tip=" not in curves_html(shares, 10, 14, "")
    found = _Elements(curves_html(shares, 10, 14, "", tips=True).split("</style>")[1])
    first, last = (attrs for _, attrs in found.elements if "data-tip" in attrs)
    assert (first["data-tip"], last["data-tip"]) == ("0:10\nhappy 90%\nsad 10%", "0:12\nhappy 25%")
    assert (percent(first, "left"), percent(first, "width")) == (0, 12.5)
    assert (percent(last, "left"), percent(last, "width")) == (37.5, 62.5)


def test_strips_are_divided_by_probabilities_and_shares() -> None:
    parts = {"happy": 0.5, "sad": 0.4, UNCERTAIN: 0.1}
    strip = strip_html(parts, ["5", "4", "1"], "In view now: happy.")
    assert re.findall(r"flex:([\d.]+) ", strip) == ["0.5000", "0.4000", "0.1000"]
    assert 'title="sad 4"' in strip
    assert strip.count("repeating-linear-gradient") == 1, "uncertain has no colour"
    assert 'role="img" aria-label="In view now: happy."' in strip
    assert "title=" not in shares_html(shares(rows()), LABELS, "")
    page = shares_html(shares(TWO), LABELS, "Share of time.")
    assert re.findall(r"Person \d", page) == ["Person 1", "Person 2"]
    parts = [float(share) for share in re.findall(r"flex:([\d.]+) ", page)]
    assert np.reshape(parts, (2, 4)).sum(axis=1) == pytest.approx(1, abs=1e-3)
    told = re.findall('title="([^"]*)"', page)[:4]
    assert told == ["happy 17%", "sad 83%", "neutral 0%", f"{UNCERTAIN} 0%"]
    assert re.findall("([^>]*)</b>", page)[:1] == ["sad 83%"]  # the others are too narrow


@pytest.mark.parametrize(
    "page",
    [
        curves_html(curve((1, 0)), 10, 20, '"><script>', tips=True),
        strip_html({'"><script x=y>': 1.0}, ["1"], '"><script>'),
        shares_html(shares(TWO), ['"><script>', "b", "c"], '"><script>'),
    ],
)
def test_names_from_elsewhere_are_text(page: str) -> None:
    assert "<script" not in page
    assert "&quot;&gt;&lt;script" in page
    assert page.count('"') % 2 == 0
