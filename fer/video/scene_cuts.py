"""Where another scene begins in a recording."""

from __future__ import annotations

import cv2
import numpy as np

from fer.types import Image

#: Width and height of the pictures that are compared.
THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT = 64, 36

#: Best correlation of two frames below which another scene begins. Of pairs of close-ups from
#: different photographs 98 % are below; a pan by 15 % of the width, a zoom by a tenth and somebody
#: who moves are above 0.8 (`tests/fer/video/test_recording.py`).
SAME_SCENE = 0.7

#: How far a camera may have moved from one frame to the next: pixels of the thumbnail.
MOVES_X, MOVES_Y = round(0.19 * THUMBNAIL_WIDTH), round(0.19 * THUMBNAIL_HEIGHT)

#: Standard deviation of the grey levels below which a frame shows no scene: black, white, a flash.
EMPTY = 4.0


class SceneCuts:
    """Tells from one frame after the other where another scene begins.

    Two frames are of one scene if the middle of one is found again somewhere in the other: as
    correlation does not see light and contrast, and the camera may move. Frames that show nothing,
    as in a fade or a flash, belong to the scene before them.
    """

    def __init__(self) -> None:
        self._last: Image | None = None

    def __call__(self, thumbnail: Image) -> bool:
        """Return whether another scene begins with this thumbnail, ``(36, 64)`` uint8."""
        if float(np.std(thumbnail)) < EMPTY:
            return False
        last, self._last = self._last, thumbnail
        if last is None:
            return False
        return max(_found(last, thumbnail), _found(thumbnail, last)) < SAME_SCENE


def _found(frame: Image, other: Image) -> float:
    """Return the best correlation of the other frame's middle with a part of this one, -1 to 1."""
    middle = other[MOVES_Y:-MOVES_Y, MOVES_X:-MOVES_X]
    return float(cv2.matchTemplate(frame, middle, cv2.TM_CCOEFF_NORMED).max())
