import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer.detection.pyramid import (
    MAX_ENLARGEMENT,
    MISSED_LOGIT,
    TILE,
    Pyramid,
    detailed,
    fine_views,
    not_cut,
    square_crop,
    tiles,
)
from fer.types import Detections, Image
from tests.fer.detection.samples import PATCH, Patches, pattern

#: Distance of the places at which detail is looked for, and margin of a tile, in pixels.
STEP, MARGIN = 16, 28


@pytest.mark.parametrize(
    ("longer", "sides"),
    [
        (1, []),
        (200, []),
        (300, [405]),
        (640, [456, 864]),
        (1000, [456, 856, 1350]),
        (1600, [456, 856, 1656]),
        (9000, [456, 856, 1656]),
    ],
)
def test_views_are_hardly_larger_than_the_photograph(longer: int, sides: list[int]) -> None:
    assert list(fine_views(longer)) == sides
    assert all(side <= MAX_ENLARGEMENT * longer for side in sides)


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
        ((10, 200, 50, 256), (100, 344), True),
        ((10, 0, 50, 50), (100, 100), False),
    ],
)
def test_a_tile_cuts_faces_except_at_the_border_of_the_photograph(
    box: tuple[int, ...], corner: tuple[int, int], whole: bool
) -> None:
    found = not_cut(np.array([box], np.float32), corner, (256, 256), (600, 1000))
    assert found.tolist() == [whole]


def test_a_crop_past_the_border_is_black_there() -> None:
    crop, corner = square_crop(
        np.full((50, 80, 3), 200, np.uint8), np.array([-10, -10, 10, 10], np.float32), 2.0
    )
    assert (crop.shape, corner) == ((40, 40, 3), (-20, -20))
    assert (crop[:20] == 0).all()
    assert (crop[20:, 20:] == 200).all()


def test_a_plain_picture_is_looked_at_only_as_a_whole() -> None:
    detector = Patches()
    assert len(Pyramid(detector)(np.full((900, 1200, 3), 200, np.uint8))) == 0
    plain = len(detector.views)
    detector.views.clear()
    Pyramid(detector)(pattern(1200, 900))
    assert plain < 8 < len(detector.views)


@pytest.mark.parametrize("side", [28, 60, 150, 400])
@pytest.mark.parametrize("corner", [(0, 0), (1, 1), (0.5, 0.5), (0.33, 0.71)])
def test_faces_of_all_sizes_are_proposed_anywhere(side: int, corner: tuple[float, float]) -> None:
    left, top = round(corner[0] * (1200 - side)), round(corner[1] * (900 - side))
    box = (left, top, left + side, top + side)
    found = Pyramid(Patches())(pattern(1200, 900, box))
    assert len(found) == 1
    assert found.detections.xyxy[0] == pytest.approx(box, abs=4)


def test_what_fills_the_photograph_is_seen_with_a_border_around_it() -> None:
    class Inside(Patches):
        """Sees nothing that touches the border."""

        def __call__(self, image: Image) -> Detections:
            seen = super().__call__(image)
            edge = np.array([0, 0, -image.shape[1], -image.shape[0]], np.float32)
            return seen.take((np.abs(seen.xyxy + edge) > 2).all(axis=1))

    found = Pyramid(Inside())(np.full((160, 160, 3), PATCH, np.uint8))
    assert found.detections.xyxy[0] == pytest.approx((0, 0, 160, 160), abs=4)


def test_a_close_up_is_not_searched_for_the_smallest_faces() -> None:
    pyramid = Pyramid(Patches())
    small = (20, 20, 60, 60)
    with_others = pyramid(pattern(1600, 1200, small))
    close = pyramid(pattern(1600, 1200, small, (600, 300, 1150, 850)))
    assert len(with_others) == 1
    assert len(close) == 1


@pytest.mark.parametrize(("seen", "logit"), [(0.9, np.log(9)), (0.5, 0.0)])
def test_a_logit_is_the_mean_of_the_views_that_should_show_the_face(
    seen: float, logit: float
) -> None:
    everywhere = Pyramid(Patches(seen))(pattern(640, 480, (200, 200, 300, 300)))
    assert everywhere.logit == pytest.approx([logit], abs=0.01)

    class Once(Patches):
        """Sees the face only in the first view."""

        def __call__(self, image: Image) -> Detections:
            first = not self.views
            found = super().__call__(image)
            return found if first else Detections.empty()

    once = Pyramid(Once(seen))(pattern(640, 480, (200, 200, 300, 300)))
    assert MISSED_LOGIT < once.logit[0] < logit
