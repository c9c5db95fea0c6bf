"""Drawn things in which people see faces; each function draws into 300 x 300 pixels."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from benchmarks.drawings.colours import BLACK, RED, WHITE
from fer.types import Image


def _socket(picture: Image) -> None:
    cv2.rectangle(picture, (60, 60), (240, 240), (225, 225, 220), -1)
    cv2.circle(picture, (150, 150), 70, (200, 200, 195), -1, cv2.LINE_AA)
    for x in (120, 180):
        cv2.circle(picture, (x, 140), 10, BLACK, -1, cv2.LINE_AA)
    cv2.ellipse(picture, (150, 178), (12, 8), 0, 0, 180, BLACK, -1, cv2.LINE_AA)


def _american_socket(picture: Image) -> None:
    cv2.rectangle(picture, (85, 20), (215, 280), (232, 230, 222), -1)
    cv2.rectangle(picture, (85, 20), (215, 280), (170, 168, 160), 3, cv2.LINE_AA)
    for y in (88, 212):
        cv2.ellipse(picture, (150, y), (46, 50), 0, 0, 360, (214, 212, 204), -1, cv2.LINE_AA)
        for x, half in ((132, 15), (168, 12)):
            cv2.rectangle(picture, (x - 3, y - 8 - half), (x + 3, y - 8 + half), BLACK, -1)
        cv2.ellipse(picture, (150, y + 26), (8, 9), 0, 180, 360, BLACK, -1, cv2.LINE_AA)


def _clock(picture: Image) -> None:
    cv2.circle(picture, (150, 150), 115, (90, 70, 60), -1, cv2.LINE_AA)
    cv2.circle(picture, (150, 150), 100, WHITE, -1, cv2.LINE_AA)
    for hour in range(12):
        x, y = np.sin(hour * np.pi / 6), np.cos(hour * np.pi / 6)
        inner, outer = ((round(150 + r * x), round(150 + r * y)) for r in (82, 95))
        cv2.line(picture, inner, outer, BLACK, 5, cv2.LINE_AA)
    for dx, dy, width in ((-38, -28, 8), (46, -58, 5)):
        cv2.line(picture, (150, 150), (150 + dx, 150 + dy), BLACK, width, cv2.LINE_AA)
    cv2.circle(picture, (150, 150), 8, RED, -1, cv2.LINE_AA)


def _car(picture: Image) -> None:
    """Draw a car from the front: lamps, a grille between them, and a bumper."""
    cv2.fillPoly(picture, [np.array([(85, 60), (215, 60), (245, 130), (55, 130)])], RED)
    cv2.fillPoly(picture, [np.array([(96, 70), (204, 70), (226, 125), (74, 125)])], (120, 150, 170))
    cv2.rectangle(picture, (35, 128), (265, 225), RED, -1)
    for x in (50, 220):
        cv2.rectangle(picture, (x, 225), (x + 32, 260), BLACK, -1)
    for x in (72, 228):
        cv2.circle(picture, (x, 160), 24, (60, 60, 60), -1, cv2.LINE_AA)
        cv2.circle(picture, (x, 160), 18, (250, 245, 200), -1, cv2.LINE_AA)
    for y in range(150, 190, 10):
        cv2.line(picture, (108, y), (192, y), BLACK, 4, cv2.LINE_AA)
    cv2.rectangle(picture, (45, 200), (255, 216), (190, 190, 190), -1)
    cv2.rectangle(picture, (115, 198), (185, 220), WHITE, -1)


def _house(picture: Image) -> None:
    cv2.rectangle(picture, (55, 110), (245, 275), (226, 200, 160), -1)
    cv2.fillPoly(
        picture, [np.array([(35, 115), (150, 25), (265, 115)])], (150, 60, 45), cv2.LINE_AA
    )
    for x in (80, 175):
        cv2.rectangle(picture, (x, 135), (x + 45, 180), (70, 95, 120), -1)
        cv2.rectangle(picture, (x, 135), (x + 45, 180), WHITE, 5)
        cv2.line(picture, (x + 22, 135), (x + 22, 180), WHITE, 3)
    cv2.rectangle(picture, (127, 205), (173, 275), (90, 50, 35), -1)
    cv2.ellipse(picture, (150, 205), (23, 14), 0, 180, 360, (90, 50, 35), -1, cv2.LINE_AA)


def _button(*, holes: int) -> Callable[[Image], None]:
    def draw(picture: Image) -> None:
        cv2.circle(picture, (150, 150), 112, (70, 110, 160), -1, cv2.LINE_AA)
        cv2.circle(picture, (150, 150), 84, (95, 140, 190), -1, cv2.LINE_AA)
        for x in (122, 178):
            for y in (122, 178) if holes == 4 else (150,):
                cv2.circle(picture, (x, y), 13, BLACK, -1, cv2.LINE_AA)

    return draw


def _traffic_light(picture: Image) -> None:
    cv2.rectangle(picture, (95, 15), (205, 285), (50, 55, 55), -1)
    lights = (60, (230, 50, 40)), (150, (240, 190, 40)), (240, (60, 190, 90))
    for y, colour in lights:
        cv2.circle(picture, (150, y), 37, BLACK, -1, cv2.LINE_AA)
        cv2.circle(picture, (150, y), 31, colour, -1, cv2.LINE_AA)


#: Draw functions by name.
THINGS: dict[str, Callable[[Image], None]] = {
    "socket": _socket,
    "American socket": _american_socket,
    "clock": _clock,
    "car": _car,
    "house": _house,
    "button with two holes": _button(holes=2),
    "button with four holes": _button(holes=4),
    "traffic light": _traffic_light,
}
