"""The sample clip: a camera's film for visitors without one. Does not use Streamlit.

It is drawn while it plays, from the sample photograph: a print that moves over a wall, comes close,
leaves and comes back.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.images import decode
from fer.types import Image

#: Frames a second, as of a camera.
RATE = 15

#: Seconds after which the clip repeats, and the part of them during which nobody is in view.
SECONDS = 24.0
AWAY = (15.0, 18.0)

#: Width and height of the frames in pixels.
SIZE = (640, 480)

#: Height of the print as a share of the frame's height: the mean, and how far it comes and goes.
_HEIGHT, _CLOSER = 1.0, 0.25

#: How far the print moves to the sides, in pixels, and how far it turns, in degrees.
_SWAY, _TILT = 130.0, 5.0

#: Seconds in which the print leaves and enters.
_LEAVING = 1.5

#: White border of the print as a share of its width.
_BORDER = 0.03

#: Colours of the wall at the left and at the right.
_WALL = ((176, 166, 152), (120, 128, 138))


class SampleClip:
    """Draws the frames of the clip from the file of a photograph."""

    def __init__(self, photo: Path) -> None:
        picture = decode(photo.read_bytes())
        border = round(_BORDER * picture.shape[1])
        print_ = cv2.copyMakeBorder(
            picture, border, border, border, border, cv2.BORDER_CONSTANT, value=(250, 250, 248)
        )
        # Reduced once, so that reducing each frame by little is smooth enough.
        height = round(SIZE[1] * (_HEIGHT + _CLOSER))
        width = round(print_.shape[1] * height / print_.shape[0])
        self._print = cv2.resize(print_, (width, height), interpolation=cv2.INTER_AREA)
        across = np.linspace(0, 1, SIZE[0])[None, :, None]
        left, right = (np.array(colour, np.float64) for colour in _WALL)
        wall = np.repeat((1 - across) * left + across * right, SIZE[1], axis=0)
        self._wall = wall.round().astype(np.uint8)

    def frame(self, seconds: float) -> Image:
        """Return the frame at a time since the start, ``(480, 640, 3)`` RGB uint8."""
        seconds %= SECONDS
        frame = self._wall.copy()
        if not AWAY[0] <= seconds < AWAY[1]:
            cv2.warpAffine(
                self._print,
                self._place(seconds),
                SIZE,
                dst=frame,
                flags=cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_TRANSPARENT,
            )
        return frame

    def _place(self, seconds: float) -> NDArray[np.float64]:
        """Return the matrix that puts the print where it is at a time of the clip."""
        turn = 2 * np.pi * seconds / SECONDS
        height, width = self._print.shape[:2]
        scale = (_HEIGHT + _CLOSER * np.sin(3 * turn)) * SIZE[1] / height
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), _TILT * np.sin(4 * turn), scale)
        # It leaves to the right and comes back from there.
        gone = max(1 - (AWAY[0] - seconds) / _LEAVING, 0.0) if seconds < AWAY[0] else 0.0
        if seconds >= AWAY[1]:
            gone = max(1 - (seconds - AWAY[1]) / _LEAVING, 0.0)
        matrix[0, 2] += SIZE[0] / 2 - width / 2 + _SWAY * np.sin(2 * turn)
        matrix[0, 2] += gone**2 * (SIZE[0] + width) / 2
        matrix[1, 2] += SIZE[1] / 2 - height / 2
        return np.asarray(matrix, np.float64)
