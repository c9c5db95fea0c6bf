"""One frame of a recording, which becomes a picture when somebody needs it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from av.video.reformatter import VideoReformatter

from fer.errors import VideoError, failures_as
from fer.types import Image

#: Width and height of `Frame.thumbnail`.
THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT = 64, 36


class Scaler:
    """Converts frames of one recording; one at a time.

    What FFmpeg prepares for a size and a format is kept, which takes longer than a frame does.
    """

    def __init__(self) -> None:
        self._for_pictures, self._for_thumbnails = VideoReformatter(), VideoReformatter()

    def picture(self, decoded: Any, width: int, height: int) -> Image:
        """Return a frame as ``(height, width, 3)`` RGB uint8."""
        return _scaled(self._for_pictures, decoded, width, height, "rgb24")

    def thumbnail(self, decoded: Any) -> Image:
        """Return a frame as ``(36, 64)`` uint8, grey.

        Each pixel is the mean of what it covers: less would let fine detail flicker, and a shot
        fall into many.
        """
        size = THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT
        return _scaled(self._for_thumbnails, decoded, *size, "gray")


def _scaled(scaler: VideoReformatter, decoded: Any, width: int, height: int, kind: str) -> Image:
    failure = VideoError("has a frame that cannot be made a picture. It is damaged.")
    with failures_as(lambda _: failure):
        scaled = scaler.reformat(decoded, width, height, kind, interpolation="AREA")
        return np.asarray(scaled.to_ndarray())


@dataclass(frozen=True)
class Frame:
    """One frame. Use it on the thread that reads.

    Attributes:
        seconds: the file's own presentation time.
        duration: seconds until the next frame, as far as the file says; else as usual.
        decoded: the frame as PyAV has it (`av.VideoFrame`), not upright.
        scaler: that of the recording.
    """

    seconds: float
    duration: float
    decoded: Any
    scaler: Scaler = field(repr=False)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the upright picture in pixels."""
        width, height = self.decoded.width, self.decoded.height
        return (height, width) if self.decoded.rotation % 180 else (width, height)

    def picture(self, longest_side: int | None = None) -> Image:
        """Return the upright picture, ``(height, width, 3)`` RGB uint8.

        Args:
            longest_side: a larger picture is reduced to this, in pixels; not at all if None.
        """
        width, height = self.decoded.width, self.decoded.height
        scale = min(1.0, (longest_side or max(width, height)) / max(width, height))
        size = max(1, round(width * scale)), max(1, round(height * scale))
        picture = self.scaler.picture(self.decoded, *size)
        return np.ascontiguousarray(np.rot90(picture, self.decoded.rotation // 90))

    def thumbnail(self) -> Image:
        """Return a small grey picture, ``(36, 64)`` uint8, not upright; it costs little."""
        return self.scaler.thumbnail(self.decoded)


#: Best correlation of two frames below which another scene begins. Of pairs of close-ups from
#: different photographs 98 % are below; a pan by 15 % of the width, a zoom by a tenth and somebody
#: who moves are above 0.8 (`tests/fer/video/test_scene_cuts.py`).
_SAME_SCENE = 0.7

#: How far a camera may have moved from one frame to the next: pixels of the thumbnail.
_MOVES_X, _MOVES_Y = round(0.19 * THUMBNAIL_WIDTH), round(0.19 * THUMBNAIL_HEIGHT)

#: Standard deviation of the grey levels below which a frame shows no scene: black, white, a flash.
_EMPTY = 4.0


class SceneCuts:
    """Tells from one frame after the other where another scene begins.

    Two frames are of one scene if the middle of one is found again somewhere in the other: as
    correlation does not see light and contrast, and the camera may move. Frames that show nothing,
    as in a fade or a flash, belong to the scene before them.
    """

    def __init__(self) -> None:
        self._last: Image | None = None

    def __call__(self, thumbnail: Image) -> bool:
        """Return whether another scene begins with this frame.

        Args:
            thumbnail: the next frame, ``(36, 64)`` uint8.
        """
        if float(np.std(thumbnail)) < _EMPTY:
            return False
        last, self._last = self._last, thumbnail
        return last is not None and _likeness(last, thumbnail) < _SAME_SCENE


def _likeness(one: Image, other: Image) -> float:
    """Return the best correlation of one frame's middle with a part of the other, -1 to 1."""
    return max(_found(one, other), _found(other, one))


def _found(frame: Image, other: Image) -> float:
    middle = other[_MOVES_Y:-_MOVES_Y, _MOVES_X:-_MOVES_X]
    return float(cv2.matchTemplate(frame, middle, cv2.TM_CCOEFF_NORMED).max())
