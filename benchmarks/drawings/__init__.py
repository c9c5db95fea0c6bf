"""Drawn faces, animals and things that a detector may take for faces."""

from __future__ import annotations

import cv2
import numpy as np

from benchmarks.drawings.animals import ANIMALS
from benchmarks.drawings.colours import WHITE
from benchmarks.drawings.faces import FACES
from benchmarks.drawings.things import THINGS
from fer.types import Image


def drawings(side: int = 300) -> dict[str, Image]:
    """Return drawn faces, animals and things by name, ``(side, side, 3)`` RGB uint8 each."""
    pictures = {}
    for name, draw in (FACES | ANIMALS | THINGS).items():
        picture = np.full((300, 300, 3), WHITE, np.uint8)
        draw(picture)
        resized = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
        pictures[name] = np.asarray(resized, np.uint8)
    return pictures
