"""Pictures for the page: size, marks, and faces cut out."""

import cv2
import numpy as np
import pytest

from app.core.pictures import (
    MAX_SIDE,
    MIN_SIDE,
    PORTRAIT_SIDE,
    marked_jpeg,
    marked_png,
    portrait_jpegs,
    small_jpeg,
)
from fer import Faces
from fer.types import Image
from tests.app.samples import LABELS, faces_of
from tests.samples import make_detections


def decoded(data: bytes) -> Image:
    bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)


def face_at(*box: float) -> Faces:
    return Faces.of(make_detections(box), np.array([[1, 0, 0]], np.float32), LABELS)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        ((16, 32), (MIN_SIDE // 2, MIN_SIDE)),
        ((800, 1000), (800, 1000)),
        ((4000, 2000), (MAX_SIDE, MAX_SIDE // 2)),
        ((20, 4000), (8, MAX_SIDE)),
    ],
)
def test_the_page_shows_a_picture_that_a_browser_likes(
    size: tuple[int, int], shown: tuple[int, int]
) -> None:
    image = np.full((*size, 3), 128, np.uint8)
    assert decoded(marked_jpeg(image, faces_of())).shape[:2] == shown


def test_marks_move_with_the_scale() -> None:
    image = np.full((3200, 3200, 3), 128, np.uint8)
    shown = decoded(marked_jpeg(image, face_at(1600, 1600, 2400, 2400)))
    painted = np.argwhere(np.abs(shown.astype(int) - 128).max(axis=2) > 60)
    assert painted.min(axis=0).tolist()[1] == pytest.approx(800, abs=12)
    assert painted.max(axis=0).tolist() == pytest.approx([1200, 1200], abs=12)


def test_a_download_keeps_every_pixel_outside_the_marks() -> None:
    image = np.random.default_rng(1).integers(0, 256, (300, 400, 3), np.uint8)
    full = decoded(marked_png(image, face_at(100, 100, 200, 200)))
    assert full.shape == image.shape
    assert np.array_equal(full[220:], image[220:])
    assert not np.array_equal(full, image)


@pytest.mark.parametrize(
    "box", [(100, 50, 180, 130), (-40, -40, 60, 60), (150, 90, 400, 340), (10, 10, 11, 11)]
)
def test_a_face_is_cut_out_square_wherever_it_is(box: tuple[float, ...]) -> None:
    image = np.random.default_rng(1).integers(0, 256, (200, 300, 3), np.uint8)
    (portrait,) = portrait_jpegs(image, face_at(*box))
    assert decoded(portrait).shape == (PORTRAIT_SIDE, PORTRAIT_SIDE, 3)


def test_a_face_is_in_the_middle_of_its_cut_out() -> None:
    image = np.zeros((400, 600, 3), np.uint8)
    image[180:220, 280:320] = 255
    (portrait,) = portrait_jpegs(image, face_at(260, 160, 340, 240))
    bright = np.argwhere(decoded(portrait).mean(axis=2) > 128)
    assert bright.mean(axis=0).tolist() == pytest.approx([PORTRAIT_SIDE / 2] * 2, abs=3)


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        ((16, 32), (16, 32)),
        ((3000, 4000), (144, 192)),
        ((4000, 20), (192, 1)),
    ],
)
def test_a_thumbnail_is_small_and_never_enlarged(
    size: tuple[int, int], shown: tuple[int, int]
) -> None:
    image = np.full((*size, 3), 128, np.uint8)
    assert decoded(small_jpeg(image, 192, 80)).shape[:2] == shown
