"""Drawing what was found onto a copy of the image."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from PIL import ImageColor, ImageDraw, ImageFont

from fer.labels import colour_of
from fer.types import Faces, Floats, Image, check_image

#: Text height and line width as shares of the image's shorter side, and their least in pixels.
_TEXT_SHARE, _TEXT_MIN, _TEXT_MAX = 0.026, 13, 64
_LINE_SHARE, _LINE_MIN = 0.004, 2

#: Relative luminance (WCAG 2) above which black text reads better than white.
_BRIGHT = 0.179


def annotate(image: Image, faces: Faces) -> Image:
    """Return a copy of `image` with every face boxed and named.

    Args:
        image: ``(height, width, 3)`` RGB uint8; left as it is.
        faces: of that image.
    """
    check_image(image)
    picture = image.copy()
    shorter = min(image.shape[:2])
    line = max(_LINE_MIN, round(shorter * _LINE_SHARE))
    text = int(np.clip(round(shorter * _TEXT_SHARE), _TEXT_MIN, _TEXT_MAX))
    for box, expression, confidence in zip(
        faces.xyxy, faces.expressions, faces.confidence, strict=True
    ):
        _draw_box(picture, box, colour_of(expression), line)
        _draw_tag(picture, box, f"{expression} {confidence:.0%}", colour_of(expression), text)
    return picture


def _draw_box(picture: Image, box: Floats, colour: str, line: int) -> None:
    left, top, right, bottom = (int(v) for v in np.round(box))
    # A dark line under the coloured one keeps it visible on any background.
    for shade, width in (((20, 20, 20), line + 2), (ImageColor.getrgb(colour), line)):
        cv2.rectangle(picture, (left, top), (right, bottom), shade, width, cv2.LINE_AA)


def _draw_tag(picture: Image, box: Floats, text: str, colour: str, size: int) -> None:
    """Paint the name above the box, inside the picture whatever the box does."""
    tag = _tag(text, colour, size)
    height, width = picture.shape[:2]
    tag = tag[:height, :width]
    x = int(np.clip(round(float(box[0])), 0, width - tag.shape[1]))
    y = int(np.clip(round(float(box[1])) - tag.shape[0], 0, height - tag.shape[0]))
    picture[y : y + tag.shape[0], x : x + tag.shape[1]] = tag


@lru_cache(maxsize=512)  # a live stream draws the same few hundred names again and again
def _tag(text: str, colour: str, size: int) -> NDArray[np.uint8]:
    """Render a name on its colour, ``(height, width, 3)``."""
    font = ImageFont.load_default(size)
    left, top, right, bottom = font.getbbox(text)
    pad = max(3, size // 4)
    shape = (int(right - left) + 2 * pad, size + 2 * pad)
    rgb = ImageColor.getrgb(colour)
    canvas = PillowImage.new("RGB", shape, rgb)
    baseline = (shape[1] - (bottom - top)) / 2 - top
    ink = "black" if _luminance(rgb) > _BRIGHT else "white"
    ImageDraw.Draw(canvas).text((pad - left, baseline), text, fill=ink, font=font)
    return np.asarray(canvas)


def _luminance(rgb: tuple[int, ...]) -> float:
    """Return the relative luminance of an sRGB colour (WCAG 2.2), 0…1."""
    share = np.array(rgb[:3]) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])
