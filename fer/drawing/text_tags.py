"""Small pictures of text, rendered once and kept: a live stream shows the same few all the time."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageColor, ImageDraw, ImageFont

from fer.types import Image

#: Relative luminance (WCAG 2) above which black text reads better than white.
_BRIGHT = 0.179

#: Where letters stand in a line, as a share of their size: low enough for an ``É`` above it, high
#: enough for a ``y`` below.
BASELINE = 0.85

#: How many times larger round shapes are drawn than shown, as Pillow draws them with jagged edges.
_SMOOTH = 4


def padding(size: int) -> int:
    """Return the margin around text of a size, in pixels."""
    return max(3, size // 4)


@lru_cache(maxsize=1024)
def text_on(text: str, ground: str, size: int) -> Image:
    """Render a text on a colour, with a margin, ``(height, width, 3)`` RGB.

    Args:
        text: one line.
        ground: ``#RRGGBB``; the text is black or white, whichever reads better on it.
        size: of the letters, in pixels.
    """
    pad = padding(size)
    font = ImageFont.load_default(size)
    width = round(font.getlength(text))
    canvas = PillowImage.new("RGB", (width + 2 * pad, size + 2 * pad), ground)
    place = (pad, pad + round(BASELINE * size))
    ImageDraw.Draw(canvas).text(place, text, fill=ink_on(ground), font=font, anchor="ls")
    return np.asarray(canvas)


@lru_cache(maxsize=256)
def badge(number: int, fill: str, ground: str, size: int) -> Image:
    """Render the number of a face in a pill, ``(height, width, 3)`` RGB.

    Args:
        number: from 1.
        fill: ``#RRGGBB`` of the pill.
        ground: ``#RRGGBB`` around the pill.
        size: of the text that it stands beside, in pixels.
    """
    pad, height = padding(size), size + 2 * padding(size)
    font = ImageFont.load_default(size * _SMOOTH)
    round_side = height - pad
    width = max(round_side, round(font.getlength(str(number)) / _SMOOTH) + 2 * pad)
    large = PillowImage.new("RGB", ((width + pad) * _SMOOTH, height * _SMOOTH), ground)
    left, top = pad * _SMOOTH * 2 // 3, (height - round_side) * _SMOOTH // 2
    box = (left, top, left + width * _SMOOTH, top + round_side * _SMOOTH)
    draw = ImageDraw.Draw(large)
    draw.rounded_rectangle(box, round_side * _SMOOTH / 2, fill, ink_on(fill), _SMOOTH)
    middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2 + 0.36 * size * _SMOOTH)
    draw.text(middle, str(number), fill=ink_on(fill), font=font, anchor="ms")
    return np.asarray(large.resize((width + pad, height), PillowImage.Resampling.BOX))


def ink_on(ground: str) -> str:
    """Return the colour of text that reads best on a colour: black or white."""
    return "black" if _luminance(ImageColor.getrgb(ground)) > _BRIGHT else "white"


def _luminance(rgb: tuple[int, ...]) -> float:
    """Return the relative luminance of an sRGB colour (WCAG 2.2), 0…1."""
    share = np.array(rgb[:3]) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])
