"""Faces are where a scene says, pasted, turned, cut and in crowds."""

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer.geometry import intersection_matrix
from fer.types import Floats, Image
from tools.detection_pictures import (
    ANGLES,
    FURTHER,
    LARGEST,
    OUTSIDE,
    SMALLEST,
    Portraits,
    Scene,
    all_turned,
    blurred,
    clipped,
    crowd,
    crowds,
    cut_photographs,
    cut_tightly,
    photographs,
    selfies,
    turned,
    very_dark,
)

#: Two faces, one bright, one grey, each 40 pixels high in its picture of 48.
PORTRAITS = Portraits(
    np.stack([np.full((48, 48), 250, np.uint8), np.full((48, 48), 180, np.uint8)]),
    np.array([[4, 6, 44, 46], [4, 4, 44, 44]], np.float32),
)


def test_a_scene_without_faces_has_none() -> None:
    scene = Scene.of("kind", "name", np.zeros((9, 9, 3), np.uint8))
    assert scene.count == 0
    assert scene.boxes is not None
    assert scene.boxes.shape == (0, 4)


def test_boxes_end_at_the_border() -> None:
    picture = np.zeros((50, 80, 3), np.uint8)
    boxes = np.array([[-10, -5, 20, 20], [70, 40, 90, 60]], np.float32)
    assert clipped(boxes, picture).tolist() == [[0, 0, 20, 20], [70, 40, 80, 50]]


def test_no_portrait_makes_no_scene() -> None:
    assert list(NOBODY.pasted("kind", 40, lambda face: face)) == []


@pytest.mark.parametrize("height", [20, 40, 100])
@pytest.mark.parametrize("middle", [(100, 80), (5, 80), (195, 150), (100, -8)])
def test_a_face_is_pasted_where_its_box_says(height: int, middle: tuple[int, int]) -> None:
    picture = np.zeros((160, 200), np.uint8)
    box = PORTRAITS.paste(0, picture, np.array(middle), height)
    assert (box[:2] + box[2:]) / 2 == pytest.approx(middle, abs=0.6)
    assert box[3] - box[1] == pytest.approx(height)
    left, top, right, bottom = clipped(box[None], picture)[0].round().astype(int)
    assert (picture[top + 1 : bottom - 1, left + 1 : right - 1] > 200).all()
    picture[max(0, top - height // 2) : bottom + height // 2, max(0, left - height // 2) :] = 0
    assert picture.max() == 0


def test_six_faces_of_a_height_are_pasted_into_a_scene_in_order() -> None:
    six = Portraits(np.tile(PORTRAITS.images, (3, 1, 1)), np.tile(PORTRAITS.boxes, (3, 1)))
    scenes = list(six.pasted("kind", 30, lambda face: face // 2))
    assert [(s.group, s.count, s.image.shape) for s in scenes] == [("kind", 6, (600, 800, 3))]
    boxes = scenes[0].boxes
    assert boxes is not None
    assert boxes[:, 3] - boxes[:, 1] == pytest.approx([30] * 6)
    middles = ((boxes[:, :2] + boxes[:, 2:]) / 2).astype(int)
    assert [int(scenes[0].image[y, x, 0]) for x, y in middles] == [125, 90] * 3


def test_photographs_are_those_of_the_list(tmp_path: Path) -> None:
    truth = {"own.png": {"faces": 3}, "landscape.jpg": {"faces": 0}, "portrait.jpg": {"faces": 2}}
    (tmp_path / "photos.json").write_text(json.dumps(truth))
    for name in truth:
        cv2.imwrite(str(tmp_path / name), np.zeros((30, 40, 3), np.uint8))
    own, landscape, portrait, _ = photographs(tmp_path)
    assert (own.count, own.boxes) == (3, None)
    assert landscape.boxes is not None
    assert landscape.count == len(landscape.boxes) == 0
    # Somebody else's photograph of that name: the boxes are not those of its faces.
    assert (portrait.count, portrait.boxes) == (2, None)


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


@pytest.mark.parametrize("change", [very_dark, blurred(1.5), blurred(4)])
def test_a_changed_face_keeps_its_shape(change: Callable) -> None:
    changed = change(FACE)
    assert (changed.shape, changed.dtype) == (FACE.shape, FACE.dtype)
    assert (changed == change(FACE)).all()
    assert changed.std() < FACE.std() / 2


@pytest.fixture
def nowhere(tmp_path: Path) -> Path:
    (tmp_path / "photos.json").write_text("{}")
    return tmp_path


WHITE = 255


def portraits(count: int) -> Portraits:
    """White faces that fill their pictures."""
    boxes = np.tile(np.array([4, 4, 44, 44], np.float32), (count, 1))
    return Portraits(np.full((count, 48, 48), WHITE, np.uint8), boxes)


def test_nobody_is_no_crowd() -> None:
    picture, rng = np.zeros((60, 80), np.uint8), np.random.default_rng(0)
    scene = crowd("crowd", portraits(0), np.arange(0), picture, rng)
    assert scene.count == 0
    assert scene.image.max() == 0


def test_who_finds_no_place_is_left_out() -> None:
    picture, rng = np.zeros((70, 70), np.uint8), np.random.default_rng(0)
    scene = crowd("crowd", portraits(60), np.arange(60), picture, rng)
    assert 0 < scene.count < 60


def test_everybody_in_a_crowd_is_seen() -> None:
    for scene in crowds(portraits(80), repeats=1):
        boxes = scene.boxes
        assert boxes is not None
        assert scene.count in (25, 80)
        sides = boxes[:, 2:] - boxes[:, :2]
        assert SMALLEST * 0.85 < sides.min() < 24
        assert 45 < sides.max() <= LARGEST + 1
        overlap = intersection_matrix(boxes, boxes) / sides.prod(axis=1)
        np.fill_diagonal(overlap, 0)
        assert overlap.max() < 0.15
        for box in boxes.round().astype(int):
            face = scene.image[box[1] + 2 : box[3] - 2, box[0] + 2 : box[2] - 2, 0]
            assert (face == WHITE).mean() > 0.75


def test_of_two_in_a_selfie_one_is_cut_by_the_border() -> None:
    assert list(selfies(portraits(0))) == list(selfies(portraits(1))) == []
    scenes = list(selfies(portraits(12)))
    assert len(scenes) == 6
    for scene in scenes:
        assert scene.boxes is not None
        (small, large) = scene.boxes[:, 2:] - scene.boxes[:, :2]
        assert small[0] == pytest.approx(small[1])
        assert 1 - OUTSIDE[1] - 0.01 < large.min() / large.max() < 1 - OUTSIDE[0] + 0.01
        assert large.max() > 1.5 * small.max()


def test_a_photograph_is_cut_through_its_face(nowhere: Path) -> None:
    (whole,) = photographs(nowhere)
    nobody = Scene.of("photographs", "sky", whole.image)
    unknown = Scene("photographs", "unknown", whole.image, None, 1)
    scenes = list(cut_photographs([nobody, unknown, whole]))
    assert len(scenes) == 6
    for scene in scenes:
        assert scene.boxes is not None
        width, height = scene.boxes[0, 2:] - scene.boxes[0, :2]
        outside = 1 - width * height / 106**2
        assert OUTSIDE[0] - 0.01 < outside < OUTSIDE[1] + 0.01
