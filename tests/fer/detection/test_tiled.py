import cv2
import numpy as np
import pytest
import skimage.data

from fer.detection.blazeface import BlazeFace
from fer.detection.tiled import (
    CONFIRMATION_MEAN_SCORE,
    CONFIRMATION_SCALES,
    MIN_FACE,
    PhotoScan,
    square_crop,
)
from fer.types import Detections, Image
from tests.fer.detection.samples import with_small_faces
from tests.samples import fake_detector, make_detections


@pytest.fixture(scope="module")
def scan() -> PhotoScan:
    return PhotoScan(BlazeFace())


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


class Patches:
    """A detector to which patches of one grey are faces, if about as tall as wide.

    Like a real one, it sees none below 8 % of the view.
    """

    def __init__(self, score: float) -> None:
        self._score = score
        self.views = 0

    def __call__(self, image: Image) -> Detections:
        self.views += 1
        boxes = []
        for grey in set(np.unique(image).tolist()) - {0}:
            same = (image[..., 0] == grey).astype(np.uint8)
            for x, y, width, height, _ in cv2.connectedComponentsWithStats(same)[2][1:].tolist():
                longer, shorter = max(width, height), min(width, height)
                if longer >= 0.08 * max(image.shape) and longer <= 1.5 * shorter:
                    boxes.append((x, y, x + width, y + height))
        return make_detections(*boxes, score=self._score)


def with_patches(*boxes: tuple[int, int, int, int]) -> Image:
    """A black picture with patches, each of another grey; the last lies on top."""
    picture = np.zeros((600, 600, 3), np.uint8)
    for grey, (left, top, right, bottom) in enumerate(boxes, start=100):
        picture[top:bottom, left:right] = grey
    return picture


@pytest.mark.parametrize(
    ("side", "score", "faces"),
    [
        (MIN_FACE - 2, 0.75, 0),
        (MIN_FACE + 2, 0.75, 1),
        (MIN_FACE + 2, CONFIRMATION_MEAN_SCORE - 0.01, 0),
    ],
    ids=["too small", "large enough", "not clear enough"],
)
def test_only_tiles_show_a_small_face_so_it_must_be_confirmed(
    side: int, score: float, faces: int
) -> None:
    small = with_patches((100, 100, 100 + side, 100 + side))
    assert len(PhotoScan(Patches(score))(small)) == faces


def test_a_closer_look_that_finds_something_else_confirms_nothing() -> None:
    elsewhere = fake_detector(make_detections((100, 100, 140, 140), score=0.79))
    assert len(PhotoScan(elsewhere)(np.zeros((400, 400, 3), np.uint8))) == 0


@pytest.mark.parametrize(
    ("left", "faces"), [(250, 1), (440, 2)], ids=["inside a large face", "beside it"]
)
def test_a_small_face_counts_if_it_is_no_part_of_a_large_one(left: int, faces: int) -> None:
    picture = with_patches((120, 120, 430, 430), (left, 250, left + 40, 290))
    assert len(PhotoScan(Patches(0.9))(picture)) == faces


@pytest.mark.parametrize(
    ("side", "found_again", "moved"),
    [(60, False, 0), (60, True, 2), (200, True, 0)],
    ids=["small and lost", "small", "large"],
)
def test_a_closer_look_places_a_clear_face_if_it_is_small(
    side: int, found_again: bool, moved: int
) -> None:
    whole = make_detections((200, 200, 200 + side, 200 + side), score=0.85)
    width = round(side * CONFIRMATION_SCALES[0])
    start = (width - side) // 2 + 2
    closer = make_detections((start, start, start + side, start + side), score=0.95)
    views = {600: whole, width: closer if found_again else Detections.empty()}
    scan = PhotoScan(lambda image: views.get(len(image), Detections.empty()))
    found = scan(np.zeros((600, 600, 3), np.uint8))
    assert found.xyxy == pytest.approx(whole.xyxy + moved)
    assert found.score == pytest.approx(whole.score)


@pytest.mark.parametrize("corner", [(0, 0), (560, 0), (0, 560), (560, 560), (205, 205)])
def test_a_small_face_is_found_in_the_corners_and_in_the_middle(corner: tuple[int, int]) -> None:
    left, top = corner
    detector, place = Patches(0.9), (left, top, left + 40, top + 40)
    assert len(detector(with_patches(place))) == 0
    found = PhotoScan(detector)(with_patches(place))
    assert found.xyxy.tolist() == [list(place)]


def test_what_the_border_of_a_tile_cuts_costs_no_closer_look() -> None:
    nothing, post = Patches(0.9), Patches(0.9)
    assert len(PhotoScan(nothing)(with_patches())) == 0
    # Some tiles end so that what they show of the post is as tall as wide.
    assert len(PhotoScan(post)(with_patches((100, 200, 140, 400)))) == 0
    assert post.views == nothing.views


def test_a_crop_past_the_border_is_black_there() -> None:
    crop, corner = square_crop(
        np.full((50, 80, 3), 200, np.uint8), np.array([-10, -10, 10, 10], np.float32), 2.0
    )
    assert (crop.shape, corner) == ((40, 40, 3), (-20, -20))
    assert (crop[:20] == 0).all()
    assert (crop[20:, 20:] == 200).all()
