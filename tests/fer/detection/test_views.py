"""Views of a photograph: every place with detail is in a tile, and little else."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer.detection.views import (
    MAX_ENLARGEMENT,
    TILE,
    detailed,
    everywhere,
    fine_views,
    not_cut,
    square_crop,
    tiles,
)
from fer.types import Image
from tests.fer.detection.samples import pattern

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


@given(st.integers(1, 900), st.integers(1, 900))
def test_everywhere_are_the_places_at_which_detail_is_looked_for(width: int, height: int) -> None:
    view = np.zeros((height, width, 3), np.uint8)
    assert everywhere(view).all()
    assert everywhere(view).shape == detailed(view).shape


def test_tiles_do_not_cover_what_has_no_detail() -> None:
    needed = np.zeros((60, 60), np.bool_)
    assert tiles(needed, 960, 960) == []
    needed[30, 5] = needed[31, 6] = True
    assert len(tiles(needed, 960, 960)) == 1


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
