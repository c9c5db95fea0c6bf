"""Drawn faces and things that a detector may take for faces."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from fer.types import Image

_BLACK, _WHITE, _YELLOW, _RED = (20, 20, 20), (245, 245, 242), (255, 211, 60), (200, 40, 50)


def drawings(side: int = 300) -> dict[str, Image]:
    """Return drawn faces and objects by name, ``(side, side, 3)`` RGB uint8 each."""
    pictures = {}
    for name, draw in _DRAWINGS.items():
        picture = np.full((300, 300, 3), _WHITE, np.uint8)
        draw(picture)
        resized = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
        pictures[name] = np.asarray(resized, np.uint8)
    return pictures


def _smiley(
    *,
    fill: tuple[int, int, int] | None = None,
    width: int = 5,
    nose: bool = False,
    sad: bool = False,
) -> Callable[[Image], None]:
    def draw(picture: Image) -> None:
        if fill:
            cv2.circle(picture, (150, 150), 110, fill, -1, cv2.LINE_AA)
        cv2.circle(picture, (150, 150), 110, _BLACK, width, cv2.LINE_AA)
        for x in (112, 188):
            cv2.ellipse(picture, (x, 120), (11, 17), 0, 0, 360, _BLACK, -1, cv2.LINE_AA)
        if nose:
            cv2.line(picture, (150, 135), (142, 172), _BLACK, width, cv2.LINE_AA)
            cv2.line(picture, (142, 172), (156, 174), _BLACK, width, cv2.LINE_AA)
        centre, arc = ((150, 240), (200, 340)) if sad else ((150, 165), (20, 160))
        cv2.ellipse(picture, centre, (62, 50), 0, *arc, _BLACK, width, cv2.LINE_AA)

    return draw


def _portrait(picture: Image) -> None:
    """Draw a head with hair, brows, ears, nose and mouth, in pencil."""
    cv2.ellipse(picture, (150, 160), (85, 110), 0, 0, 360, _BLACK, 3, cv2.LINE_AA)
    for x, ear in ((115, 62), (185, 238)):
        cv2.ellipse(picture, (x, 140), (20, 10), 0, 0, 360, _BLACK, 2, cv2.LINE_AA)
        cv2.circle(picture, (x, 140), 6, _BLACK, -1, cv2.LINE_AA)
        cv2.ellipse(picture, (x, 128), (26, 12), 0, 200, 340, _BLACK, 4, cv2.LINE_AA)
        cv2.ellipse(picture, (ear, 165), (10, 24), 0, 0, 360, _BLACK, 2, cv2.LINE_AA)
    cv2.polylines(picture, [np.array([(150, 140), (138, 185), (158, 188)])], False, _BLACK, 2)
    cv2.ellipse(picture, (150, 205), (34, 18), 0, 10, 170, _RED, 5, cv2.LINE_AA)
    for x in range(72, 232, 7):
        cv2.line(picture, (x, 96), (150 + (x - 150) // 2, 38), _BLACK, 3, cv2.LINE_AA)


def _cup(picture: Image) -> None:
    cv2.ellipse(picture, (225, 160), (38, 48), 0, 0, 360, _RED, 14, cv2.LINE_AA)
    cv2.rectangle(picture, (70, 90), (215, 240), _RED, -1)
    cv2.ellipse(picture, (142, 90), (72, 20), 0, 0, 360, (90, 50, 30), -1, cv2.LINE_AA)
    for x in (115, 170):
        cv2.circle(picture, (x, 145), 13, _WHITE, -1, cv2.LINE_AA)
    cv2.ellipse(picture, (142, 175), (36, 26), 0, 20, 160, _WHITE, 7, cv2.LINE_AA)


def _cat(picture: Image) -> None:
    cv2.circle(picture, (150, 165), 95, (150, 120, 95), -1, cv2.LINE_AA)
    for x in (85, 215):
        ear = np.array([(x - 30, 120), (x + 30, 105), (x + (20 if x > 150 else -20), 35)])
        cv2.fillPoly(picture, [ear], (150, 120, 95), cv2.LINE_AA)
    for x in (112, 188):
        cv2.ellipse(picture, (x, 145), (19, 13), 0, 0, 360, (160, 200, 70), -1, cv2.LINE_AA)
        cv2.ellipse(picture, (x, 145), (4, 12), 0, 0, 360, _BLACK, -1, cv2.LINE_AA)
    cv2.fillPoly(picture, [np.array([(140, 180), (160, 180), (150, 192)])], (220, 130, 140))
    for x in (132, 168):
        cv2.ellipse(picture, (x, 196), (18, 12), 0, 10, 170, _BLACK, 3, cv2.LINE_AA)


def _socket(picture: Image) -> None:
    cv2.rectangle(picture, (60, 60), (240, 240), (225, 225, 220), -1)
    cv2.circle(picture, (150, 150), 70, (200, 200, 195), -1, cv2.LINE_AA)
    for x in (120, 180):
        cv2.circle(picture, (x, 140), 10, _BLACK, -1, cv2.LINE_AA)
    cv2.ellipse(picture, (150, 178), (12, 8), 0, 0, 180, _BLACK, -1, cv2.LINE_AA)


_DRAWINGS: dict[str, Callable[[Image], None]] = {
    "smiley in thin lines": _smiley(width=3),
    "smiley in thick lines": _smiley(width=11),
    "yellow smiley": _smiley(fill=_YELLOW),
    "smiley with a nose": _smiley(nose=True),
    "yellow and sad": _smiley(fill=_YELLOW, sad=True, nose=True),
    "pencil portrait": _portrait,
    "cup with a face": _cup,
    "cat": _cat,
    "socket": _socket,
}
