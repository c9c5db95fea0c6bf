"""Charts as HTML: what is drawn where, in which colour, and that all words are text alone."""

import re
from html.parser import HTMLParser
from urllib.parse import unquote

import numpy as np
import pytest

from app.core.stream_charts.drawing import curves_html, shares_html, strip_html, timeline_html
from app.core.stream_charts.timeline import MAX_PEOPLE, Curves, Timeline, timeline
from fer.export.stream import HeadLabels, StreamRows, shares
from fer.labels import colour_of
from fer.types import UNCERTAIN
from tests.app.samples import LABELS
from tests.fer.export.samples import HAPPY, HEADS, TWO, Seen, rows, steady

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


def test_what_is_not_known_stands_apart_in_each_row() -> None:
    line = timeline(steady("h" * 10 + "o" * 10 + "_" * 40 + "h" * 5), 0, 10)
    page = html(line)
    for name, spans in (("camera-off", [(1, 2)]), ("no-data", [(2, 6)]), ("known", line.known)):
        found = [(percent(one, "left"), percent(one, "width")) for one in of_class(page, name)]
        expected = [(10 * first, 10 * (last - first)) for first, last in spans]
        assert np.array(found) == pytest.approx(np.array(expected), abs=0.02)
    assert [one["data-tip"] for one in of_class(page, "no-data")] == ["no data, 0:02 to 0:06"]


def test_a_change_has_a_name_that_is_text_alone() -> None:
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


def test_of_nobody_there_is_the_axis_alone() -> None:
    page = curves_html(curve(), 10, 20, "", tips=True)
    assert drawn(page) == {}
    assert "data-tip=" not in page
    assert re.findall(">([^<]+)</span>", page) == ["0%", "50%", "100%", "0:10", "0:15", "0:20"]
    bottom, middle, top = (int(pixels) for pixels in re.findall(r"top:(\d+)px", page))
    assert (top, middle) == (0, bottom / 2)


def test_every_expression_has_its_line_whose_gaps_are_not_joined() -> None:
    lines = drawn(curves_html(curve((1, 0), (0.5, 0.5), (0.25, 0.75)), 10, 20, ""))
    (happy,), (sad,) = lines[colour_of("happy")], lines[colour_of("sad")]
    assert np.array(happy) == pytest.approx(np.array([(0, 100), (10, 50), (20, 25)]), abs=0.2)
    assert np.array(sad) == pytest.approx(np.array([(0, 0), (10, 50), (20, 75)]), abs=0.2)
    lines = drawn(curves_html(curve((1, NAN), (NAN, NAN), (0, NAN), (0, NAN)), 10, 20, ""))
    assert [*lines] == [colour_of("happy")]
    assert [len(line) for line in lines[colour_of("happy")]] == [1, 2]
    assert "h0" in unquote(curves_html(curve((1, NAN)), 10, 20, ""))


def test_around_each_point_its_figures_are_told_but_not_in_a_gap() -> None:
    shares = curve((0.9, 0.1), (NAN, NAN), (0.25, NAN))
    assert "data-tip=" not in curves_html(shares, 10, 14, "")
    found = _Elements(curves_html(shares, 10, 14, "", tips=True).split("</style>")[1])
    first, last = (attrs for _, attrs in found.elements if "data-tip" in attrs)
    assert (first["data-tip"], last["data-tip"]) == ("0:10\nhappy 90%\nsad 10%", "0:12\nhappy 25%")
    assert (percent(first, "left"), percent(first, "width")) == (0, 12.5)
    assert (percent(last, "left"), percent(last, "width")) == (37.5, 62.5)


def test_the_strip_is_divided_by_shares_and_can_be_heard() -> None:
    parts = {"happy": 0.5, "sad": 0.4, UNCERTAIN: 0.1}
    strip = strip_html(parts, ["5", "4", "1"], "In view now: happy.")
    assert re.findall(r"flex:([\d.]+) ", strip) == ["0.5000", "0.4000", "0.1000"]
    assert 'title="sad 4"' in strip
    assert strip.count("repeating-linear-gradient") == 1, "uncertain has no colour"
    assert 'role="img" aria-label="In view now: happy."' in strip


def test_shares_have_a_strip_per_person_with_a_part_per_answer() -> None:
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
