"""Pictures to measure with: films of a real face, photographs to upload, and FER2013 enlarged."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import count, cycle
from pathlib import Path

import cv2
import numpy as np
import skimage.data
from numpy.typing import NDArray

from fer.types import Detections, Image

#: Where the astronaut's head is in scikit-image's photograph (NASA, public domain).
_HEAD = (slice(5, 235), slice(110, 340))

#: Side of a head as a share of the frame's height, by the minimum number of heads: one person in
#: front of a camera, a few on a sofa, a group. The face is 0.45 of the head's side.
_HEAD_SHARES = ((1, 0.75), (2, 0.45), (4, 0.36))

#: Amplitude of the heads' movement in pixels; people in front of a camera do not sit still.
_SWAY = np.array([12.0, 5.0])

#: Maximum number of heads per row.
_COLUMNS = 4

#: Widths and heights of uploads in pixels: a screen's, a tablet's, 12 and 24 megapixels.
SIZES = ((640, 480), (1600, 1200), (4000, 3000), (6000, 4000))

#: Enlargement of a face of FER2013, and the border that it gets, in pixels of the original image.
ENLARGE, BORDER = 5, 24


def photograph(face: NDArray[np.uint8]) -> Image:
    """Make an RGB photograph from a ``(size, size, 1)`` face by adding a border and enlarging."""
    padded = cv2.copyMakeBorder(face, BORDER, BORDER, BORDER, BORDER, cv2.BORDER_REPLICATE)
    large = cv2.resize(padded, None, fx=ENLARGE, fy=ENLARGE, interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.cvtColor(large, cv2.COLOR_GRAY2RGB), np.uint8)


def largest(detections: Detections) -> Detections:
    """Return only the largest face; empty if there is no face."""
    widths = detections.xyxy[:, 2] - detections.xyxy[:, 0]
    return detections.take(np.argsort(-widths)[:1])


def moving_faces(faces: int, size_wh: tuple[int, int], frames: int = 30) -> list[Image]:
    """Return RGB frames of moving heads that can be played in a loop.

    The background is a photograph of a table, because a detector is faster on a plain background
    than on realistic ones.
    """
    background = cv2.resize(skimage.data.coffee(), size_wh, interpolation=cv2.INTER_AREA)
    side = round(next((s for n, s in reversed(_HEAD_SHARES) if faces >= n), 0.0) * size_wh[1])
    head = np.ascontiguousarray(skimage.data.astronaut()[_HEAD])
    if faces:
        head = np.asarray(cv2.resize(head, (side, side), interpolation=cv2.INTER_AREA), np.uint8)
    columns = min(faces, _COLUMNS) or 1
    cell = np.array([size_wh[0] / columns, size_wh[1] / (-(-faces // columns) or 1)])
    rng, pictures = np.random.default_rng(0), []
    for frame in range(frames):
        picture = np.array(background)
        for index in range(faces):
            angle = 2 * np.pi * (frame / frames + index / faces)
            middle = (np.array([index % columns, index // columns]) + 0.5) * cell
            corner = middle - side / 2 + _SWAY * (np.sin(angle), np.cos(angle))
            x, y = np.clip(np.round(corner), 0, np.array(size_wh) - side).astype(int)
            picture[y : y + side, x : x + side] = head
        # Camera noise, so that no two frames are equal.
        noise = np.asarray(rng.integers(0, 4, picture.shape, dtype=np.uint8))
        pictures.append(np.asarray(cv2.add(picture, noise), np.uint8))
    return pictures


def uploads() -> list[bytes]:
    """Return a photograph of each size but the largest, with a face."""
    return [_jpeg(_on_a_table(*size)) for size in SIZES[:-1]]


def write_photos(folder: Path) -> Iterator[Path]:
    """Yield photographs of one face, no two alike; a file goes when the next one is asked for."""
    on_a_table = cache(_on_a_table)
    for number, size in zip(count(1), cycle(SIZES)):
        picture = on_a_table(*size)
        picture[:8, :8] = number % 251, number // 251 % 251, 128  # so that none was seen before
        file = folder / f"photo {number}.jpg"
        file.write_bytes(_jpeg(picture))
        yield file
        file.unlink()


def _jpeg(picture: Image) -> bytes:
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 88])[1].tobytes()


def _on_a_table(width: int, height: int) -> Image:
    picture = np.asarray(cv2.resize(skimage.data.coffee()[..., ::-1], (width, height)), np.uint8)
    side = height // 2
    portrait = cv2.resize(np.ascontiguousarray(skimage.data.astronaut()[..., 2::-1]), (side, side))
    picture[height // 4 :][:side, width // 4 :][:, :side] = portrait
    return picture
