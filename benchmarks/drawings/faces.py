"""Drawn faces, from a smiley to a pencil portrait; each function draws into 300 x 300 pixels."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from benchmarks.drawings.colours import BLACK, RED, WHITE, YELLOW
from fer.types import Image


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
        cv2.circle(picture, (150, 150), 110, BLACK, width, cv2.LINE_AA)
        for x in (112, 188):
            cv2.ellipse(picture, (x, 120), (11, 17), 0, 0, 360, BLACK, -1, cv2.LINE_AA)
        if nose:
            cv2.line(picture, (150, 135), (142, 172), BLACK, width, cv2.LINE_AA)
            cv2.line(picture, (142, 172), (156, 174), BLACK, width, cv2.LINE_AA)
        centre, arc = ((150, 240), (200, 340)) if sad else ((150, 165), (20, 160))
        cv2.ellipse(picture, centre, (62, 50), 0, *arc, BLACK, width, cv2.LINE_AA)

    return draw


def _portrait(picture: Image) -> None:
    """Draw a head with hair, brows, ears, nose and mouth, in pencil."""
    cv2.ellipse(picture, (150, 160), (85, 110), 0, 0, 360, BLACK, 3, cv2.LINE_AA)
    for x, ear in ((115, 62), (185, 238)):
        cv2.ellipse(picture, (x, 140), (20, 10), 0, 0, 360, BLACK, 2, cv2.LINE_AA)
        cv2.circle(picture, (x, 140), 6, BLACK, -1, cv2.LINE_AA)
        cv2.ellipse(picture, (x, 128), (26, 12), 0, 200, 340, BLACK, 4, cv2.LINE_AA)
        cv2.ellipse(picture, (ear, 165), (10, 24), 0, 0, 360, BLACK, 2, cv2.LINE_AA)
    cv2.polylines(picture, [np.array([(150, 140), (138, 185), (158, 188)])], False, BLACK, 2)
    cv2.ellipse(picture, (150, 205), (34, 18), 0, 10, 170, RED, 5, cv2.LINE_AA)
    for x in range(72, 232, 7):
        cv2.line(picture, (x, 96), (150 + (x - 150) // 2, 38), BLACK, 3, cv2.LINE_AA)


def _emoji(*, hearts: bool) -> Callable[[Image], None]:
    """Draw a shaded yellow face that laughs until it cries, or has hearts for eyes."""

    def draw(picture: Image) -> None:
        for radius in range(118, 0, -2):
            shade = 255, 225 - radius // 3, 110 - radius // 2
            cv2.circle(picture, (150 - (118 - radius) // 5, 150), radius, shade, -1, cv2.LINE_AA)
        cv2.ellipse(picture, (150, 172), (66, 62), 0, 0, 180, (110, 60, 20), -1, cv2.LINE_AA)
        cv2.rectangle(picture, (90, 172), (210, 190), WHITE, -1)
        for x, side in ((104, -1), (196, 1)):
            if hearts:
                for dx in (-13, 13):
                    cv2.circle(picture, (x + dx, 108), 16, RED, -1, cv2.LINE_AA)
                tip = np.array([(x - 28, 114), (x + 28, 114), (x, 150)])
                cv2.fillPoly(picture, [tip], RED, cv2.LINE_AA)
            else:
                cv2.ellipse(picture, (x, 132), (26, 24), 0, 200, 340, (110, 60, 20), 9, cv2.LINE_AA)
                drop = (x + side * 38, 158), (13, 22), -side * 25, 0, 360
                cv2.ellipse(picture, *drop, (80, 170, 240), -1, cv2.LINE_AA)

    return draw


def _cup(picture: Image) -> None:
    cv2.ellipse(picture, (225, 160), (38, 48), 0, 0, 360, RED, 14, cv2.LINE_AA)
    cv2.rectangle(picture, (70, 90), (215, 240), RED, -1)
    cv2.ellipse(picture, (142, 90), (72, 20), 0, 0, 360, (90, 50, 30), -1, cv2.LINE_AA)
    for x in (115, 170):
        cv2.circle(picture, (x, 145), 13, WHITE, -1, cv2.LINE_AA)
    cv2.ellipse(picture, (142, 175), (36, 26), 0, 20, 160, WHITE, 7, cv2.LINE_AA)


def _robot(picture: Image) -> None:
    cv2.line(picture, (150, 20), (150, 70), (110, 115, 120), 6)
    cv2.circle(picture, (150, 22), 11, RED, -1, cv2.LINE_AA)
    cv2.rectangle(picture, (60, 65), (240, 255), (170, 178, 185), -1)
    for x in (110, 190):
        cv2.circle(picture, (x, 130), 24, WHITE, -1, cv2.LINE_AA)
        cv2.circle(picture, (x, 130), 12, (40, 110, 200), -1, cv2.LINE_AA)
    cv2.rectangle(picture, (95, 190), (205, 226), (70, 75, 80), -1)
    for x in range(110, 205, 16):
        cv2.line(picture, (x, 190), (x, 226), (200, 205, 210), 3)


def _pumpkin(picture: Image) -> None:
    for x, half in ((90, 55), (210, 55), (150, 70)):
        cv2.ellipse(picture, (x, 165), (half, 100), 0, 0, 360, (230, 120, 25), -1, cv2.LINE_AA)
        cv2.ellipse(picture, (x, 165), (half, 100), 0, 0, 360, (190, 90, 15), 3, cv2.LINE_AA)
    cv2.rectangle(picture, (138, 35), (160, 75), (90, 120, 50), -1)
    for x in (105, 195):
        cv2.fillPoly(picture, [np.array([(x - 24, 152), (x + 24, 152), (x, 112)])], BLACK)
    cv2.fillPoly(picture, [np.array([(138, 182), (162, 182), (150, 162)])], BLACK)
    mouth = [(80, 195), (115, 208), (135, 200), (165, 200), (185, 208), (220, 195), (190, 238)]
    cv2.fillPoly(picture, [np.array([*mouth, (150, 226), (110, 238)])], BLACK)


#: Draw functions by name.
FACES: dict[str, Callable[[Image], None]] = {
    "smiley in thin lines": _smiley(width=3),
    "smiley in thick lines": _smiley(width=11),
    "yellow smiley": _smiley(fill=YELLOW),
    "smiley with a nose": _smiley(nose=True),
    "yellow and sad": _smiley(fill=YELLOW, sad=True, nose=True),
    "pencil portrait": _portrait,
    "emoji in tears": _emoji(hearts=False),
    "emoji in love": _emoji(hearts=True),
    "cup with a face": _cup,
    "robot": _robot,
    "pumpkin": _pumpkin,
}
