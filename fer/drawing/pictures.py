"""Pictures to show: resized, cut to a face, and encoded."""

from __future__ import annotations

import cv2
import numpy as np

from fer.types import Floats, Image

#: Side of the square around a face, in widths of the detector's box, which ends at brow and chin.
_PORTRAIT_WIDTHS = 1.5


def portrait_square(
    image: Image, box: Floats, widths: float = _PORTRAIT_WIDTHS
) -> tuple[int, int, int]:
    """Return left, top and side of the square around a face, moved or shrunk into the image.

    Its side is so many times that of the box.
    """
    height, width = image.shape[:2]
    wanted = float(np.max(box[2:] - box[:2])) * widths
    side = int(np.clip(round(wanted), 1, min(height, width)))
    centre_x, centre_y = (float(v) for v in (box[:2] + box[2:]) / 2)
    left = int(np.clip(round(centre_x - side / 2), 0, width - side))
    top = int(np.clip(round(centre_y - side / 2), 0, height - side))
    return left, top, side


def portrait(image: Image, box: Floats, side: int) -> Image:
    """Return the square around a face, ``(side, side, 3)`` uint8."""
    left, top, cut = portrait_square(image, box)
    return resized(image[top : top + cut, left : left + cut], side / cut)


def resized(image: Image, scale: float) -> Image:
    """Return the image at another scale, at least one pixel wide and high."""
    if scale == 1:
        return image
    size = tuple(max(1, round(side * scale)) for side in image.shape[1::-1])
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, size, interpolation=method), np.uint8)


def encoded(image: Image, suffix: str, quality: int = 92) -> bytes:
    """Return an RGB image as a file, ``.jpg`` of a quality of 0…100, or ``.png``."""
    options = [cv2.IMWRITE_JPEG_QUALITY, quality] if suffix == ".jpg" else []
    success, data = cv2.imencode(suffix, cv2.cvtColor(image, cv2.COLOR_RGB2BGR), options)
    if not success:
        raise RuntimeError(f"OpenCV cannot write {suffix}")
    return data.tobytes()
