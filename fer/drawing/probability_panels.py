"""Panels with the name and a bar of every expression."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from PIL import Image as PillowImage
from PIL import ImageColor, ImageDraw, ImageFont

from fer.drawing.text_tags import BASELINE
from fer.labels import colour_of
from fer.types import Floats, Image

#: Background of a panel as red, green, blue, alpha; dark enough for white text over any image.
_BACKGROUND = (17, 19, 26, 200)
_EMPTY_BAR = (255, 255, 255, 28)
_QUIET_TEXT, _STRONG_TEXT = (205, 209, 217, 255), (255, 255, 255, 255)

#: Supersampling factor for antialiasing of rounded corners.
_SUPERSAMPLING = 4


@dataclass(frozen=True)
class PanelStyle:
    """Appearance of a panel. All lengths are in pixels.

    Attributes:
        labels: names of the expressions, in the order of the probabilities.
        text: text size.
        short: draw bars of half the length, to save space.
    """

    labels: tuple[str, ...]
    text: int
    short: bool = False

    @property
    def pad(self) -> int:
        """Padding inside the border."""
        return max(3, self.text // 2)

    @property
    def step(self) -> int:
        """Distance from one bar to the next."""
        return round(self.text * 1.3)

    @property
    def length(self) -> int:
        """Length of the bar for probability 1."""
        return round(self.text * (2.5 if self.short else 5))

    @property
    def name_width(self) -> int:
        """Width of the longest name."""
        return _text_width(self.labels, self.text)

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height of the panel."""
        height = self.step * len(self.labels) + 2 * self.pad
        return self.name_width + self.length + 3 * self.pad, height

    def bar(self, index: int, share: float, *, top: bool) -> tuple[slice, slice]:
        """Return the rows and columns of a bar within the panel.

        Args:
            index: index of the expression.
            share: probability, 0…1, which is the relative length of the bar.
            top: whether this is the most probable expression, whose bar is thicker.
        """
        thin = max(1, self.step // 5) - (1 if top else 0)
        start = self.pad + index * self.step
        rows = slice(start + thin, start + self.step - thin)
        # Any probability above 0 is visible as a line.
        length = max(1, round(share * self.length)) if share > 0 else 0
        left = 2 * self.pad + self.name_width
        return rows, slice(left, left + length)


def draw_panel(region: Image, probabilities: Floats, style: PanelStyle) -> None:
    """Draw the panel of one face over a region of an image, in place.

    Args:
        region: ``(height, width, 3)`` RGB uint8 of exactly the panel's size.
        probabilities: ``(k,)`` probabilities of `style.labels`.
        style: appearance of the panel.
    """
    top = int(probabilities.argmax())
    keep, layer = _background_layer(style, top)
    region[:] = cv2.add(cv2.multiply(region, keep, scale=1 / 255), layer)
    for index, (label, share) in enumerate(zip(style.labels, probabilities.tolist(), strict=True)):
        region[style.bar(index, share, top=index == top)] = ImageColor.getrgb(colour_of(label))


@lru_cache(maxsize=256)
def _background_layer(style: PanelStyle, top: int) -> tuple[Image, Image]:
    """Render what is the same in every frame: background, names and empty bars.

    Returns:
        The factor by which to multiply the image (255 means 1), and the values to add afterwards.
    """
    width, height = style.size_wh
    large = PillowImage.new("RGBA", (width * _SUPERSAMPLING, height * _SUPERSAMPLING))
    ImageDraw.Draw(large).rounded_rectangle(
        (0, 0, large.width - 1, large.height - 1), style.text / 2 * _SUPERSAMPLING, _BACKGROUND
    )
    canvas = large.resize((width, height), PillowImage.Resampling.BOX)
    shade = PillowImage.new("RGBA", canvas.size)
    draw = ImageDraw.Draw(shade)
    font = ImageFont.load_default(style.text)
    for index, name in enumerate(style.labels):
        rows, columns = style.bar(index, 1.0, top=index == top)
        box = (columns.start, rows.start, columns.stop - 1, rows.stop - 1)
        draw.rectangle(box, _EMPTY_BAR)
        ink = _STRONG_TEXT if index == top else _QUIET_TEXT
        draw.text(_name_position(style, index), name, ink, font, "ls")
    rgba = np.asarray(PillowImage.alpha_composite(canvas, shade), np.float32)
    alpha = np.repeat(rgba[..., 3:], 3, axis=2)
    layer = np.round(rgba[..., :3] * alpha / 255).astype(np.uint8)
    return (255 - alpha).astype(np.uint8), layer


def _name_position(style: PanelStyle, index: int) -> tuple[float, float]:
    """Return the left end of a name on its baseline."""
    start = style.pad + index * style.step
    return style.pad, start + (style.step - style.text) / 2 + round(BASELINE * style.text)


@lru_cache(maxsize=64)
def _text_width(names: tuple[str, ...], size: int) -> int:
    font = ImageFont.load_default(size)
    return max((round(font.getlength(name)) for name in names), default=0)
