"""Who is who in scenes of real people, as the tool has them but fewer; and how it is scored."""

from pathlib import Path

import numpy as np
import pytest

from tools import films
from tools.films import HELD_OUT, Person, people
from tools.tracking import Seen, row, score, watched

BOX = np.array([[0, 0, 40, 40]], np.float32)


def frames(*numbers: int | None) -> list[Seen]:
    """Return a frame a second in which person 0 has the numbers given; None if nobody is seen."""
    return [
        Seen(float(t), np.array([0][:n]), BOX[:n], np.array([number or 0][:n]), BOX[:n])
        for t, number in enumerate(numbers)
        for n in [0 if number is None else 1]
    ]


@pytest.mark.parametrize(
    ("numbers", "idf1", "switches", "same"),
    [
        ((1, 1, 1, 1, None, None, 1, 1, 1, 1), 1.0, 0, True),
        ((1, 1, 1, 1, None, None, 2, 2, 2, 2), 0.5, 1, False),
        ((1, 1, 1, 1, None, None, None, None, None, None), 1.0, 0, False),
    ],
    ids=["same", "another", "never back"],
)
def test_a_number_that_changes_costs(
    numbers: tuple, idf1: float, switches: int, same: bool
) -> None:
    absence = (0, 4.0, 6.0)
    scene = films.Scene("one", 10, (films.seat(320, 240, 40),), (absence,))
    result = score(scene, frames(*numbers))
    assert (result.idf1, result.switches) == (pytest.approx(idf1), switches)
    assert result.back == [same]
    assert row(scene, 1, [result])[0] == "one, 1/s"


@pytest.fixture(scope="module")
def cast(shared: Path) -> list[Person]:
    return people(shared / "photos", HELD_OUT)


@pytest.mark.parametrize(("rate", "seconds"), [(15, 3), (5, 6), (2, 15), (0.5, 50)])
def test_people_who_sit_still_keep_their_numbers_at_any_rate(
    cast: list[Person], rate: float, seconds: float
) -> None:
    result = watched(films.still(seconds), cast, rate)
    assert result.idf1 >= 0.95
    assert result.numbers == result.people == 6


@pytest.mark.parametrize("scene", [films.crossing(2), films.fast()], ids=lambda s: s.name)
def test_people_who_cross_or_are_fast_keep_their_numbers(
    cast: list[Person], scene: films.Scene
) -> None:
    assert watched(scene, cast, 15).idf1 >= 0.9


def test_who_was_away_has_the_same_number_again(cast: list[Person]) -> None:
    script = (films.coming_and_going(), films.behind_a_door(), films.all_leave())
    back = [same for scene in script for same in watched(scene, cast, 5).back]
    assert len(back) == 10
    assert sum(back) >= 8


def test_a_stop_and_start_and_another_light_change_no_number(cast: list[Person]) -> None:
    for scene in (films.stopped(), films.other_light()):
        result = watched(scene, cast, 5)
        assert all(result.back)
        assert result.numbers == result.people
