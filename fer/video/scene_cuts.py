"""Where another scene begins in a recording or stream."""

from __future__ import annotations

import cv2
import numpy as np

from fer.types import Image

#: Width and height of the pictures that are compared.
THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT = 64, 36

#: Correlation of two whole frames, and best correlation of the middle of one with any part of the
#: other, from which both are of one scene. A cut is below both. Of pairs of shots from different
#: photographs 96 % are; a flash and somebody who waves in front of the camera are above the first,
#: and a pan by 15 % of the width, a zoom by a tenth and somebody who walks by above the second
#: (`tests/fer/video/test_recording.py`).
SAME_FRAME = 0.55
SAME_SCENE = 0.7

#: How far a camera may have moved between two frames: pixels of the thumbnail.
MOVES_X, MOVES_Y = round(0.19 * THUMBNAIL_WIDTH), round(0.19 * THUMBNAIL_HEIGHT)

#: The same if they are more than so many seconds apart. Still farther moves would find a piece of
#: almost any scene in another one.
LONG_GAP = 0.16
FAR_MOVES_X, FAR_MOVES_Y = round(0.25 * THUMBNAIL_WIDTH), round(0.25 * THUMBNAIL_HEIGHT)

#: Correlation of a frame with the mean of its neighbours from which it shows both of two scenes at
#: once, as a single frame of interlaced and converted recordings does. It is alike to both. It may
#: have 30 to 70 % of either; somebody who waves is below.
MIXED = 0.9

#: Standard deviation of the grey levels below which a frame shows no scene: black, white, a flash.
EMPTY = 4.0


class SceneCuts:
    """Tells from one frame after the other where another scene begins.

    Two frames are of one scene if they are alike as a whole, or if the middle of one is found again
    somewhere in the other: correlation does not see light and contrast, and the camera may move.
    Frames that show nothing, as in a fade or a flash, belong to the scene before them. A frame that
    mixes two scenes belongs to one of them.
    """

    def __init__(self) -> None:
        #: Time and thumbnail of the last two frames of this scene.
        self._recent: list[tuple[float, Image]] = []

    def __call__(self, thumbnail: Image, seconds: float) -> bool:
        """Return whether another scene begins with this thumbnail, ``(36, 64)`` uint8.

        If its time is earlier than that of the previous one, another stream begins: not a cut.
        """
        if float(np.std(thumbnail)) < EMPTY:
            return False
        if self._recent and seconds < self._recent[-1][0]:
            self._recent = []
        is_cut = self._is_cut(thumbnail, seconds)
        before = [] if is_cut else self._recent[-1:]
        self._recent = [*before, (seconds, thumbnail)]
        return is_cut

    def _is_cut(self, thumbnail: Image, seconds: float) -> bool:
        if not self._recent:
            return False
        time, last = self._recent[-1]
        if not _is_same_scene(last, thumbnail, seconds - time):
            return True
        time, before = self._recent[0]
        if seconds - time > LONG_GAP or _is_same_scene(before, thumbnail, seconds - time):
            return False
        mean = (before.astype(np.uint16) + thumbnail) // 2
        return _correlation(last, mean.astype(np.uint8)) >= MIXED


def _is_same_scene(one: Image, other: Image, gap: float) -> bool:
    """Return whether two frames, so many seconds apart, show the same scene."""
    if _correlation(one, other) >= SAME_FRAME:
        return True
    moves_x = MOVES_X
    moves_y = MOVES_Y
    if gap > LONG_GAP:
        moves_x = FAR_MOVES_X
        moves_y = FAR_MOVES_Y
    middle = np.s_[moves_y:-moves_y, moves_x:-moves_x]
    best = max(_correlation(one, other[middle]), _correlation(other, one[middle]))
    return best >= SAME_SCENE


def _correlation(frame: Image, part: Image) -> float:
    """Return the best correlation of a part with any place in a frame, -1 to 1."""
    return float(cv2.matchTemplate(frame, part, cv2.TM_CCOEFF_NORMED).max())
