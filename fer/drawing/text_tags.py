"""Render small text images, cached because a live stream shows the same few repeatedly."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageColor, ImageDraw, ImageFont

from fer.types import Image

#: Relative luminance (WCAG 2) above which black text reads better than white.
_BRIGHT = 0.179

#: Position of the baseline in a line of text, as a fraction of the text size. It leaves room for
#: an ``É`` above and a ``y`` below.
BASELINE = 0.85

#: Supersampling factor for round shapes, because Pillow draws them without antialiasing.
_SUPERSAMPLING = 4


def padding(size: int) -> int:
    """Return the padding around text of a given size, in pixels."""
    return max(3, size // 4)


@lru_cache(maxsize=1024)
def text_on(text: str, background: str, size: int) -> Image:
    """Render a line of text on a coloured background (``#RRGGBB``), with padding.

    The text is black or white, whichever is more readable on it; its size is in pixels.

    Returns:
        ``(height, width, 3)`` RGB.
    """
    pad = padding(size)
    font = ImageFont.load_default(size)
    width = round(font.getlength(text))
    canvas = PillowImage.new("RGB", (width + 2 * pad, size + 2 * pad), background)
    position = (pad, pad + round(BASELINE * size))
    ImageDraw.Draw(canvas).text(position, text, fill=ink_on(background), font=font, anchor="ls")
    return np.asarray(canvas)


@lru_cache(maxsize=256)
def badge(number: int, fill: str, background: str, size: int) -> Image:
    """Render the number of a face in a pill-shaped badge, ``(height, width, 3)`` RGB.

    It is filled and surrounded by colours ``#RRGGBB``, beside text of a size in pixels.
    """
    pad, height = padding(size), size + 2 * padding(size)
    font = ImageFont.load_default(size * _SUPERSAMPLING)
    round_side = height - pad
    width = max(round_side, round(font.getlength(str(number)) / _SUPERSAMPLING) + 2 * pad)
    large = PillowImage.new(
        "RGB", ((width + pad) * _SUPERSAMPLING, height * _SUPERSAMPLING), background
    )
    left, top = pad * _SUPERSAMPLING * 2 // 3, (height - round_side) * _SUPERSAMPLING // 2
    box = (left, top, left + width * _SUPERSAMPLING, top + round_side * _SUPERSAMPLING)
    draw = ImageDraw.Draw(large)
    draw.rounded_rectangle(box, round_side * _SUPERSAMPLING / 2, fill, ink_on(fill), _SUPERSAMPLING)
    middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2 + 0.36 * size * _SUPERSAMPLING)
    draw.text(middle, str(number), fill=ink_on(fill), font=font, anchor="ms")
    return np.asarray(large.resize((width + pad, height), PillowImage.Resampling.BOX))


def ink_on(background: str) -> str:
    """Return the more readable text colour on a background: black or white."""
    return "black" if _luminance(ImageColor.getrgb(background)) > _BRIGHT else "white"


def _luminance(rgb: tuple[int, ...]) -> float:
    """Return the relative luminance of an sRGB colour (WCAG 2.2), 0…1."""
    share = np.array(rgb[:3]) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])
