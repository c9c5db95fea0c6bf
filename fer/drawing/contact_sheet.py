"""A picture of faces with the answers to them, to look at what a network says."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.drawing.text_tags import text_on
from fer.images import as_channels
from fer.labels import colour_of
from fer.types import Floats, Image

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
