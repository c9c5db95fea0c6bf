"""Draw boxes, names and probability panels of faces onto a copy of the image."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import ImageColor

from fer.drawing.label_layout import Rectangle, around, first_free, inside
from fer.drawing.probability_panels import PanelStyle, draw_panel
from fer.drawing.text_tags import badge, padding, text_on
from fer.labels import UNCERTAIN_COLOUR, colour_of, person_colour
from fer.text import chance
from fer.types import UNCERTAIN, Faces, Floats, Image, check_image

#: Text height and line width as fractions of the image's shorter side, and their limits in pixels.
_TEXT_SHARE, _TEXT_MIN, _TEXT_MAX = 0.026, 13, 64
_LINE_SHARE, _LINE_MIN = 0.004, 2

#: Colour of the number badge of an untracked face. The colours of people are for tracks only.
_ORDINAL_COLOUR = "#FFFFFF"

#: Text size of panels as a fraction of that of tags, and the smallest readable size in pixels.
_PANEL_TEXT, _PANEL_TEXT_MIN = 0.85, 10


def annotate(image: Image, faces: Faces, *, bars: bool = False) -> Image:
    """Return a copy of `image` with a box and a name tag for every face.

    The tag shows `Faces.answers`. In front of it stands the track number of a tracked face. If
    there are several faces and none is tracked, it is their index in `faces`, counted from 1.

    Args:
        image: ``(height, width, 3)`` RGB uint8; not modified.
        faces: the faces in `image`.
        bars: whether to draw a panel with the probabilities of all expressions beside each face,
            where it covers nothing.
    """
    check_image(image)
    picture = image.copy()
    shorter = min(image.shape[:2])
    line = max(_LINE_MIN, round(shorter * _LINE_SHARE))
    text = int(np.clip(round(shorter * _TEXT_SHARE), _TEXT_MIN, _TEXT_MAX))
    tags = [_tag(faces, i, text)[: image.shape[0], : image.shape[1]] for i in range(len(faces))]
    positions = [_above(box, tag, picture) for box, tag in zip(faces.xyxy, tags, strict=True)]
    for box, answer in zip(faces.xyxy, faces.answers, strict=True):
        _draw_box(picture, box, _colour(answer), line)
    if bars:
        _draw_panels(picture, faces, positions, text, gap=2 * line + 2)
    for position, tag in zip(positions, tags, strict=True):
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
    style = PanelStyle(faces.labels, size)
    positions = _panel_positions(picture, faces, tags, style, gap)
    if None in positions:
        style = PanelStyle(faces.labels, max(_PANEL_TEXT_MIN, size - 1), short=True)
        positions = _panel_positions(picture, faces, tags, style, gap)
    for position, probabilities in zip(positions, faces.probabilities, strict=True):
        if position:
            region = picture[position.top : position.bottom, position.left : position.right]
            draw_panel(region, probabilities, style)


def _panel_positions(
    picture: Image, faces: Faces, tags: list[Rectangle], style: PanelStyle, gap: int
) -> list[Rectangle | None]:
    """Return the position of each face's panel; None where it would cover something."""
    picture_wh = (picture.shape[1], picture.shape[0])
    boxes = [Rectangle(*(round(v) for v in box)) for box in faces.xyxy.tolist()]
    # The line of a box is centred on its edge, so it takes up half the gap.
    faces_drawn = [box.grown(gap // 2) for box in boxes]
    placed: list[Rectangle | None] = []
    for box, tag in zip(boxes, tags, strict=True):
        headroom = tag.bottom - tag.top
        positions = around(box, style.size_wh, picture_wh, gap=gap, headroom=headroom)
        taken = [*faces_drawn, *tags, *filter(None, placed)]
        placed.append(first_free(positions, taken))
    return placed
