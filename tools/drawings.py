"""Drawn faces, animals and things that a detector may take for faces."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import cv2
import numpy as np

from fer.types import Image

Colour = tuple[int, int, int]
Point = tuple[int, int]

BLACK, WHITE, YELLOW, RED = (20, 20, 20), (245, 245, 242), (255, 211, 60), (200, 40, 50)
WHOLE = (0, 360)


def drawings(side: int = 300) -> dict[str, Image]:
    """Return drawn faces, animals and things by name, ``(side, side, 3)`` RGB uint8 each."""
    pictures = {}
    for name, draw in DRAWINGS.items():
        paper = Paper()
        draw(paper)
        small = cv2.resize(paper.picture, (side, side), interpolation=cv2.INTER_AREA)
        pictures[name] = np.asarray(small, np.uint8)
    return pictures


class Paper:
    """A sheet of 300 × 300 pixels with shapes; a width of -1 fills a shape."""

    def __init__(self) -> None:
        self.picture = np.full((300, 300, 3), WHITE, np.uint8)

    def disc(self, colour: Colour, radius: int, *centres: Point, width: int = -1) -> None:
        """Draw circles of a radius."""
        for centre in centres:
            cv2.circle(self.picture, centre, radius, colour, width, cv2.LINE_AA)

    def oval(
        self, colour: Colour, axes: Point, *centres: Point, arc: Point = WHOLE, **options: int
    ) -> None:
        """Draw ellipses, or arcs of them; ``width``, and degrees of ``tilt`` are options."""
        tilt, width = options.get("tilt", 0), options.get("width", -1)
        for centre in centres:
            cv2.ellipse(self.picture, centre, axes, tilt, *arc, colour, width, cv2.LINE_AA)

    def box(self, colour: Colour, corner: Point, other: Point) -> None:
        """Fill a rectangle."""
        cv2.rectangle(self.picture, corner, other, colour, -1)

    def shape(self, colour: Colour, *points: Sequence[int], line: int = cv2.LINE_AA) -> None:
        """Fill a polygon."""
        cv2.fillPoly(self.picture, [np.array(points)], colour, line)

    def line(
        self, colour: Colour, width: int, *points: Sequence[int], line: int = cv2.LINE_AA
    ) -> None:
        """Draw lines from each point to the next."""
        for start, end in pairwise(points):
            cv2.line(self.picture, start, end, colour, width, line)


def _smiley(
    *, fill: Colour | None = None, width: int = 5, nose: bool = False, sad: bool = False
) -> Callable[[Paper], None]:
    def draw(paper: Paper) -> None:
        if fill:
            paper.disc(fill, 110, (150, 150))
        paper.disc(BLACK, 110, (150, 150), width=width)
        paper.oval(BLACK, (11, 17), (112, 120), (188, 120))
        if nose:
            paper.line(BLACK, width, (150, 135), (142, 172), (156, 174))
        centre, arc = ((150, 240), (200, 340)) if sad else ((150, 165), (20, 160))
        paper.oval(BLACK, (62, 50), centre, arc=arc, width=width)

    return draw


def _portrait(paper: Paper) -> None:
    paper.oval(BLACK, (85, 110), (150, 160), width=3)
    paper.oval(BLACK, (20, 10), (115, 140), (185, 140), width=2)
    paper.disc(BLACK, 6, (115, 140), (185, 140))
    paper.oval(BLACK, (26, 12), (115, 128), (185, 128), arc=(200, 340), width=4)
    paper.oval(BLACK, (10, 24), (62, 165), (238, 165), width=2)
    paper.line(BLACK, 2, (150, 140), (138, 185), (158, 188), line=cv2.LINE_8)
    paper.oval(RED, (34, 18), (150, 205), arc=(10, 170), width=5)
    for x in range(72, 232, 7):
        paper.line(BLACK, 3, (x, 96), (150 + (x - 150) // 2, 38))


def _emoji(*, hearts: bool) -> Callable[[Paper], None]:
    def draw(paper: Paper) -> None:
        for radius in range(118, 0, -2):
            shade = 255, 225 - radius // 3, 110 - radius // 2
            paper.disc(shade, radius, (150 - (118 - radius) // 5, 150))
        paper.oval((110, 60, 20), (66, 62), (150, 172), arc=(0, 180))
        paper.box(WHITE, (90, 172), (210, 190))
        for x, side in ((104, -1), (196, 1)):
            if hearts:
                paper.disc(RED, 16, (x - 13, 108), (x + 13, 108))
                paper.shape(RED, (x - 28, 114), (x + 28, 114), (x, 150))
            else:
                paper.oval((110, 60, 20), (26, 24), (x, 132), arc=(200, 340), width=9)
                paper.oval((80, 170, 240), (13, 22), (x + side * 38, 158), tilt=-side * 25)

    return draw


def _cup(paper: Paper) -> None:
    paper.oval(RED, (38, 48), (225, 160), width=14)
    paper.box(RED, (70, 90), (215, 240))
    paper.oval((90, 50, 30), (72, 20), (142, 90))
    paper.disc(WHITE, 13, (115, 145), (170, 145))
    paper.oval(WHITE, (36, 26), (142, 175), arc=(20, 160), width=7)


def _pumpkin(paper: Paper) -> None:
    for x, half in ((90, 55), (210, 55), (150, 70)):
        paper.oval((230, 120, 25), (half, 100), (x, 165))
        paper.oval((190, 90, 15), (half, 100), (x, 165), width=3)
    paper.box((90, 120, 50), (138, 35), (160, 75))
    for x in (105, 195):
        paper.shape(BLACK, (x - 24, 152), (x + 24, 152), (x, 112), line=cv2.LINE_8)
    paper.shape(BLACK, (138, 182), (162, 182), (150, 162), line=cv2.LINE_8)
    mouth = [(80, 195), (115, 208), (135, 200), (165, 200), (185, 208), (220, 195), (190, 238)]
    paper.shape(BLACK, *mouth, (150, 226), (110, 238), line=cv2.LINE_8)


def _cat(paper: Paper) -> None:
    paper.disc((150, 120, 95), 95, (150, 165))
    for x, tip in ((85, 65), (215, 235)):
        paper.shape((150, 120, 95), (x - 30, 120), (x + 30, 105), (tip, 35))
    paper.oval((160, 200, 70), (19, 13), (112, 145), (188, 145))
    paper.oval(BLACK, (4, 12), (112, 145), (188, 145))
    paper.shape((220, 130, 140), (140, 180), (160, 180), (150, 192), line=cv2.LINE_8)
    paper.oval(BLACK, (18, 12), (132, 196), (168, 196), arc=(10, 170), width=3)


def _owl(paper: Paper) -> None:
    paper.oval((125, 90, 60), (105, 115), (150, 165))
    for x, eye, tip in ((90, 105, 62), (210, 195, 238)):
        paper.shape((125, 90, 60), (x - 26, 85), (x + 26, 72), (tip, 22), line=cv2.LINE_8)
        paper.disc((225, 205, 170), 50, (eye, 140))
        paper.disc((240, 170, 30), 28, (eye, 140))
        paper.disc(BLACK, 15, (eye, 140))
    paper.shape((90, 80, 70), (138, 158), (162, 158), (150, 196), line=cv2.LINE_8)
    feathers = [(x, y) for y in range(210, 265, 16) for x in range(90, 211, 24)]
    paper.oval((205, 180, 145), (9, 7), *feathers, arc=(0, 180), width=3)


def _dog(paper: Paper) -> None:
    paper.oval((196, 150, 95), (85, 92), (150, 140))
    for x, lean in ((66, 12), (234, -12)):
        paper.oval((120, 80, 50), (27, 72), (x, 135), tilt=lean)
    paper.oval((238, 220, 190), (54, 48), (150, 200))
    paper.disc(BLACK, 12, (116, 128), (184, 128))
    paper.disc(WHITE, 4, (120, 124), (188, 124))
    paper.oval((120, 80, 50), (18, 7), (116, 108), (184, 108), arc=(190, 350), width=5)
    paper.oval(BLACK, (21, 15), (150, 178))
    paper.line(BLACK, 4, (150, 190), (150, 210))
    paper.oval(BLACK, (18, 13), (132, 208), (168, 208), arc=(0, 180), width=4)
    paper.oval((230, 110, 120), (15, 20), (150, 232), arc=(0, 180))


def _socket(paper: Paper) -> None:
    paper.box((225, 225, 220), (60, 60), (240, 240))
    paper.disc((200, 200, 195), 70, (150, 150))
    paper.disc(BLACK, 10, (120, 140), (180, 140))
    paper.oval(BLACK, (12, 8), (150, 178), arc=(0, 180))


def _button(*ys: int) -> Callable[[Paper], None]:
    def draw(paper: Paper) -> None:
        paper.disc((70, 110, 160), 112, (150, 150))
        paper.disc((95, 140, 190), 84, (150, 150))
        paper.disc(BLACK, 13, *((x, y) for x in (122, 178) for y in ys))

    return draw


#: Draw functions by name.
DRAWINGS: dict[str, Callable[[Paper], None]] = {
    "smiley in thin lines": _smiley(width=3),
    "smiley in thick lines": _smiley(width=11),
    "yellow smiley": _smiley(fill=YELLOW),
    "smiley with a nose": _smiley(nose=True),
    "yellow and sad": _smiley(fill=YELLOW, sad=True, nose=True),
    "pencil portrait": _portrait,
    "emoji in tears": _emoji(hearts=False),
    "emoji in love": _emoji(hearts=True),
    "cup with a face": _cup,
    "pumpkin": _pumpkin,
    "cat": _cat,
    "owl": _owl,
    "dog": _dog,
    "socket": _socket,
    "button with two holes": _button(150),
    "button with four holes": _button(122, 178),
}
