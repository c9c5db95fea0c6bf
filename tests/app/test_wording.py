"""Results in words."""

from collections import Counter

import numpy as np
import pytest

from app import wording
from fer.labels import COLOURS
from fer.types import Floats
from tests.app.conftest import LABELS, faces_of


def row(*shares: float) -> Floats:
    return np.array(shares, np.float32)


@pytest.mark.parametrize(
    ("shares", "sentence"),
    [
        ((1.0, 0.0, 0.0), "happy 100%"),
        ((0.5, 0.3, 0.2), "happy 50%"),
        ((0.3, 0.38, 0.32), "not sure: sad 38%, next neutral 32%"),
        ((1 / 3, 1 / 3, 1 / 3), "not sure: happy 33%, next sad 33%"),
    ],
)
def test_a_verdict_in_one_line(shares: tuple[float, ...], sentence: str) -> None:
    assert wording.verdict(row(*shares), LABELS).sentence == sentence


@pytest.mark.parametrize(
    ("count", "text"), [(0, "no faces"), (1, "1 face"), (2, "2 faces"), (1200, "1200 faces")]
)
def test_counting(count: int, text: str) -> None:
    assert wording.counted(count, "face") == text


def test_every_expression_has_an_icon_of_its_own() -> None:
    assert wording.ICONS.keys() == COLOURS.keys()
    assert len(set(wording.ICONS.values())) == len(wording.ICONS)
    assert wording.icon_of("bored") == wording.OTHER_ICON


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ([], "a.png: no face found."),
        ([(0.9, 0.1, 0)], "a.png with 1 face marked, from left to right: happy 90%."),
        (
            [(0.9, 0.1, 0), (0.4, 0.3, 0.3)],
            "a.png with 2 faces marked, from left to right: "
            "happy 90%; not sure: happy 40%, next sad 30%.",
        ),
    ],
)
def test_a_picture_described(rows: list[tuple[float, float, float]], text: str) -> None:
    assert wording.describe_picture("a.png", faces_of(*rows)) == text


def test_expressions_counted_over_photos() -> None:
    photos = [faces_of(), faces_of((1, 0, 0), (0, 1, 0)), faces_of((0.8, 0.2, 0))]
    assert wording.expression_counts(photos) == Counter(happy=2, sad=1)
    assert wording.expression_counts([]) == Counter()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("", ""),
        ("holiday 2024", "holiday 2024"),
        ("a_b*c.jpg", r"a\_b\*c\.jpg"),
        ("[x](y)", r"\[x\]\(y\)"),
        (":material/face:", r"\:material/face\:"),
        ("$1$ <b>", r"\$1\$ \<b\>"),
    ],
)
def test_names_are_not_markdown(name: str, shown: str) -> None:
    assert wording.plain(name) == shown
