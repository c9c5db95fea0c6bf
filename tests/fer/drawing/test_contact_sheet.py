"""Faces with the answers to them."""

import numpy as np
import pytest

from fer.drawing.pictures import COLUMNS, MOST, SIDE, contact_sheet
from fer.labels import colour_of

LABELS = ("happy", "sad")

#: Space between faces in pixels.
GAP = 8


def answers(count: int) -> np.ndarray:
    return np.tile(np.array([[0.9, 0.1]], np.float32), (count, 1))


@pytest.mark.parametrize(
    ("count", "columns", "rows"),
    [(1, 1, 1), (COLUMNS + 1, COLUMNS, 2), (MOST + 90, COLUMNS, MOST // COLUMNS)],
)
@pytest.mark.parametrize("channels", [1, 3])
def test_a_sheet_has_room_for_all_that_it_shows(
    count: int, columns: int, rows: int, channels: int
) -> None:
    images = np.zeros((count, 48, 48, channels), np.uint8)
    height, width, depth = contact_sheet(images, answers(count), LABELS).shape
    assert depth == 3
    one = contact_sheet(images[:1], answers(1), LABELS).shape
    assert (height - GAP, width - GAP) == (rows * (one[0] - GAP), columns * (one[1] - GAP))


def test_each_face_stands_above_its_answer() -> None:
    images = np.zeros((2, 48, 48, 1), np.uint8)
    images[1] = 255
    sheet = contact_sheet(images, np.array([[0.9, 0.1], [0.2, 0.8]], np.float32), LABELS)
    middle = [GAP + SIDE // 2, GAP + SIDE // 2 + SIDE + GAP]
    assert [int(sheet[60, x, 0]) for x in middle] == [0, 255]
    below = GAP + SIDE + 1
    colours = [
        "#" + "".join(f"{c:02X}" for c in sheet[below, x]) for x in (GAP + 1, 2 * GAP + SIDE + 1)
    ]
    assert colours == [colour_of("happy"), colour_of("sad")]
