"""The probabilities as HTML show what the chart of them shows."""

import re
from urllib.parse import unquote

import numpy as np
import pytest

from app.live.charts.curves import Curves
from app.live.charts.curves_html import curves_html
from fer.labels import colour_of

NAN = float("nan")


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
    page = curves_html(curve(), 10, 20, "")
    assert drawn(page) == {}
    assert re.findall(">([^<]+)</span>", page) == ["0%", "50%", "100%", "0:10", "0:15", "0:20"]


def test_every_expression_has_its_line() -> None:
    lines = drawn(curves_html(curve((1, 0), (0.5, 0.5), (0.25, 0.75)), 10, 20, ""))
    (happy,), (sad,) = lines[colour_of("happy")], lines[colour_of("sad")]
    assert np.array(happy) == pytest.approx(np.array([(0, 100), (10, 50), (20, 25)]), abs=0.2)
    assert np.array(sad) == pytest.approx(np.array([(0, 0), (10, 50), (20, 75)]), abs=0.2)


def test_a_gap_is_not_joined_and_a_point_alone_is_a_dot() -> None:
    lines = drawn(curves_html(curve((1, NAN), (NAN, NAN), (0, NAN), (0, NAN)), 10, 20, ""))
    assert [*lines] == [colour_of("happy")]
    assert [len(line) for line in lines[colour_of("happy")]] == [1, 2]
    assert "h0" in unquote(curves_html(curve((1, NAN)), 10, 20, ""))


def test_what_it_says_is_text_alone() -> None:
    page = curves_html(curve((1, 0)), 10, 20, '"><script>')
    assert "<script>" not in page
    assert page.count('"') % 2 == 0
