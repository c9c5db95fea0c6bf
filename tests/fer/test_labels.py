import pytest

from fer.labels import COLOURS, PERSON_COLOURS, canonical, ordered, person_colour


def test_a_person_keeps_a_colour_that_no_expression_has() -> None:
    colours = [person_colour(number) for number in range(1, 14)]
    assert colours == [person_colour(number) for number in range(1, 14)]
    assert not set(colours) & set(COLOURS.values())


def test_neighbours_differ_and_colours_come_again() -> None:
    cycle = len(PERSON_COLOURS)
    assert len({person_colour(number) for number in range(1, cycle + 1)}) == cycle
    assert person_colour(1) == person_colour(cycle + 1)


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
    ],
)
def test_order_of_names(names: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert ordered(names) == expected
