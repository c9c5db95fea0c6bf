"""Crowds in which everybody is seen, and people of whom the border leaves a part."""

import numpy as np
import pytest

from benchmarks.detection.crowds import (
    LARGEST,
    OUTSIDE,
    SMALLEST,
    crowd,
    crowds,
    cut_photographs,
    selfies,
)
from benchmarks.detection.material import Portraits, Scene, astronaut
from fer.geometry import intersection_matrix

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


def test_a_photograph_is_cut_through_its_face() -> None:
    whole = astronaut()
    nobody = Scene.of("photographs", "sky", whole.image)
    unknown = Scene("photographs", "unknown", whole.image, None, 1)
    scenes = list(cut_photographs([nobody, unknown, whole]))
    assert len(scenes) == 6
    for scene in scenes:
        assert scene.boxes is not None
        width, height = scene.boxes[0, 2:] - scene.boxes[0, :2]
        outside = 1 - width * height / 106**2
        assert OUTSIDE[0] - 0.01 < outside < OUTSIDE[1] + 0.01
