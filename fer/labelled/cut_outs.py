"""Cut-out faces: pictures of data sets that show a face and hardly anything around it."""

from __future__ import annotations

import cv2
import numpy as np

from fer.types import Image

#: Largest side in pixels of a square image that is taken for a cut-out face without surroundings,
#: as data sets have them: 48 in FER2013, 100 and 112 in others.
CUT_OUT_SIDE = 112


def is_cut_out(image: Image) -> bool:
    """Return whether an image is a small square: a face without its surroundings."""
    height, width = image.shape[:2]
    return height == width <= CUT_OUT_SIDE


def square(image: Image, size: int) -> Image:
    """Crop the centre square and resize it.

    Args:
        image: ``(height, width, channels)``.
        size: side of the result, in pixels.

    Returns:
        ``(size, size, channels)``.
    """
    height, width, channels = image.shape
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    face = image[top : top + side, left : left + side]
    if side != size:
        method = cv2.INTER_AREA if size < side else cv2.INTER_LINEAR
        face = np.asarray(cv2.resize(face, (size, size), interpolation=method), np.uint8)
    return face.reshape(size, size, channels)


def as_channels(image: Image, channels: int) -> Image:
    """Convert ``(height, width, 1 or 3)`` to 3 channels (RGB) or 1 (luma)."""
    if image.shape[2] == channels:
        return image
    if channels == 3:
        return np.repeat(image, 3, axis=2)
    return cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None].astype(np.uint8, copy=False)
