"""Faces in photographs: all sizes and angles, and nothing that only looks like one."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import skimage.data
from hypothesis import given
from hypothesis import strategies as st

from fer.detection import photo_scan
from fer.detection.blazeface import BlazeFace, FaceDetector
from fer.detection.evidence import MIN_EVIDENCE
from fer.detection.photo_scan import (
    MIN_FACE,
    MISSED_LOGIT,
    SURE_EVIDENCE,
    TILE,
    Judge,
    PhotoScan,
    Proposals,
    detailed,
    fine_views,
    not_cut,
    propose,
    tiles,
    turned,
    turned_back,
)
from fer.types import Detections, Floats, Image
from tests.samples import fake_detector, make_detections


def with_small_faces(astronaut: Image, side: int) -> tuple[Image, list[tuple[int, int]]]:
    """A wide picture of gravel with three faces of `side` pixels; their centres too."""
    gravel = cv2.resize(skimage.data.gravel(), (1400, 900))
    picture = np.repeat(gravel[..., None], 3, axis=2)
    scale = side / 104
    head = cv2.resize(
        astronaut[0:260, 90:360], None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA
    )
    centres = []
    for x, y in ((80, 60), (700, 420), (1110, 600)):
        picture[y : y + head.shape[0], x : x + head.shape[1]] = head
        centres.append((x + round(135 * scale), y + round(125 * scale)))
    return picture, centres


#: Brightness of a patch.
PATCH = 30


class Patches:
    """A detector to which dark patches in a pattern are faces, between 24 and 200 pixels high."""

    def __init__(self, score: float = 0.9) -> None:
        self.score, self.views = score, list[tuple[int, int]]()

    def __call__(self, image: Image) -> Detections:
        self.views.append((image.shape[1], image.shape[0]))
        scale = TILE / max(image.shape[:2])
        dark = (abs(image[..., 0].astype(int) - PATCH) < 10).astype(np.uint8)
        boxes = [
            (x, y, x + width, y + height)
            for x, y, width, height, _ in cv2.connectedComponentsWithStats(dark)[2][1:].tolist()
            if 24 <= height * scale <= 200
        ]
        return make_detections(*boxes, score=self.score)


def pattern(width: int, height: int, *boxes: tuple[int, int, int, int]) -> Image:
    """A picture full of detail with dark patches in it."""
    noise = np.random.default_rng(0).integers(90, 250, (height, width, 1), dtype=np.uint8)
    picture = np.repeat(noise, 3, axis=2)
    for left, top, right, bottom in boxes:
        picture[top:bottom, left:right] = PATCH
    return picture


def proposed(detector: Patches, image: Image) -> Proposals:
    return propose(image, detector)


#: Distance of the places at which detail is looked for, and margin of a tile, in pixels.
STEP, MARGIN = 16, 28


@pytest.mark.parametrize(
    ("longer", "sides"),
    [(1, []), (200, []), (300, [405]), (640, [456, 864]), (1000, [456, 856, 1350]),
     (9000, [456, 856, 1656])],
)  # fmt: skip
def test_views_are_hardly_larger_than_the_photograph(longer: int, sides: list[int]) -> None:
    assert list(fine_views(longer)) == sides


@given(st.integers(1, 900), st.integers(1, 900), st.integers(0, 2**32 - 1))
def test_every_place_with_detail_is_inside_a_tile(width: int, height: int, seed: int) -> None:
    places = -(-height // STEP), -(-width // STEP)
    needed = np.random.default_rng(seed).random(places) < 0.1
    corners = tiles(needed, width, height)
    assert bool(corners) == needed.any()
    for row, column in np.argwhere(needed).tolist():
        x, y = column * STEP, row * STEP
        assert any(_inside(x, left, width) and _inside(y, top, height) for left, top in corners)


def _inside(place: int, start: int, length: int) -> bool:
    """Whether a place is in a tile and in its margin only at the border of the view."""
    low = start + (MARGIN if start else 0)
    high = start + TILE - (MARGIN if start + TILE < length else 0)
    return low <= place < high or place // STEP == max(0, high - 1) // STEP


@pytest.mark.parametrize(
    ("picture", "share"),
    [
        (np.full((320, 320, 3), 120, np.uint8), 0.0),
        (cv2.GaussianBlur(pattern(320, 320), (0, 0), 12), 0.0),
        (pattern(320, 320), 1.0),
        (pattern(320, 320) // 6, 1.0),
    ],
    ids=["plain", "out of focus", "sharp", "sharp and dark"],
)
def test_detail_is_what_is_in_focus(picture: Image, share: float) -> None:
    assert detailed(picture).mean() == pytest.approx(share, abs=0.05)


@pytest.mark.parametrize(
    ("box", "corner", "whole"),
    [
        ((10, 10, 50, 50), (100, 100), True),
        ((0, 10, 50, 50), (100, 100), False),
        ((0, 10, 50, 50), (0, 100), True),
        ((200, 10, 256, 50), (100, 100), False),
        ((200, 10, 256, 50), (744, 100), True),
        ((10, 200, 50, 256), (100, 343), False),
        ((10, 200, 50, 256), (100, 344), True),
        ((10, 0, 50, 50), (100, 100), False),
    ],
)
def test_a_tile_cuts_faces_except_at_the_border_of_the_photograph(
    box: tuple[int, ...], corner: tuple[int, int], whole: bool
) -> None:
    found = not_cut(np.array([box], np.float32), corner, (256, 256), (600, 1000))
    assert found.tolist() == [whole]


@pytest.mark.parametrize("side", [28, 60, 150, 400])
@pytest.mark.parametrize("corner", [(0, 0), (1, 1), (0.5, 0.5), (0.33, 0.71)])
def test_faces_of_all_sizes_are_proposed_anywhere(side: int, corner: tuple[float, float]) -> None:
    left, top = round(corner[0] * (1200 - side)), round(corner[1] * (900 - side))
    box = (left, top, left + side, top + side)
    found = proposed(Patches(), pattern(1200, 900, box))
    assert len(found.logit) == 1
    assert found.detections.xyxy[0] == pytest.approx(box, abs=4)


def test_what_fills_the_photograph_is_seen_with_a_border_around_it() -> None:
    class Inside(Patches):
        """Sees nothing that touches the border."""

        def __call__(self, image: Image) -> Detections:
            seen = super().__call__(image)
            edge = np.array([0, 0, -image.shape[1], -image.shape[0]], np.float32)
            return seen.take((np.abs(seen.xyxy + edge) > 2).all(axis=1))

    found = proposed(Inside(), np.full((160, 160, 3), PATCH, np.uint8))
    assert found.detections.xyxy[0] == pytest.approx((0, 0, 160, 160), abs=4)
    # Of the two views that should show this one, the whole photograph does not.
    corner = proposed(Inside(), pattern(160, 160, (0, 0, 100, 100)))
    assert corner.logit == pytest.approx([(np.log(9) + MISSED_LOGIT) / 2], abs=0.01)


def test_a_close_up_is_not_searched_for_the_smallest_faces() -> None:
    small = (20, 20, 60, 60)
    with_others = proposed(Patches(), pattern(1600, 1200, small))
    close = proposed(Patches(), pattern(1600, 1200, small, (600, 300, 1150, 850)))
    assert len(with_others.logit) == len(close.logit) == 1


@pytest.mark.parametrize(("seen", "logit"), [(0.9, np.log(9)), (0.5, 0.0)])
def test_a_logit_is_the_mean_of_views_that_should_show_it(seen: float, logit: float) -> None:
    everywhere = proposed(Patches(seen), pattern(640, 480, (200, 200, 300, 300)))
    assert everywhere.logit == pytest.approx([logit], abs=0.01)

    class Once(Patches):
        """Sees the face only in the first view."""

        def __call__(self, image: Image) -> Detections:
            first = not self.views
            found = super().__call__(image)
            return found if first else Detections.empty()

    once = proposed(Once(seen), pattern(640, 480, (200, 200, 300, 300)))
    assert MISSED_LOGIT < once.logit[0] < logit


@pytest.fixture(scope="module")
def scan() -> PhotoScan:
    return PhotoScan.load()


def test_no_face_stays_no_face(scan: PhotoScan) -> None:
    assert len(scan(np.full((400, 600, 3), 90, np.uint8))) == 0
    nothing = PhotoScan(fake_detector(Detections.empty()), certain(20))
    assert len(nothing(np.zeros((64, 64, 3), np.uint8))) == 0


@pytest.mark.parametrize("side", [28, 40, 90])
def test_small_faces_of_a_large_one_are_found(scan: PhotoScan, astronaut: Image, side: int) -> None:
    picture, centres = with_small_faces(astronaut, side)
    found = scan(picture)
    middle = (found.xyxy[:, :2] + found.xyxy[:, 2:]) / 2
    assert side == 90 or len(BlazeFace()(picture)) < len(centres)
    assert len(found) == len(centres)
    for centre in centres:
        assert np.abs(middle - centre).max(axis=1).min() < side / 3


@pytest.mark.parametrize("name", ["coffee", "rocket", "cat", "coins", "clock", "retina", "horse"])
def test_what_only_looks_like_a_face_is_not_one(scan: PhotoScan, name: str) -> None:
    picture = np.asarray(getattr(skimage.data, name)())
    picture = (picture * 255).astype(np.uint8) if picture.dtype == np.bool_ else picture
    rgb = picture[..., :3] if picture.ndim == 3 else np.repeat(picture[..., None], 3, axis=2)
    assert len(scan(np.ascontiguousarray(rgb))) == 0


@pytest.mark.parametrize("degrees", [45, 90, 135, 180, 225, 270, 315])
def test_a_turned_face_is_where_it_is(scan: PhotoScan, astronaut: Image, degrees: int) -> None:
    upright = scan(astronaut)
    found = scan(turned(astronaut, degrees))
    back = turned_back(found, degrees, astronaut.shape[:2])
    assert len(found) == len(upright) == 1
    assert back.xyxy == pytest.approx(upright.xyxy, abs=16)
    assert back.landmarks[0, :4] == pytest.approx(upright.landmarks[0, :4], abs=10)


@given(st.sampled_from([0, 90, 180, 270]), st.integers(1, 60), st.integers(1, 60))
def test_a_pixel_is_where_its_box_is(degrees: int, width: int, height: int) -> None:
    image = np.zeros((height, width, 3), np.uint8)
    x, y = width - 1, height // 2
    image[y, x] = 255
    there = turned(image, degrees)
    assert there.shape == (image.shape if degrees % 180 == 0 else (width, height, 3))
    ((row, column),) = np.argwhere(there[..., 0])
    face = make_detections((float(column), float(row), column + 1.0, row + 1.0))
    assert turned_back(face, degrees, (height, width)).xyxy[0] == pytest.approx(
        (x, y, x + 1, y + 1), abs=1e-3
    )


def certain(evidence: float) -> Judge:
    """Return a judge that always says the same."""
    return lambda image, found, logits: np.full(len(found), evidence, np.float32)


def first_view(*box: float, score: float = 0.9) -> FaceDetector:
    """Return a detector that sees a face in the first view only, where the photograph is whole."""
    return once(make_detections(box, score=score))


def once(found: Detections) -> FaceDetector:
    answers = iter([found])
    return lambda image: next(answers, Detections.empty())


BLACK = np.zeros((200, 200, 3), np.uint8)


@pytest.mark.parametrize(
    ("evidence", "side", "score", "faces"),
    [
        (MIN_EVIDENCE - 0.01, 80, 0.9, 0),
        (MIN_EVIDENCE + 0.01, 80, 0.9, 1),
        (20, 80, 0.28, 0),
        (20, MIN_FACE - 2, 0.99, 0),
        (20, MIN_FACE + 2, 0.99, 1),
    ],
    ids=["little evidence", "enough", "hardly looks like a face", "too small", "large enough"],
)
def test_a_face_is_large_and_sure(evidence: float, side: int, score: float, faces: int) -> None:
    detector = first_view(60, 60, 60 + side, 60 + side, score=score)
    assert len(PhotoScan(detector, certain(evidence))(BLACK)) == faces


@pytest.mark.parametrize(
    ("left", "faces"), [(40, 1), (82, 1), (98, 2), (130, 2)], ids=["in", "mostly", "half", "beside"]
)
def test_what_lies_mostly_inside_a_face_is_part_of_it(left: int, faces: int) -> None:
    both = make_detections((0, 0, 100, 100), (left, 40, left + 20, 60))
    assert len(PhotoScan(once(both), certain(20))(BLACK)) == faces


def test_a_huge_photograph_is_turned_in_a_smaller_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photo_scan, "_LARGEST_SIDE", 600)
    shapes = []

    def detect(image: Image) -> Detections:
        rows, columns = image.shape[:2]
        whole = columns == 3 * rows
        return make_detections((0, 0, columns / 3, rows)) if whole else Detections.empty()

    def judge(image: Image, detections: Detections, _logits: Floats) -> Floats:
        shapes.append(image.shape[:2])
        return np.full(len(detections), -9 if image[0].any() else SURE_EVIDENCE, np.float32)

    picture = np.zeros((400, 1200, 3), np.uint8)
    picture[0] = 255
    found = PhotoScan(detect, judge)(picture)
    assert (shapes[0], shapes[-1]) == ((400, 1200), (200, 600))
    assert found.xyxy[0] == pytest.approx((800, 0, 1200, 400), abs=1)


@pytest.mark.parametrize(("place", "faces"), [((118, 118, 182, 182), 1), ((20, 20, 80, 80), 2)])
def test_an_upright_face_stays_unless_turned_is_better(place: tuple[int, ...], faces: int) -> None:
    """A doubtful face in a corner, and a sure one, here or there, where it is upside down."""

    def detect(image: Image) -> Detections:
        if len(image) != len(BLACK):
            return Detections.empty()
        if image[0].any():  # white: the right way up
            return make_detections((20, 20, 80, 80), score=0.6)
        return make_detections(place, score=0.9)

    def judge(_image: Image, found: Detections, _logits: Floats) -> Floats:
        return np.where(found.score > 0.8, SURE_EVIDENCE, MIN_EVIDENCE).astype(np.float32)

    picture = BLACK.copy()
    picture[0] = 255
    found = PhotoScan(detect, judge)(picture)
    assert len(found) == faces
    assert found.score.max() > 0.8
