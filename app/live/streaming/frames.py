"""Camera frames before their analysis, and how a visitor wants them to be shown. No Streamlit."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from fer.stream import DEFAULT_SMOOTHING_SECONDS
from fer.types import Image

#: Longer side in pixels of the frames that are analysed and shown, and to which recorded boxes
#: refer. Browsers send smaller frames at times; at one size, boxes and tracks do not jump then.
WORKING_SIDE = 640

#: Highest and mean value of the pixels in a frame of a camera that is switched off. Chromium's are
#: 0 throughout. A covered lens or a dark room is brighter by its noise, at times an even 1.
OFF_HIGHEST, OFF_MEAN = 1, 0.5


@dataclass(frozen=True)
class LiveSettings:
    """The visitor's settings. Replaced as a whole, so that no frame sees half of a change."""

    mirrored: bool = True
    #: Whether to draw all probabilities beside each face.
    bars: bool = True
    #: Window over which each person's probabilities are averaged.
    smoothing_seconds: float = DEFAULT_SMOOTHING_SECONDS
    #: Name of the head to use; the usual one if None.
    head: str | None = None


def working_size(image: Image) -> Image:
    """Resize so that the longer side is `WORKING_SIDE`, with even sides for the video encoder."""
    height, width = image.shape[:2]
    scale = WORKING_SIDE / max(height, width)
    size = tuple(max(2, 2 * round(side * scale / 2)) for side in (width, height))
    if size == (width, height):
        return image
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, size, interpolation=method), np.uint8)


def camera_is_off(image: Image) -> bool:
    """Return whether a frame is as black as those that a browser sends for a camera that is off."""
    return int(image.max()) <= OFF_HIGHEST and float(image.mean()) < OFF_MEAN


def as_displayed(picture: Image, settings: LiveSettings) -> Image:
    """Return the picture as the visitor sees it, mirrored or not."""
    return np.ascontiguousarray(picture[:, ::-1]) if settings.mirrored else picture
