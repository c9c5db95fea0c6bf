"""Results in a line."""

import pytest

from app.photo.summary import answers_line
from tests.app.samples import faces_of

HAPPY, SAD, TORN = (0.9, 0.06, 0.04), (0.1, 0.8, 0.1), (0.4, 0.35, 0.25)


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        ([], "**No faces**"),
        ([HAPPY], "**1 face**: {happy} **90%**"),
        ([TORN], "**1 face**: ▨\u00a0uncertain, happy 40%, sad 35% or neutral 25%"),
        ([SAD, HAPPY, HAPPY], "**3 faces**: {happy}\u00a0**2**\u2002 {sad}\u00a0**1**"),
        ([TORN, TORN, SAD], "**3 faces**: {sad}\u00a0**1**\u2002 ▨\u00a0uncertain\u00a0**2**"),
    ],
)
def test_a_photo_is_summed_up(rows: list[tuple[float, float, float]], line: str) -> None:
    marks = {
        "happy": ':color[●]{foreground="#E69F00"}\u00a0happy',
        "sad": ':color[●]{foreground="#0072B2"}\u00a0sad',
    }
    assert answers_line([faces_of(*rows)]) == line.format(**marks)


def test_photos_are_summed_up_together() -> None:
    assert answers_line([]) == "**No faces**"
    line = answers_line([faces_of(HAPPY), faces_of(), faces_of(HAPPY, SAD)])
    assert line.startswith("**3 faces**: ")
    assert "happy\u00a0**2**" in line
