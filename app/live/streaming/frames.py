"""A camera frame before and after the analysis. No streamlit in here."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from fer import Faces, annotate
from fer.labels import EXPRESSION_HEAD
from fer.stream import DEFAULT_SMOOTHING_SECONDS
from fer.types import Image, check_image

#: Longer side of the picture that is analysed, shown and recorded. Browsers shrink what they send
#: when the network or the processor is slow; boxes and people must not jump when they do.
WORKING_SIDE = 640


@dataclass(frozen=True)
class LiveSettings:
    """What the visitor chooses. Replaced as a whole, so a frame never sees half of a change.

    Attributes:
        mirrored: show the picture as a mirror does.
        bars: draw all probabilities beside each face.
        smoothing_seconds: over which each person's probabilities are averaged.
        head: of the network, which answers.
    """

    mirrored: bool = True
    bars: bool = True
    smoothing_seconds: float = DEFAULT_SMOOTHING_SECONDS
    head: str = EXPRESSION_HEAD


def working_size(image: Image) -> Image:
    """Return the picture with `WORKING_SIDE` as its longer side, and even sides for the encoder."""
    height, width = image.shape[:2]
    scale = WORKING_SIDE / max(height, width)
    size = _even(width * scale), _even(height * scale)
    if size == (width, height):
        return image
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, size, interpolation=method), np.uint8)


def as_shown(picture: Image, settings: LiveSettings) -> Image:
    """Return the picture in the direction in which the visitor sees it."""
    return np.ascontiguousarray(picture[:, ::-1]) if settings.mirrored else picture


def marked_frame(picture: Image, faces: Faces, settings: LiveSettings) -> Image:
    """Return the picture as the visitor sees it, with every face boxed and named."""
    shown = faces.mirrored(picture.shape[1]) if settings.mirrored else faces
    return annotate(as_shown(picture, settings), shown, bars=settings.bars)


def unmarked_frame(image: Image, settings: LiveSettings) -> Image:
    """Return a frame that could not be analysed, in the size and the direction of the others."""
    try:
        check_image(image)
        return as_shown(working_size(image), settings)
    except Exception:
        return image  # not even a picture; what it was is in the log


def _even(side: float) -> int:
    return max(2, 2 * round(side / 2))
