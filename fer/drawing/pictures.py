"""Pictures to show: resized, cut to a face, encoded, or many faces with the answers to them."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.drawing.annotate import text_on
from fer.images import as_channels
from fer.labels import colour_of
from fer.types import Floats, Image

#: Side of the square around a face, in widths of the detector's box, which ends at brow and chin.
_PORTRAIT_WIDTHS = 1.5


def portrait_square(
    image: Image, box: Floats, widths: float = _PORTRAIT_WIDTHS
) -> tuple[int, int, int]:
    """Return left, top and side of the square around a face, moved or shrunk into the image.

    Its side is so many times that of the box.
    """
    height, width = image.shape[:2]
    wanted = float(np.max(box[2:] - box[:2])) * widths
    side = int(np.clip(round(wanted), 1, min(height, width)))
    centre_x, centre_y = (float(v) for v in (box[:2] + box[2:]) / 2)
    left = int(np.clip(round(centre_x - side / 2), 0, width - side))
    top = int(np.clip(round(centre_y - side / 2), 0, height - side))
    return left, top, side


def portrait(image: Image, box: Floats, side: int) -> Image:
    """Return the square around a face, ``(side, side, 3)`` uint8."""
    left, top, cut = portrait_square(image, box)
    return resized(image[top : top + cut, left : left + cut], side / cut)


def resized(image: Image, scale: float) -> Image:
    """Return the image at another scale, at least one pixel wide and high."""
    if scale == 1:
        return image
    size = tuple(max(1, round(side * scale)) for side in image.shape[1::-1])
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, size, interpolation=method), np.uint8)


def encoded(image: Image, suffix: str, quality: int = 92) -> bytes:
    """Return an RGB or grey image as a file, ``.jpg`` of a quality of 0…100, or ``.png``."""
    options = [cv2.IMWRITE_JPEG_QUALITY, quality] if suffix == ".jpg" else []
    bgr = np.ascontiguousarray(image[..., ::-1])  # in memory: OpenCV fails silently on some paths
    success, data = cv2.imencode(suffix, bgr, options)
    if not success:
        raise RuntimeError(f"OpenCV cannot write {suffix}")
    return data.tobytes()


#: Most faces of a sheet, faces in a row, side of a face in pixels, and size of the text below it.
MOST, COLUMNS, SIDE, TEXT = 48, 8, 120, 13

#: Space between faces in pixels, and its grey.
_GAP, _BACKGROUND = 8, 245


def contact_sheet(
    images: NDArray[np.uint8], probabilities: Floats, labels: tuple[str, ...]
) -> Image:
    """Draw faces, each with its most probable expression below it; of many, `MOST` spread evenly.

    Args:
        images: ``(n, size, size, channels)`` uint8, at least one.
        probabilities: ``(n, k)``.
        labels: names of the ``k`` expressions.
    """
    count = min(len(images), MOST)
    shown = np.linspace(0, len(images) - 1, count).round().astype(int).tolist()
    tiles = [_tile(images[i], probabilities[i], labels) for i in shown]
    columns = min(COLUMNS, count)
    height, width = tiles[0].shape[0] + _GAP, SIDE + _GAP
    size = (math.ceil(count / columns) * height + _GAP, columns * width + _GAP, 3)
    sheet = np.full(size, _BACKGROUND, np.uint8)
    for place, tile in enumerate(tiles):
        top, left = (place // columns) * height + _GAP, (place % columns) * width + _GAP
        sheet[top : top + tile.shape[0], left : left + SIDE] = tile
    return sheet


def _tile(image: NDArray[np.uint8], probabilities: Floats, labels: tuple[str, ...]) -> Image:
    best = int(probabilities.argmax())
    face = cv2.resize(as_channels(image, 3), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    words = text_on(f"{labels[best]} {probabilities[best]:.0%}", colour_of(labels[best]), TEXT)
    tag = np.full((words.shape[0], SIDE, 3), words[0, 0], np.uint8)
    width = min(SIDE, words.shape[1])
    tag[:, :width] = words[:, :width]
    return np.concatenate([np.asarray(face, np.uint8), tag])
