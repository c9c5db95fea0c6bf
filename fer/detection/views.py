"""Views of a photograph at several scales, and the tiles in which a detector looks at them.

The coarse views are looked at everywhere. The fine ones only where there is enough detail for a
face: a wall, the sky or what is out of focus has none, and most of a photograph's pixels are there.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.types import Floats, Image

#: Side of the detector's input, and so of a tile, in pixels.
TILE = 256

#: Longer sides of the views, in pixels. Each shows faces about half as large as the one before, and
#: tiles with their margins fit into it without a rest.
VIEWS = (256, 456, 856, 1656)

#: Longest side of a view as a multiple of the photograph's: enlarging adds no detail, but the
#: detector finds faces of 28 pixels far more often than those of 24.
MAX_ENLARGEMENT = 1.35

#: Least detail of a place that can show a face: mean deviation from a blurred copy relative to the
#: brightness. 72 faces of 28 pixels had 0.08 and more, in bad light 0.07, out of focus 0.06.
MIN_DETAIL = 0.06

#: Pixels: standard deviation of that blur, side over which detail is averaged (a small face), and
#: distance of the places.
_BLUR, _WINDOW, _STEP = 3.0, 32, 16

#: Width of a tile's margin, in which a face may be cut off.
_MARGIN = 28


def fine_views(longer: int) -> Iterator[int]:
    """Yield the longer sides of the views beyond the first, for a photograph's longer side.

    The last one is as large as `MAX_ENLARGEMENT` permits; none is close to it.
    """
    largest = min(round(MAX_ENLARGEMENT * longer), VIEWS[-1])
    yield from (side for side in VIEWS[1:] if side < 0.8 * largest)
    if largest > MAX_ENLARGEMENT * VIEWS[0]:
        yield largest


def resized(image: Image, scale: float) -> Image:
    """Return the image at another scale, at least one pixel wide and high."""
    height, width = image.shape[:2]
    size = max(1, round(width * scale)), max(1, round(height * scale))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, size, interpolation=method), np.uint8)


def detailed(view: Image) -> NDArray[np.bool_]:
    """Return where a view has enough detail for a face, at every 16th pixel."""
    grey = cv2.cvtColor(view, cv2.COLOR_RGB2GRAY)
    deviation = cv2.absdiff(grey, cv2.GaussianBlur(grey, (0, 0), _BLUR))
    detail, light = (
        np.asarray(cv2.boxFilter(part, cv2.CV_32F, (_WINDOW, _WINDOW)))[::_STEP, ::_STEP]
        for part in (deviation, grey)
    )
    return np.asarray(detail >= MIN_DETAIL * (light + 10))


def everywhere(view: Image) -> NDArray[np.bool_]:
    """Return all places of a view, as `detailed` returns those with detail."""
    height, width = view.shape[:2]
    return np.ones((-(-height // _STEP), -(-width // _STEP)), np.bool_)


def tiles(needed: NDArray[np.bool_], width: int, height: int) -> list[tuple[int, int]]:
    """Cover places with tiles, whose margins do not count.

    Args:
        needed: the places; row `i` and column `j` are at ``(16 j, 16 i)``.
        width: width of the view in pixels.
        height: height.

    Returns:
        The top left corners ``(x, y)`` of the tiles.
    """
    corners = []
    open_places = needed.copy()
    while open_places.any():
        top = int(np.flatnonzero(open_places.any(axis=1))[0])
        y, last_row = _place(top, height)
        left = int(np.flatnonzero(open_places[top : last_row + 1].any(axis=0))[0])
        x, last_column = _place(left, width)
        corners.append((x, y))
        open_places[top : last_row + 1, left : last_column + 1] = False
    return corners


def _place(first: int, length: int) -> tuple[int, int]:
    """Return where a tile begins that covers a place, and the last place that it covers."""
    start = int(np.clip(first * _STEP - _MARGIN, 0, max(0, length - TILE)))
    end = length if start + TILE >= length else start + TILE - _MARGIN
    return start, max(first, (end - 1) // _STEP)


def not_cut(
    xyxy: Floats,
    corner: tuple[int, int],
    tile_hw: tuple[int, int],
    image_hw: tuple[int, int],
) -> NDArray[np.bool_]:
    """Return which boxes are not cut by their tile, except at the border of the image itself."""
    (x, y), (tile_h, tile_w), (image_h, image_w) = corner, tile_hw, image_hw
    left = (xyxy[:, 0] > 0) | (x == 0)
    top = (xyxy[:, 1] > 0) | (y == 0)
    right = (xyxy[:, 2] < tile_w) | (x + tile_w >= image_w)
    bottom = (xyxy[:, 3] < tile_h) | (y + tile_h >= image_h)
    return left & top & right & bottom


def square_crop(image: Image, box: Floats, scale: float) -> tuple[Image, tuple[int, int]]:
    """Crop a square around `box` with `scale` times its side; black past the image's border.

    Returns:
        The crop, and the position ``(x, y)`` of its top left pixel in the image.
    """
    centre = (box[:2] + box[2:]) / 2
    side = max(2, round(float(np.max(box[2:] - box[:2])) * scale))
    left, top = (int(v) for v in np.round(centre - side / 2))
    height, full_width = image.shape[:2]
    x0, x1 = np.clip([left, left + side], 0, full_width)
    y0, y1 = np.clip([top, top + side], 0, height)
    crop = np.zeros((side, side, 3), np.uint8)
    crop[y0 - top : y1 - top, x0 - left : x1 - left] = image[y0:y1, x0:x1]
    return crop, (left, top)
