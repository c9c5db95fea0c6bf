"""Videos for benchmarks: a real face from the public domain, pasted any number of times."""

from __future__ import annotations

import cv2
import numpy as np
import skimage.data

from fer.types import Image

#: Where the astronaut's head is in scikit-image's photograph (NASA, public domain).
_HEAD = (slice(5, 235), slice(110, 340))

#: Side of a pasted head as a share of the frame's height, by the minimum number of heads: one
#: person in front of a camera, a few on a sofa, a group. The face is 0.45 of the head's side.
_HEAD_SHARES = ((1, 0.75), (2, 0.45), (4, 0.36))

#: Amplitude of the heads' movement in pixels; people in front of a camera do not sit still.
_SWAY_X, _SWAY_Y = 12.0, 5.0

#: Maximum number of heads per row.
_COLUMNS = 4


def moving_faces(faces: int, size_wh: tuple[int, int], frames: int = 30) -> list[Image]:
    """Return frames of moving heads that can be played in a loop.

    The background is a photograph of a table, because a detector is faster on a plain background
    than on realistic ones.

    Args:
        faces: number of heads; 0 for the background only.
        size_wh: width and height of the frames in pixels.
        frames: number of frames in one cycle of the movement.

    Returns:
        Frames ``(height, width, 3)`` RGB uint8.
    """
    background = np.asarray(
        cv2.resize(skimage.data.coffee(), size_wh, interpolation=cv2.INTER_AREA)
    )
    side = round(next((s for n, s in reversed(_HEAD_SHARES) if faces >= n), 0.0) * size_wh[1])
    head = _head(side)
    rng = np.random.default_rng(0)
    pictures = []
    for frame in range(frames):
        picture = background.copy()
        for index in range(faces):
            _paste(picture, head, _position(index, faces, side, size_wh, frame / frames))
        # Camera noise, so that no two frames are equal.
        noise = np.asarray(rng.integers(0, 4, picture.shape, dtype=np.uint8))
        pictures.append(np.asarray(cv2.add(picture, noise), np.uint8))
    return pictures


def _position(
    index: int, faces: int, side: int, size_wh: tuple[int, int], phase: float
) -> tuple[int, int]:
    """Return left and top of a head at a phase of the movement, 0…1."""
    columns = min(faces, _COLUMNS)
    rows = -(-faces // columns)
    cell = size_wh[0] / columns, size_wh[1] / rows
    angle = 2 * np.pi * (phase + index / faces)
    x = (index % columns + 0.5) * cell[0] - side / 2 + _SWAY_X * np.sin(angle)
    y = (index // columns + 0.5) * cell[1] - side / 2 + _SWAY_Y * np.cos(angle)
    return (
        int(np.clip(round(x), 0, size_wh[0] - side)),
        int(np.clip(round(y), 0, size_wh[1] - side)),
    )


def _head(side: int) -> Image:
    """Return the astronaut's head, ``(side, side, 3)``."""
    head = np.ascontiguousarray(skimage.data.astronaut()[_HEAD])
    if side == 0:
        return head[:0, :0]
    return np.asarray(cv2.resize(head, (side, side), interpolation=cv2.INTER_AREA), np.uint8)


def _paste(picture: Image, head: Image, corner: tuple[int, int]) -> None:
    side, (x, y) = len(head), corner
    picture[y : y + side, x : x + side] = head
