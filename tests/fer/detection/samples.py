"""Pictures for tests of detection."""

from __future__ import annotations

import cv2
import numpy as np
import skimage.data

from fer.types import Image


def with_small_faces(
    astronaut: Image, side: int, last: tuple[int, int] = (1280, 780)
) -> tuple[Image, list[tuple[int, int]]]:
    """A wide picture of gravel with three faces of `side` pixels; their centres too.

    The heads begin at fixed places, the last one at `last`.
    """
    gravel = cv2.resize(skimage.data.gravel(), (1400, 900))
    picture = np.repeat(gravel[..., None], 3, axis=2)
    scale = side / 104
    head = cv2.resize(
        astronaut[0:260, 90:360], None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA
    )
    centres = []
    for x, y in ((80, 60), (700, 420), last):
        picture[y : y + head.shape[0], x : x + head.shape[1]] = head
        centres.append((x + round(135 * scale), y + round(125 * scale)))
    return picture, centres
