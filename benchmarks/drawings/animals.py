"""Drawn heads of animals; each function draws into 300 x 300 pixels."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from benchmarks.drawings.colours import BLACK, WHITE
from fer.types import Image


def _cat(picture: Image) -> None:
    cv2.circle(picture, (150, 165), 95, (150, 120, 95), -1, cv2.LINE_AA)
    for x in (85, 215):
        ear = np.array([(x - 30, 120), (x + 30, 105), (x + (20 if x > 150 else -20), 35)])
        cv2.fillPoly(picture, [ear], (150, 120, 95), cv2.LINE_AA)
    for x in (112, 188):
        cv2.ellipse(picture, (x, 145), (19, 13), 0, 0, 360, (160, 200, 70), -1, cv2.LINE_AA)
        cv2.ellipse(picture, (x, 145), (4, 12), 0, 0, 360, BLACK, -1, cv2.LINE_AA)
    cv2.fillPoly(picture, [np.array([(140, 180), (160, 180), (150, 192)])], (220, 130, 140))
    for x in (132, 168):
        cv2.ellipse(picture, (x, 196), (18, 12), 0, 10, 170, BLACK, 3, cv2.LINE_AA)


def _owl(picture: Image) -> None:
    cv2.ellipse(picture, (150, 165), (105, 115), 0, 0, 360, (125, 90, 60), -1, cv2.LINE_AA)
    for x, tip in ((90, 62), (210, 238)):
        cv2.fillPoly(picture, [np.array([(x - 26, 85), (x + 26, 72), (tip, 22)])], (125, 90, 60))
        cv2.circle(picture, (x + (150 - x) // 4, 140), 50, (225, 205, 170), -1, cv2.LINE_AA)
        cv2.circle(picture, (x + (150 - x) // 4, 140), 28, (240, 170, 30), -1, cv2.LINE_AA)
        cv2.circle(picture, (x + (150 - x) // 4, 140), 15, BLACK, -1, cv2.LINE_AA)
    cv2.fillPoly(picture, [np.array([(138, 158), (162, 158), (150, 196)])], (90, 80, 70))
    for y in range(210, 265, 16):
        for x in range(90, 211, 24):
            cv2.ellipse(picture, (x, y), (9, 7), 0, 0, 180, (205, 180, 145), 3, cv2.LINE_AA)


def _dog(picture: Image) -> None:
    fur, dark = (196, 150, 95), (120, 80, 50)
    cv2.ellipse(picture, (150, 140), (85, 92), 0, 0, 360, fur, -1, cv2.LINE_AA)
    for x, lean in ((66, 12), (234, -12)):
        cv2.ellipse(picture, (x, 135), (27, 72), lean, 0, 360, dark, -1, cv2.LINE_AA)
    cv2.ellipse(picture, (150, 200), (54, 48), 0, 0, 360, (238, 220, 190), -1, cv2.LINE_AA)
    for x in (116, 184):
        cv2.circle(picture, (x, 128), 12, BLACK, -1, cv2.LINE_AA)
        cv2.circle(picture, (x + 4, 124), 4, WHITE, -1, cv2.LINE_AA)
        cv2.ellipse(picture, (x, 108), (18, 7), 0, 190, 350, dark, 5, cv2.LINE_AA)
    cv2.ellipse(picture, (150, 178), (21, 15), 0, 0, 360, BLACK, -1, cv2.LINE_AA)
    cv2.line(picture, (150, 190), (150, 210), BLACK, 4, cv2.LINE_AA)
    for x in (132, 168):
        cv2.ellipse(picture, (x, 208), (18, 13), 0, 0, 180, BLACK, 4, cv2.LINE_AA)
    cv2.ellipse(picture, (150, 232), (15, 20), 0, 0, 180, (230, 110, 120), -1, cv2.LINE_AA)


def _eagle(picture: Image) -> None:
    """Draw an eagle's head half from the side, with a stern brow and a hooked beak."""
    cv2.fillPoly(picture, [np.array([(35, 300), (60, 190), (240, 200), (265, 300)])], (85, 60, 45))
    cv2.ellipse(picture, (145, 140), (92, 98), 0, 0, 360, (240, 238, 230), -1, cv2.LINE_AA)
    for x in range(62, 240, 20):
        cv2.line(picture, (x, 200), (x + (x - 150) // 6, 236), (240, 238, 230), 14, cv2.LINE_AA)
    beak = np.array([(135, 140), (205, 142), (232, 172), (222, 212), (203, 184), (140, 182)])
    cv2.fillPoly(picture, [beak], (245, 180, 40), cv2.LINE_AA)
    cv2.polylines(picture, [np.array([(140, 172), (178, 166), (205, 180)])], False, BLACK, 3)
    for x, brow in ((104, ((78, 100), (128, 116))), (188, ((166, 116), (210, 102)))):
        cv2.circle(picture, (x, 124), 13, (245, 200, 60), -1, cv2.LINE_AA)
        cv2.circle(picture, (x, 124), 7, BLACK, -1, cv2.LINE_AA)
        cv2.line(picture, *brow, (110, 90, 70), 8, cv2.LINE_AA)


#: Draw functions by name.
ANIMALS: dict[str, Callable[[Image], None]] = {
    "cat": _cat,
    "owl": _owl,
    "dog": _dog,
    "eagle": _eagle,
}
