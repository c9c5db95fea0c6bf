"""Names, shares and times as people read them; nothing that a table takes for a formula."""

from collections.abc import Callable

import pytest

from fer.labels import (
    COLOURS,
    FER2013_LABELS,
    OTHER_COLOUR,
    PERSON_COLOURS,
    canonical,
    colour_of,
    ordered,
    person_colour,
)
from fer.text import cell, chance, clock, one_of

TEXTS = {
    one_of: {("sad",): "sad", ("sad", "fear"): "sad or fear", ("a", "b", "c"): "a, b or c"},
    chance: {0.0: "<1%", 0.004: "<1%", 0.005: "<1%", 0.5: "50%", 0.994: "99%", 1.0: ">99%"},
    clock: {0: "0:00", 7.9: "0:07", 750: "12:30", 3723: "1:02:03"},
    cell: {"": "", "a=1": "a=1", "-1": "'-1", "\ta": "'\ta", "'a": "''a", "\uff0b1": "'\uff0b1"},
    canonical: {
        "": "",
        " Happiness ": "happy",
        "SADNESS": "sad",
        "suprise": "surprise",
        "Contempt": "contempt",
        "Laughing ": "Laughing",
    },
    colour_of: {"happy": COLOURS["happy"], "bored": OTHER_COLOUR},
    ordered: {
        (): (),
        ("sad", "happy", "angry"): ("angry", "happy", "sad"),
        ("happy", "contempt", "angry"): ("angry", "contempt", "happy"),
        tuple(sorted(FER2013_LABELS)): FER2013_LABELS,
    },
}


@pytest.mark.parametrize(
    ("function", "given"), [(function, given) for function, rows in TEXTS.items() for given in rows]
)
def test_as_text(function: Callable, given: object) -> None:
    assert function(given) == TEXTS[function][given]


def test_a_person_keeps_a_colour_that_no_expression_and_no_neighbour_has() -> None:
    cycle = len(PERSON_COLOURS)
    colours = [person_colour(number) for number in range(1, cycle + 2)]
    assert len({*colours}) == cycle
    assert colours[0] == colours[-1] == PERSON_COLOURS[0]
    assert not set(colours) & set(COLOURS.values())
