"""Photographs of one face, no two alike, in the sizes that cameras and phones make."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, cycle
from pathlib import Path

import cv2
import numpy as np
import skimage.data

#: Widths and heights in pixels, one after the other: a screen's, a tablet's, 12 and 24 megapixels.
SIZES = ((640, 480), (1600, 1200), (4000, 3000), (6000, 4000))

_QUALITY = 88


def write_photos(folder: Path) -> Iterator[Path]:
    """Yield photographs, each a file that is deleted when the next one is asked for."""
    pictures = {}
    for number, (width, height) in zip(count(1), cycle(SIZES)):
        if (width, height) not in pictures:
            pictures[width, height] = _picture(width, height)
        picture = pictures[width, height]
        picture[:8, :8] = number % 251, number // 251 % 251, 128  # so that none was seen before
        file = folder / f"photo {number}.jpg"
        file.write_bytes(_jpeg(picture))
        yield file
        file.unlink()


def photos() -> list[bytes]:
    """Return a photograph of each size but the largest."""
    return [_jpeg(_picture(*size)) for size in SIZES[:-1]]


def _jpeg(picture: np.ndarray) -> bytes:
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes()


def _picture(width: int, height: int) -> np.ndarray:
    """Return a table with a portrait on it, in OpenCV's order of colours."""
    picture = cv2.resize(skimage.data.coffee()[..., ::-1], (width, height))
    side = height // 2
    portrait = cv2.resize(np.ascontiguousarray(skimage.data.astronaut()[..., 2::-1]), (side, side))
    picture[height // 4 :][:side, width // 4 :][:, :side] = portrait
    return picture
