"""The timeline as HTML shows what the chart of it shows."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest

from app.live.charts.people_marks import MAX_PEOPLE
from app.live.charts.timeline import Timeline, timeline
from app.live.charts.timeline_chart import timeline_figure
from app.live.charts.timeline_html import timeline_html
from fer.export.stream import HeadLabels, StreamRows
from fer.labels import colour_of
from tests.app.live.samples import TWO
from tests.app.samples import LABELS
from tests.fer.export.samples import HAPPY, HEADS, Seen, rows, steady

Element = tuple[str, dict[str, str]]


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


def html(line: Timeline, alt: str = "") -> _Elements:
    return _Elements(timeline_html(line, LABELS, alt).split("</style>")[1])


def of_class(page: _Elements, name: str) -> list[dict[str, str]]:
    return [attrs for _, attrs in page.elements if attrs.get("class") == name]


def percent(element: dict[str, str], name: str) -> float:
    (value,) = re.findall(rf"(?:^|;){name}:([\d.]+)%", element["style"])
    return float(value)


def test_nothing_seen_is_an_axis_alone() -> None:
    page = html(timeline(StreamRows.empty(HEADS), 0, 10))
    assert page.words == ["0:00", "0:05", "0:10"]


def test_every_bar_of_the_chart_is_there() -> None:
    line = timeline(TWO, 0, 10)
    page = html(line)
    assert [word for word in page.words if "Person" in word] == ["Person 1", "Person 2"]
    bars = of_class(page, "bar")
    drawn = [bar for trace in timeline_figure(line, LABELS).data for bar in trace.x]
    centres = [percent(bar, "left") + percent(bar, "width") / 2 for bar in bars]
    assert sorted(centres) == pytest.approx([10 * seconds for seconds in sorted(drawn)])
    assert bars[1]["title"] == "Person 2, 0:00: sad 70%"
    assert percent(bars[1], "height") == 70
    assert colour_of("sad") in bars[1]["style"]


def test_uncertain_is_hatched() -> None:
    marked = rows((0.0, 1, HAPPY), (0.6, 1, HAPPY))
    marked.array["uncertain"] = [True, False]
    first, *_, last = of_class(html(timeline(marked, 0, 10)), "bar")
    assert "repeating-linear-gradient" in first["style"]
    assert first["title"].endswith("80%, uncertain")
    assert "gradient" not in last["style"]


def test_what_is_not_known_stands_apart_in_each_row() -> None:
    line = timeline(steady("h" * 10 + "o" * 10 + "_" * 40 + "h" * 5), 0, 10)
    page = html(line)
    for name, spans in (("camera-off", [(1, 2)]), ("no-data", [(2, 6)]), ("known", line.known)):
        found = [(percent(one, "left"), percent(one, "width")) for one in of_class(page, name)]
        expected = [(10 * first, 10 * (last - first)) for first, last in spans]
        assert np.array(found) == pytest.approx(np.array(expected), abs=0.02)
    assert [one["title"] for one in of_class(page, "no-data")] == ["no data, 0:02 to 0:06"]


def test_a_change_has_a_name_that_is_text_alone() -> None:
    heads = tuple(HeadLabels("expression", LABELS, model, model) for model in ("a", "<b>mine"))
    seen = StreamRows(rows(*[(0.2 * i, 1, HAPPY) for i in range(20)]).array, heads)
    seen.array["head"][10:] = 1
    page = html(timeline(seen, 0, 10), '"><script>')
    assert page.words[0] == "<b>mine"
    (mark,) = of_class(page, "change")
    assert percent(mark, "left") == 20
    assert {tag for tag, _ in page.elements} == {"div", "span", "u", "i"}


def test_of_a_crowd_those_seen_longest_have_a_row() -> None:
    seen: list[Seen] = [(float(t), p, HAPPY) for t in range(20) for p in range(1, 12) if t < 20 - p]
    names = [word for word in html(timeline(rows(*seen), 0, 20)).words if "Person" in word]
    assert names == [f"Person {number}" for number in range(1, MAX_PEOPLE + 1)]


def test_nothing_stands_out_of_its_row() -> None:
    line = timeline(steady("h" * 30 + "_" * 30), 0.3, 5.9, until=5.9)
    for _, attrs in html(line).elements:
        if "width" in attrs.get("style", ""):
            assert percent(attrs, "left") + percent(attrs, "width") <= 100.01
