"""Who is who in scenes of real people, as the benchmark has them but fewer; held-out ones."""

from pathlib import Path

import pytest

from benchmarks.tracking import scenes
from benchmarks.tracking.people import HELD_OUT, Person, people
from benchmarks.tracking.watch import watched


@pytest.fixture(scope="module")
def cast(shared: Path) -> list[Person]:
    return people(shared / "photos", HELD_OUT)


@pytest.mark.parametrize(("rate", "seconds"), [(15, 3), (5, 6), (2, 15), (0.5, 50)])
def test_people_who_sit_still_keep_their_numbers_at_any_rate(
    cast: list[Person], rate: float, seconds: float
) -> None:
    result = watched(scenes.still(seconds), cast, rate)
    assert result.idf1 >= 0.95
    assert result.numbers == result.people == 6


@pytest.mark.parametrize("scene", [scenes.crossing(2), scenes.fast()], ids=lambda s: s.name)
def test_people_who_cross_or_are_fast_keep_their_numbers(
    cast: list[Person], scene: scenes.Scene
) -> None:
    assert watched(scene, cast, 15).idf1 >= 0.9


def test_who_was_away_has_the_same_number_again(cast: list[Person]) -> None:
    script = (scenes.coming_and_going(), scenes.behind_a_door(), scenes.all_leave())
    back = [same for scene in script for same in watched(scene, cast, 5).back]
    assert len(back) == 10
    assert sum(back) >= 8


def test_a_stop_and_start_and_another_light_change_no_number(cast: list[Person]) -> None:
    for scene in (scenes.stopped(), scenes.other_light()):
        result = watched(scene, cast, 5)
        assert all(result.back)
        assert result.numbers == result.people
