import cv2
import numpy as np
import pytest
import skimage.data

from fer.detection.blazeface import BlazeFace
from fer.detection.tiled import MIN_FACE, PhotoScan, square_crop
from fer.types import Detections, Image
from tests.conftest import fake_detector, make_detections


@pytest.fixture(scope="module")
def scan() -> PhotoScan:
    return PhotoScan(BlazeFace())


def with_small_faces(astronaut: Image, side: int) -> tuple[Image, list[tuple[int, int]]]:
    """A wide picture of gravel with three faces of `side` pixels; their centres too."""
    gravel = cv2.resize(skimage.data.gravel(), (1400, 900))
    picture = np.repeat(gravel[..., None], 3, axis=2)
    scale = side / 104
    head = cv2.resize(
        astronaut[0:260, 90:360], None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA
    )
    centres = []
    for x, y in ((80, 60), (700, 420), (1280, 780)):
        picture[y : y + head.shape[0], x : x + head.shape[1]] = head
        centres.append((x + round(135 * scale), y + round(125 * scale)))
    return picture, centres


def test_no_face_stays_no_face(scan: PhotoScan) -> None:
    assert len(scan(np.full((400, 600, 3), 90, np.uint8))) == 0
    assert len(PhotoScan(fake_detector(Detections.empty()))(np.zeros((64, 64, 3), np.uint8))) == 0


@pytest.mark.parametrize("side", [24, 40])
def test_small_faces_in_a_large_picture_are_found(
    scan: PhotoScan, astronaut: Image, side: int
) -> None:
    picture, centres = with_small_faces(astronaut, side)
    found = scan(picture)
    middle = (found.xyxy[:, :2] + found.xyxy[:, 2:]) / 2
    assert len(BlazeFace()(picture)) < len(centres)
    assert len(found) == len(centres)
    for centre in centres:
        assert np.abs(middle - centre).max(axis=1).min() < side / 3


@pytest.mark.parametrize("name", ["coffee", "rocket", "cat"])
def test_what_only_looks_like_a_face_is_not_one(scan: PhotoScan, name: str) -> None:
    picture = np.ascontiguousarray(getattr(skimage.data, name)()[..., :3])
    assert len(scan(picture)) == 0


def test_parts_of_a_large_face_are_no_faces(scan: PhotoScan, astronaut: Image) -> None:
    close = cv2.resize(astronaut[20:220, 120:330], None, fx=6, fy=6, interpolation=cv2.INTER_CUBIC)
    assert len(scan(np.asarray(close, np.uint8))) == 1


def test_a_face_below_the_least_size_is_left_out() -> None:
    tiny = make_detections((100, 100, 100 + MIN_FACE - 2, 100 + MIN_FACE - 2), score=0.7)
    assert len(PhotoScan(fake_detector(tiny))(np.zeros((400, 400, 3), np.uint8))) == 0


def test_a_crop_past_the_border_is_black_there() -> None:
    crop, corner = square_crop(
        np.full((50, 80, 3), 200, np.uint8), np.array([-10, -10, 10, 10], np.float32), 2.0
    )
    assert (crop.shape, corner) == ((40, 40, 3), (-20, -20))
    assert (crop[:20] == 0).all()
    assert (crop[20:, 20:] == 200).all()
