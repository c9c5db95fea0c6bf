"""Drawing what was found onto a copy of the image."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import ImageColor

from fer.drawing.label_layout import Rectangle, around, inside, least_covering
from fer.drawing.probability_panels import PanelStyle, draw_panel
from fer.drawing.text_tags import badge, padding, text_on
from fer.labels import UNCERTAIN_COLOUR, colour_of, person_colour
from fer.text import chance
from fer.types import UNCERTAIN, Faces, Floats, Image, check_image

#: Text height and line width as shares of the image's shorter side, and their least in pixels.
_TEXT_SHARE, _TEXT_MIN, _TEXT_MAX = 0.026, 13, 64
_LINE_SHARE, _LINE_MIN = 0.004, 2

#: The pill with the number of a face that nobody follows: the colours of people mean more.
_ORDINAL_COLOUR = "#FFFFFF"

#: Size of the letters in panels, as a share of that of tags, and the least that can be read.
_PANEL_TEXT, _PANEL_TEXT_MIN = 0.85, 10


def annotate(image: Image, faces: Faces, *, bars: bool = False) -> Image:
    """Return a copy of `image` with every face boxed and named.

    The name is the answer, `Faces.answers`. Faces that are followed have their person's number in
    front of it; several that are not, their number in the order of `faces`, from 1.

    Args:
        image: ``(height, width, 3)`` RGB uint8; left as it is.
        faces: of that image.
        bars: whether each face gets a panel with the probabilities of all expressions.
    """
    check_image(image)
    picture = image.copy()
    shorter = min(image.shape[:2])
    line = max(_LINE_MIN, round(shorter * _LINE_SHARE))
    text = int(np.clip(round(shorter * _TEXT_SHARE), _TEXT_MIN, _TEXT_MAX))
    tags = [_tag(faces, i, text)[: image.shape[0], : image.shape[1]] for i in range(len(faces))]
    places = [_above(box, tag, picture) for box, tag in zip(faces.xyxy, tags, strict=True)]
    for box, answer in zip(faces.xyxy, faces.answers, strict=True):
        _draw_box(picture, box, _colour(answer), line)
    if bars:
        _draw_panels(picture, faces, places, text, gap=2 * line + 2)
    for place, tag in zip(places, tags, strict=True):
        picture[place.top : place.bottom, place.left : place.right] = tag
    return picture


def _draw_box(picture: Image, box: Floats, colour: str, line: int) -> None:
    left, top, right, bottom = (int(v) for v in np.round(box))
    # A dark line under the coloured one keeps it visible on any background.
    for shade, width in (((20, 20, 20), line + 2), (ImageColor.getrgb(colour), line)):
        cv2.rectangle(picture, (left, top), (right, bottom), shade, width, cv2.LINE_AA)


def _colour(answer: str) -> str:
    return UNCERTAIN_COLOUR if answer == UNCERTAIN else colour_of(answer)


def _tag(faces: Faces, index: int, size: int) -> Image:
    """Return the number, the answer and its probability, on the answer's colour.

    Put together from parts, so that a new percentage does not render the rest again. No percentage
    where the answer is that there is none: it would be read as that of an expression.
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
    """Return the place of a tag: above the box, inside the picture whatever the box does."""
    height, width = tag.shape[:2]
    left, top = round(float(box[0])), round(float(box[1])) - height
    return inside(left, top, (width, height), (picture.shape[1], picture.shape[0]))


def _draw_panels(
    picture: Image, faces: Faces, tags: list[Rectangle], text: int, *, gap: int
) -> None:
    """Draw a panel for each face, all of one kind: the large one if none has to cover anything."""
    size = max(_PANEL_TEXT_MIN, round(text * _PANEL_TEXT))
    style = PanelStyle(faces.labels, size)
    places, free = _panel_places(picture, faces, tags, style, gap)
    if not free:
        style = PanelStyle(faces.labels, max(_PANEL_TEXT_MIN, size - 1), columns=True)
        places, free = _panel_places(picture, faces, tags, style, gap)
    for place, probabilities in zip(places, faces.probabilities, strict=bool(places)):
        region = picture[place.top : place.bottom, place.left : place.right]
        draw_panel(region, probabilities, style)


def _panel_places(
    picture: Image, faces: Faces, tags: list[Rectangle], style: PanelStyle, gap: int
) -> tuple[list[Rectangle], bool]:
    """Return a place for each face's panel, and whether they cover nothing.

    There is none at all if the picture is smaller than a panel.
    """
    picture_wh = (picture.shape[1], picture.shape[0])
    boxes = [Rectangle(*(round(v) for v in box)) for box in faces.xyxy.tolist()]
    # A box is drawn around its edge, so half the gap around it is taken.
    faces_drawn = [box.grown(gap // 2) for box in boxes]
    placed: list[Rectangle] = []
    covered = 0
    for box, tag in zip(boxes, tags, strict=True):
        headroom = tag.bottom - tag.top
        places = around(box, style.size_wh, picture_wh, gap=gap, headroom=headroom)
        if not places:
            return [], False
        place, covers = least_covering(places, faces_drawn, [*tags, *placed])
        placed.append(place)
        covered += covers
    return placed, covered == 0
