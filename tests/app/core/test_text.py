"""Results in words."""

from collections import Counter

import pytest

from app.core import text as words
from fer.labels import COLOURS, colour_of
from fer.types import ISSUES, UNCERTAIN
from tests.app.samples import faces_of


@pytest.mark.parametrize(
    ("shares", "issues", "sentence"),
    [
        ((1.0, 0.0, 0.0), (), "happy >99%"),
        ((0.5, 0.3, 0.2), (), "happy 50%"),
        ((0.3, 0.45, 0.25), (), "uncertain: sad 45%, happy 30% or neutral 25%"),
        ((0.05, 0.45, 0.4), (), "uncertain: sad 45% or neutral 40%"),
        ((0.6, 0.3, 0.1), ("small", "dark"),
         "uncertain: happy 60% or sad 30% (small: 40 pixels wide, dark)"),
        ((0.9, 0.1, 0.0), ("blurred", "turned"), "happy 90% (blurred, turned away)"),
    ],
)  # fmt: skip
def test_a_verdict_in_one_line(
    shares: tuple[float, float, float], issues: tuple[str, ...], sentence: str
) -> None:
    (verdict,) = words.verdicts(faces_of(shares, issues=issues))
    assert verdict.sentence == sentence
    assert verdict.sure == (not sentence.startswith("uncertain"))


@pytest.mark.parametrize(("count", "text"), [(0, "no faces"), (1, "1 face"), (2, "2 faces")])
def test_counting(count: int, text: str) -> None:
    assert words.counted(count, "face") == text


@pytest.mark.parametrize(
    ("names", "text"), [("a", "a"), ("abc", "a, b and c"), ("abcde", "a, b, c and 2 more")]
)
def test_a_few_names_are_listed(names: str, text: str) -> None:
    assert words.listed(names) == text


def test_every_expression_has_an_icon_of_its_own() -> None:
    assert words.ICONS.keys() == COLOURS.keys()
    assert len(set(words.ICONS.values())) == len(words.ICONS)
    assert words.icon_of("bored") == words.OTHER_ICON
    assert words.icon_of(UNCERTAIN) not in {*words.ICONS.values(), words.OTHER_ICON}
    assert words.ISSUE_ICONS.keys() == set(ISSUES)


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ([], "a.png: no face found."),
        ([(0.9, 0.1, 0), (0.4, 0.3, 0.3)], "a.png with 2 faces marked, from left to right: happy "
         "90%; uncertain: happy 40%, sad 30% or neutral 30%."),
    ],
)  # fmt: skip
def test_a_picture_described(rows: list[tuple[float, float, float]], text: str) -> None:
    assert words.describe_picture("a.png", faces_of(*rows)) == text


def test_answers_counted_over_photos() -> None:
    photos = [faces_of(), faces_of((1, 0, 0), (0, 1, 0)), faces_of((0.8, 0.2, 0), (0.4, 0.3, 0.3))]
    counts = words.answer_counts(photos)
    assert list(counts.items()) == [("happy", 2), ("sad", 1), ("uncertain", 1)]
    assert words.answer_counts([]) == Counter()


@pytest.mark.parametrize(
    ("name", "shown"),
    [("holiday 2024", "holiday 2024"), ("a_b*c.jpg", r"a\_b\*c\.jpg"), ("[x](y)", r"\[x\]\(y\)"),
     (":material/face:", r"\:material/face\:"), ("$1$ <b>", r"\$1\$ \<b\>")],
)  # fmt: skip
def test_names_are_not_markdown(name: str, shown: str) -> None:
    assert words.escape_markdown(name) == shown


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(9.9, "some seconds left"), (10, "about 10 seconds left"), (89, "about 90 seconds left"),
     (90, "about 2 minutes left")],
)  # fmt: skip
def test_the_time_left_is_no_more_exact_than_it_is_known(seconds: float, said: str) -> None:
    assert words.left(seconds) == said


@pytest.mark.parametrize(
    ("ahead", "places", "said"),
    [(0, 1, "one recording at a time. Yours is next."),
     (1, 2, "2 recordings at a time. One more"), (4, 1, "4 more are before yours.")],
)  # fmt: skip
def test_who_waits_knows_for_what(ahead: int, places: int, said: str) -> None:
    assert said in words.waiting_line(ahead, places, "recording")


def test_each_expression_stands_beside_its_colour_in_the_order_asked_for() -> None:
    assert words.legend([]) == ""
    assert words.legend(["uncertain"], {"uncertain": "3"}) == "▨\u00a0uncertain\u00a0**3**"
    first, second = words.legend(["sad", "happy"]).split("\u2002 ")
    assert colour_of("sad") in first
    assert first.endswith("sad")
    assert colour_of("happy") in second
