import numpy as np
import pytest

from benchmarks.tracking import scenes
from benchmarks.tracking.__main__ import row
from benchmarks.tracking.score import Seen, score

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
    absence = scenes.Absence(0, 4, 6)
    scene = scenes.Scene("one", 10, (scenes.seat(320, 240, 40),), (absence,))
    result = score(scene, frames(*numbers))
    assert (result.idf1, result.switches) == (pytest.approx(idf1), switches)
    assert result.back == (same,)
    assert row(scene, 1, [result])[0] == "one, 1/s"
