"""Changed pictures keep their faces where they say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.detection.changes import (
    ANGLES,
    FURTHER,
    all_turned,
    blurred,
    blurred_beyond_use,
    cut_tightly,
    dark,
    turned,
    very_dark,
)
from benchmarks.detection.material import Portraits, Scene
from fer.types import Floats, Image

NOBODY = Portraits(np.zeros((0, 48, 48), np.uint8), np.zeros((0, 4), np.float32))
FACE = np.random.default_rng(0).integers(0, 256, (48, 48), dtype=np.uint8)
SOMEBODY = Portraits(FACE[None], np.array([[4, 4, 44, 44]], np.float32))


def spot(x: int, y: int, side: int = 21) -> tuple[Image, Floats]:
    """A black picture with a white square, and its box."""
    image, box = np.zeros((120, 160, 3), np.uint8), np.array([x, y, x + side, y + side])
    image[y : y + side, x : x + side] = 255
    return image, box.astype(np.float32)


@given(st.integers(0, 139), st.integers(0, 99), st.integers(0, 359))
def test_a_face_turns_with_its_picture(x: int, y: int, degrees: int) -> None:
    image, box = spot(x, y)
    scene = turned(Scene.of("photographs", "spot", image, [box]), "turned", degrees)
    rows, columns = np.nonzero(scene.image[..., 0] > 127)
    assert scene.boxes is not None
    left, top, right, bottom = scene.boxes[0]
    if min(left, top) > 0 and right < scene.image.shape[1] and bottom < scene.image.shape[0]:
        middle = columns.mean() + 0.5, rows.mean() + 0.5
        assert middle == pytest.approx(((left + right) / 2, (top + bottom) / 2), abs=1.2)
        assert right - left == pytest.approx(21, abs=0.01)


def test_a_picture_whose_faces_are_only_counted_can_be_turned() -> None:
    image, _ = spot(20, 20)
    scene = turned(Scene("photographs", "spot", image, None, 1), "turned", 90)
    assert (scene.boxes, scene.count, scene.image.shape) == (None, 1, (160, 120, 3))


def test_pictures_of_one_face_are_turned_by_all_angles() -> None:
    assert list(all_turned([], NOBODY, 0)) == []
    image, box = spot(20, 20)
    one, two = (Scene.of("photographs", "", image, [box] * count) for count in (1, 2))
    scenes = list(all_turned([one, two], SOMEBODY, 2))
    angles = sum(len(degrees) for degrees in ANGLES.values())
    assert len(scenes) == 3 * angles
    assert {scene.count for scene in scenes} == {1}
    promised = [d for group, degrees in ANGLES.items() if group != FURTHER for d in degrees]
    assert promised == list(range(0, 181, 15))


def test_a_face_is_cut_to_its_box_and_a_little_more() -> None:
    assert list(cut_tightly([], NOBODY)) == []
    image, box = spot(0, 40, side=40)
    photograph, portrait = cut_tightly([Scene.of("photographs", "", image, [box])], SOMEBODY)
    assert photograph.image.shape == (44, 42, 3)
    assert photograph.boxes is not None
    assert photograph.boxes[0].tolist() == [0, 2, 40, 42]
    assert portrait.image.shape == (220, 220, 3)


@pytest.mark.parametrize("change", [dark, very_dark, blurred, blurred_beyond_use])
def test_a_changed_face_keeps_its_shape(change: object) -> None:
    assert callable(change)
    changed = change(FACE)
    assert (changed.shape, changed.dtype) == (FACE.shape, FACE.dtype)
    assert (changed == change(FACE)).all()
    assert changed.std() < FACE.std() / 2


def test_the_worse_of_two_changes_is_worse() -> None:
    assert very_dark(FACE).mean() < dark(FACE).mean() / 2
    assert blurred_beyond_use(FACE).std() < blurred(FACE).std() / 2
