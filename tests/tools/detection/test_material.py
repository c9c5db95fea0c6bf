"""Faces are where a scene says."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.detection.material import Portraits, Scene, backgrounds, clipped, photographs

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
    none = Portraits(np.zeros((0, 48, 48), np.uint8), np.zeros((0, 4), np.float32))
    assert list(none.pasted("kind", 40, backgrounds())) == []


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


def test_faces_of_a_height_are_pasted_into_a_scene_in_order() -> None:
    scenes = list(PORTRAITS.pasted("kind", 30, backgrounds(), each=2, change=lambda f: f // 2))
    assert [(s.group, s.count, s.image.shape) for s in scenes] == [("kind", 2, (600, 800, 3))]
    boxes = scenes[0].boxes
    assert boxes is not None
    assert boxes[:, 3] - boxes[:, 1] == pytest.approx([30, 30])
    middles = ((boxes[:, :2] + boxes[:, 2:]) / 2).astype(int)
    assert [int(scenes[0].image[y, x, 0]) for x, y in middles] == [125, 90]


def test_photographs_are_those_of_the_list(tmp_path: Path) -> None:
    truth = {"own.png": {"faces": 3}, "landscape.jpg": {"faces": 0}, "portrait.jpg": {"faces": 2}}
    (tmp_path / "photos.json").write_text(json.dumps(truth))
    for name in truth:
        cv2.imwrite(str(tmp_path / name), np.zeros((30, 40, 3), np.uint8))
    own, landscape, portrait = photographs(tmp_path)
    assert (own.count, own.boxes) == (3, None)
    assert landscape.boxes is not None
    assert landscape.count == len(landscape.boxes) == 0
    # Somebody else's photograph of that name: the boxes are not those of its faces.
    assert (portrait.count, portrait.boxes) == (2, None)
