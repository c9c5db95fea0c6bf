"""Draw boxes, names and probability panels of faces onto a copy of the image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import ArrayLike
from PIL import Image as PillowImage
from PIL import ImageColor, ImageDraw, ImageFont

from fer.labels import UNCERTAIN_COLOUR, colour_of, person_colour
from fer.text import chance
from fer.types import UNCERTAIN, Faces, Floats, Image, check_image

#: Supersampling factor for round shapes, because Pillow draws them without antialiasing.
_SUPERSAMPLING = 4

#: Relative luminance (WCAG 2) above which black text reads better than white.
_BRIGHT = 0.179

#: Position of the baseline in a line of text, as a fraction of the text size. It leaves room for
#: an ``É`` above and a ``y`` below.
BASELINE = 0.85


def padding(size: int) -> int:
    """Return the padding around text of a given size, in pixels."""
    return max(3, size // 4)


@lru_cache(maxsize=1024)
def text_on(text: str, background: str, size: int) -> Image:
    """Render a line of text on a coloured background (``#RRGGBB``), with padding, as RGB.

    The text is black or white, whichever is more readable on it; its size is in pixels.
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
    return "black" if luminance(ImageColor.getrgb(background)) > _BRIGHT else "white"


def luminance(rgb: ArrayLike) -> float:
    """Return the relative luminance of an sRGB colour ``(3,)`` of 0…255 (WCAG 2.2), 0…1."""
    share = np.asarray(rgb) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


class Rectangle(NamedTuple):
    """A rectangle within an image, in pixels."""

    left: int
    top: int
    right: int
    bottom: int


def overlap(a: Rectangle, b: Rectangle) -> int:
    """Return the intersection area of two rectangles, in pixels."""
    width = min(a.right, b.right) - max(a.left, b.left)
    height = min(a.bottom, b.bottom) - max(a.top, b.top)
    return max(0, width) * max(0, height)


def inside(left: int, top: int, size_wh: tuple[int, int], picture_wh: tuple[int, int]) -> Rectangle:
    """Return the rectangle inside the image nearest to a corner; its size must fit the image."""
    width, height = size_wh
    left = min(max(left, 0), picture_wh[0] - width)
    top = min(max(top, 0), picture_wh[1] - height)
    return Rectangle(left, top, left + width, top + height)


def around(
    box: Rectangle,
    size_wh: tuple[int, int],
    picture_wh: tuple[int, int],
    *,
    gap: int,
    headroom: int,
) -> list[Rectangle]:
    """Return the candidate positions of a panel around a face, best first.

    They are `gap` pixels from the box, which may extend past the image, and from the `headroom`
    pixels above it that its tag occupies. There are four; none if the panel is larger than the
    image.
    """
    (width, height), (left, top, right, bottom) = size_wh, box
    if width > picture_wh[0] or height > picture_wh[1]:
        return []
    corners = [
        (right + gap, top),
        (left - gap - width, top),
        (left, bottom + gap),
        (left, top - headroom - gap - height),
    ]
    return [inside(x, y, size_wh, picture_wh) for x, y in corners]


def first_free(positions: Sequence[Rectangle], taken: Sequence[Rectangle]) -> Rectangle | None:
    """Return the first position that covers nothing of what is `taken`; None if there is none."""
    return next((p for p in positions if not any(overlap(p, t) for t in taken)), None)


#: Background of a panel as red, green, blue, alpha; dark enough for white text over any image.
_BACKGROUND = (17, 19, 26, 200)
_EMPTY_BAR = (255, 255, 255, 28)
_QUIET_TEXT, _STRONG_TEXT = (205, 209, 217, 255), (255, 255, 255, 255)


@dataclass(frozen=True)
class _PanelStyle:
    """Appearance of a panel, in pixels; a short one has bars of half the length."""

    labels: tuple[str, ...]
    text: int
    short: bool = False

    @property
    def pad(self) -> int:
        return max(3, self.text // 2)

    @property
    def step(self) -> int:
        return round(self.text * 1.3)

    @property
    def length(self) -> int:
        return round(self.text * (2.5 if self.short else 5))

    @property
    def name_width(self) -> int:
        return _text_width(self.labels, self.text)

    @property
    def size_wh(self) -> tuple[int, int]:
        height = self.step * len(self.labels) + 2 * self.pad
        return self.name_width + self.length + 3 * self.pad, height

    def bar(self, index: int, share: float, *, top: bool) -> tuple[slice, slice]:
        """Return the rows and columns of a bar; the most probable expression's is thicker."""
        thin = max(1, self.step // 5) - (1 if top else 0)
        start = self.pad + index * self.step
        rows = slice(start + thin, start + self.step - thin)
        # Any probability above 0 is visible as a line.
        length = max(1, round(share * self.length)) if share > 0 else 0
        left = 2 * self.pad + self.name_width
        return rows, slice(left, left + length)


def _draw_panel(region: Image, probabilities: Floats, style: _PanelStyle) -> None:
    top = int(probabilities.argmax())
    keep, layer = _background_layer(style, top)
    region[:] = cv2.add(cv2.multiply(region, keep, scale=1 / 255), layer)
    for index, (label, share) in enumerate(zip(style.labels, probabilities.tolist(), strict=True)):
        region[style.bar(index, share, top=index == top)] = ImageColor.getrgb(colour_of(label))


@lru_cache(maxsize=256)
def _background_layer(style: _PanelStyle, top: int) -> tuple[Image, Image]:
    """Render what is the same in every frame: background, names and empty bars.

    The image is multiplied by the first (255 means 1), and the second is added afterwards.
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
        # The left end of the name on its baseline.
        start = style.pad + index * style.step + (style.step - style.text) / 2
        draw.text((style.pad, start + round(BASELINE * style.text)), name, ink, font, "ls")
    rgba = np.asarray(PillowImage.alpha_composite(canvas, shade), np.float32)
    alpha = np.repeat(rgba[..., 3:], 3, axis=2)
    layer = np.round(rgba[..., :3] * alpha / 255).astype(np.uint8)
    return (255 - alpha).astype(np.uint8), layer


@lru_cache(maxsize=64)
def _text_width(names: tuple[str, ...], size: int) -> int:
    font = ImageFont.load_default(size)
    return max((round(font.getlength(name)) for name in names), default=0)


#: Text height and line width as fractions of the image's shorter side, and their limits in pixels.
_TEXT_SHARE, _TEXT_MIN, _TEXT_MAX = 0.026, 13, 64
_LINE_SHARE, _LINE_MIN = 0.004, 2

#: Colour of the number badge of an untracked face. The colours of people are for tracks only.
_ORDINAL_COLOUR = "#FFFFFF"

#: Text size of panels as a fraction of that of tags, and the smallest readable size in pixels.
_PANEL_TEXT, _PANEL_TEXT_MIN = 0.85, 10


def annotate(image: Image, faces: Faces, *, bars: bool = False, tags: bool = True) -> Image:
    """Return a copy of `image` with a box and a name tag for every face.

    The tag shows `Faces.answers`. In front of it stands the track number of a tracked face, or, of
    several faces of which none is tracked, the index from 1. With `bars`, a panel beside each face
    has the probabilities of all expressions, where it covers nothing.
    """
    check_image(image)
    picture = image.copy()
    shorter = min(image.shape[:2])
    line = max(_LINE_MIN, round(shorter * _LINE_SHARE))
    text = int(np.clip(round(shorter * _TEXT_SHARE), _TEXT_MIN, _TEXT_MAX))
    tagged = range(len(faces)) if tags or bars else ()  # a panel leaves room for the tag
    drawn = [_tag(faces, i, text)[: image.shape[0], : image.shape[1]] for i in tagged]
    positions = [_above(box, tag, picture) for box, tag in zip(faces.xyxy, drawn, strict=False)]
    for box, answer in zip(faces.xyxy, faces.answers, strict=True):
        _draw_box(picture, box, _colour(answer), line)
    if bars:
        _draw_panels(picture, faces, positions, text, gap=2 * line + 2)
    for position, tag in zip(positions, drawn, strict=True) if tags else ():
        picture[position.top : position.bottom, position.left : position.right] = tag
    return picture


def _draw_box(picture: Image, box: Floats, colour: str, line: int) -> None:
    left, top, right, bottom = (int(v) for v in np.round(box))
    # A dark outline keeps the coloured line visible on any background.
    for shade, width in (((20, 20, 20), line + 2), (ImageColor.getrgb(colour), line)):
        cv2.rectangle(picture, (left, top), (right, bottom), shade, width, cv2.LINE_AA)


def _colour(answer: str) -> str:
    return UNCERTAIN_COLOUR if answer == UNCERTAIN else colour_of(answer)


def _tag(faces: Faces, index: int, size: int) -> Image:
    """Render the number, the answer and its probability on the answer's colour.

    The parts are rendered separately, so that a new percentage does not render the rest again. An
    uncertain answer has no percentage, because it would be mistaken for that of an expression.
    """
    answer, track = faces.answers[index], int(faces.track_id[index])
    colour = _colour(answer)
    parts = []
    if track >= 0:
        parts.append(badge(track, person_colour(track), colour, size))
    elif len(faces) > 1 and (faces.track_id < 0).all():
        parts.append(badge(index + 1, _ORDINAL_COLOUR, colour, size))
    if answer == UNCERTAIN:
        parts.append(text_on(answer, colour, size))
    else:
        parts.append(text_on(answer, colour, size)[:, : -padding(size)])
        parts.append(text_on(chance(float(faces.confidence[index])), colour, size))
    return np.concatenate(parts, axis=1)


def _above(box: Floats, tag: Image, picture: Image) -> Rectangle:
    """Return the position of a tag: above the box, but always inside the image."""
    height, width = tag.shape[:2]
    left, top = round(float(box[0])), round(float(box[1])) - height
    return inside(left, top, (width, height), (picture.shape[1], picture.shape[0]))


def _draw_panels(
    picture: Image, faces: Faces, tags: list[Rectangle], text: int, *, gap: int
) -> None:
    """Draw a panel for each face, all in one style; a panel without room is left out."""
    size = max(_PANEL_TEXT_MIN, round(text * _PANEL_TEXT))
    style = _PanelStyle(faces.labels, size)
    positions = _panel_positions(picture, faces, tags, style, gap)
    if None in positions:
        style = _PanelStyle(faces.labels, max(_PANEL_TEXT_MIN, size - 1), short=True)
        positions = _panel_positions(picture, faces, tags, style, gap)
    for position, probabilities in zip(positions, faces.probabilities, strict=True):
        if position:
            region = picture[position.top : position.bottom, position.left : position.right]
            _draw_panel(region, probabilities, style)


def _panel_positions(
    picture: Image, faces: Faces, tags: list[Rectangle], style: _PanelStyle, gap: int
) -> list[Rectangle | None]:
    """Return the position of each face's panel; None where it would cover something."""
    picture_wh = (picture.shape[1], picture.shape[0])
    boxes = [Rectangle(*(round(v) for v in box)) for box in faces.xyxy.tolist()]
    # The line of a box is centred on its edge, so it takes up half the gap.
    half = gap // 2
    drawn = [Rectangle(b[0] - half, b[1] - half, b[2] + half, b[3] + half) for b in boxes]
    placed: list[Rectangle | None] = []
    for box, tag in zip(boxes, tags, strict=True):
        headroom = tag.bottom - tag.top
        positions = around(box, style.size_wh, picture_wh, gap=gap, headroom=headroom)
        placed.append(first_free(positions, [*drawn, *tags, *filter(None, placed)]))
    return placed
