"""Results in a line."""

import numpy as np
import pytest

from app.photos.summary import answers_line, crowd_note
from fer import Faces
from tests.app.samples import faces_of
from tests.samples import make_detections

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


@pytest.mark.parametrize(
    ("count", "width", "told"),
    [(0, 0, False), (2, 20, False), (3, 20, True), (9, 60, False), (10, 60, True)],
)
def test_a_crowd_may_have_more_faces_than_were_found(count: int, width: int, told: bool) -> None:
    boxes = [(70 * i, 0, 70 * i + width, width) for i in range(count)]
    shares = np.full((count, 2), 0.5, np.float32)
    note = crowd_note(Faces.of(make_detections(*boxes), shares, ("happy", "sad")))
    assert bool(note) is told
    assert note.startswith(f"{count} faces were found; there may be more." if told else "")


@pytest.mark.parametrize(("count", "told"), [(0, False), (1, False), (2, True), (3, True)])
def test_where_faces_were_left_out_it_is_told(
    monkeypatch: pytest.MonkeyPatch, count: int, told: bool
) -> None:
    monkeypatch.setenv("FER_MAX_FACES", "2")
    assert crowd_note(faces_of(*[HAPPY] * count)).startswith("This server reads the 2") is told
