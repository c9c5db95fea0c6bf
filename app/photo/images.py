"""Pictures for the page: small enough for a phone, with the faces marked and cut out."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from fer import Faces, annotate
from fer.types import Floats, Image

#: Longest side of a picture in the page. More pixels than a screen shows only cost time.
MAX_SIDE = 1600

#: A smaller picture is enlarged to this before it is marked, so that the names stay readable.
MIN_SIDE = 640

#: Side of a face that is cut out, in pixels: shown at half of it, sharp on a phone's screen.
PORTRAIT_SIDE = 176

#: Width of what is cut out, in widths of the detector's box, which ends at brow and chin.
_PORTRAIT_WIDTHS = 1.5


def marked_jpeg(image: Image, faces: Faces) -> bytes:
    """Return the picture for the page, with every face boxed and named."""
    longest = max(image.shape[:2])
    scale = float(np.clip(longest, MIN_SIDE, MAX_SIDE)) / longest
    small = _resized(image, scale)
    scaled = replace(
        faces,
        xyxy=faces.xyxy * np.float32(scale),
        landmarks=faces.landmarks * np.float32(scale),
    )
    return _encoded(annotate(small, scaled), ".jpg")


def marked_png(image: Image, faces: Faces) -> bytes:
    """Return the picture in its full size for a download, with every face boxed and named."""
    return _encoded(annotate(image, faces), ".png")


def portrait_jpegs(image: Image, faces: Faces) -> tuple[bytes, ...]:
    """Return each face cut out with some room around it, a square."""
    return tuple(
        _encoded(_resized(square, PORTRAIT_SIDE / len(square)), ".jpg")
        for square in (_square(image, box) for box in faces.xyxy)
    )


def _square(image: Image, box: Floats) -> Image:
    """Cut a square around `box`, moved or shrunk so that it lies inside the image."""
    height, width = image.shape[:2]
    wished = float(np.max(box[2:] - box[:2])) * _PORTRAIT_WIDTHS
    side = int(np.clip(round(wished), 1, min(height, width)))
    centre_x, centre_y = (float(v) for v in (box[:2] + box[2:]) / 2)
    left = int(np.clip(round(centre_x - side / 2), 0, width - side))
    top = int(np.clip(round(centre_y - side / 2), 0, height - side))
    return image[top : top + side, left : left + side]


def _resized(image: Image, scale: float) -> Image:
    if scale == 1:
        return image
    size = tuple(max(1, round(side * scale)) for side in image.shape[1::-1])
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, size, interpolation=method), np.uint8)


def _encoded(image: Image, suffix: str) -> bytes:
    done, data = cv2.imencode(suffix, cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    if not done:
        raise RuntimeError(f"OpenCV cannot write {suffix}")
    return data.tobytes()
