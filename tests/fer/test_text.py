import pytest

from fer.labels import COLOURS, FER2013_LABELS, PERSON_COLOURS, canonical, ordered, person_colour
from fer.text import cell, chance, clock, one_of


@pytest.mark.parametrize(
    ("names", "text"),
    [(("sad",), "sad"), (("sad", "fear"), "sad or fear"), (("a", "b", "c"), "a, b or c")],
)
def test_alternatives_in_words(names: tuple[str, ...], text: str) -> None:
    assert one_of(names) == text


@pytest.mark.parametrize(
    ("probability", "text"),
    [
        (0.0, "<1%"),
        (0.004, "<1%"),
        (0.005, "<1%"),
        (0.5, "50%"),
        (0.994, "99%"),
        (1.0, ">99%"),
    ],
)
def test_no_network_is_certain(probability: float, text: str) -> None:
    assert chance(probability) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (7.9, "0:07"), (750, "12:30"), (3723, "1:02:03")]
)
def test_times_read_like_a_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("", ""),
        ("a=1", "a=1"),
        ("-1", "'-1"),
        ("\ta", "'\ta"),
        ("'a", "''a"),
        ("\uff0b1", "'\uff0b1"),
    ],
)
def test_no_cell_is_a_formula(text: str, written: str) -> None:
    assert cell(text) == written


def test_a_person_keeps_a_colour_that_no_expression_and_no_neighbour_has() -> None:
    cycle = len(PERSON_COLOURS)
    colours = [person_colour(number) for number in range(1, cycle + 2)]
    assert len({*colours}) == cycle
    assert colours[0] == colours[-1]
    assert not set(colours) & set(COLOURS.values())


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("", ""),
        ("anger", "angry"),
        (" Happiness ", "happy"),
        ("SADNESS", "sad"),
        ("suprise", "surprise"),
        ("Surprised", "surprise"),
        ("fearful", "fear"),
        ("Contempt", "contempt"),
        ("Laughing", "Laughing"),
    ],
)
def test_canonical_names(name: str, expected: str) -> None:
    assert canonical(name) == expected
    assert canonical(expected) == expected


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ((), ()),
        (("sad", "happy", "angry"), ("angry", "happy", "sad")),
        (("happy", "contempt", "angry"), ("angry", "contempt", "happy")),
        (tuple(sorted(FER2013_LABELS)), FER2013_LABELS),
    ],
)
def test_order_of_names(names: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert ordered(names) == expected
