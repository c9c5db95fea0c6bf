"""One frame of a recording, which becomes a picture when somebody needs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fer.types import Image

#: Width and height of `Frame.thumbnail`.
THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT = 64, 36


@dataclass(frozen=True)
class Frame:
    """One frame.

    Attributes:
        seconds: the file's own presentation time.
        duration: seconds until the next frame, as far as the file says; else as usual.
        decoded: the frame as PyAV has it (`av.VideoFrame`), not upright.
    """

    seconds: float
    duration: float
    decoded: Any

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
        picture = self.decoded.to_ndarray(
            format="rgb24", width=size[0], height=size[1], interpolation="AREA"
        )
        return np.ascontiguousarray(np.rot90(picture, self.decoded.rotation // 90))

    def thumbnail(self) -> Image:
        """Return a small grey picture, ``(36, 64)`` uint8, not upright; it costs little."""
        return np.asarray(
            self.decoded.to_ndarray(
                format="gray",
                width=THUMBNAIL_WIDTH,
                height=THUMBNAIL_HEIGHT,
                interpolation="FAST_BILINEAR",
            )
        )
