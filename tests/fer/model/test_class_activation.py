"""Class activation maps: where they lie in the face and in the photograph."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer.alignment import FER2013_FRAMING
from fer.model.classifier import ClassActivation, class_activation
from fer.types import Detections
from tests.fer.samples import heat_in_photo
from tests.samples import make_detections

LABELS = ("happy", "sad")


def one_place(found: Detections, row: int, column: int, value: float = 2.0) -> ClassActivation:
    """Return an explanation in which one place of 6 × 6 speaks for happy."""
    maps = np.zeros((1, 6, 6, 2), np.float32)
    maps[0, row, column, 0] = value
    return class_activation(found, maps, LABELS, FER2013_FRAMING)


FACE = make_detections((40, 30, 140, 130))


@pytest.mark.parametrize(
    ("found", "shape"),
    [
        (Detections.empty(), (1, 6, 6, 2)),
        (FACE, (0, 6, 6, 2)),
        (FACE, (2, 6, 6, 2)),
        (FACE, (1, 6, 6, 3)),
        (FACE, (1, 6, 6)),
    ],
)
def test_what_is_not_one_face_s_map_is_refused(found: Detections, shape: tuple) -> None:
    with pytest.raises(ValueError, match="expected one face and maps"):
        class_activation(found, np.zeros(shape, np.float32), LABELS, FER2013_FRAMING)


def test_what_all_expressions_have_in_common_says_nothing() -> None:
    maps = np.full((1, 6, 6, 2), 7.0, np.float32)
    maps[0, 1, 2] += [3, -3]
    made = class_activation(FACE, maps, LABELS, FER2013_FRAMING)
    assert made.maps.sum(axis=-1) == pytest.approx(np.zeros((6, 6)))
    assert made.maps[1, 2].tolist() == [3, -3]
    assert np.count_nonzero(made.maps) == 2


@pytest.mark.parametrize("side", [6, 48, 240])
def test_a_place_lies_where_its_square_does_and_speaks_against_the_other(side: int) -> None:
    made = one_place(FACE, row=1, column=4)
    heat = made.heatmap("happy", side)
    assert heat.shape == (side, side)
    peak = (np.argwhere(heat > 0.9 * heat.max()).mean(axis=0) + 0.5) / side
    assert peak == pytest.approx([1.5 / 6, 4.5 / 6], abs=0.03)
    assert heat.max() <= 1
    assert made.heatmap("sad", side) == pytest.approx(-heat)


@given(
    angle=st.floats(-1, 1),
    side=st.floats(40, 90),
    place=st.tuples(st.integers(1, 4), st.integers(1, 4)),
)
def test_a_map_follows_its_face_into_the_photograph(
    angle: float, side: float, place: tuple[int, int]
) -> None:
    middle = np.array([100.0, 100.0])
    upright = make_detections((100 - side / 2, 100 - side / 2, 100 + side / 2, 100 + side / 2))
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    landmarks = ((upright.landmarks - middle) @ rotation.T + middle).astype(np.float32)
    made = one_place(Detections(upright.xyxy, upright.score, landmarks), *place)
    heat = heat_in_photo(made, "happy", (200, 220))
    assert heat.shape == (220, 200)
    y, x = np.argwhere(heat > 0.9 * heat.max()).mean(axis=0)
    in_frame = made.to_frame @ [x + 0.5, y + 0.5, 1]
    assert in_frame == pytest.approx([(place[1] + 0.5) / 6, (place[0] + 0.5) / 6], abs=0.04)
    assert not heat[0].any()
