"""Pictures for tests of detection."""

from __future__ import annotations

import cv2
import numpy as np
import skimage.data

from fer.detection.photo_scan import TILE
from fer.types import Detections, Image
from tests.samples import make_detections


def with_small_faces(astronaut: Image, side: int) -> tuple[Image, list[tuple[int, int]]]:
    """A wide picture of gravel with three faces of `side` pixels; their centres too."""
    gravel = cv2.resize(skimage.data.gravel(), (1400, 900))
    picture = np.repeat(gravel[..., None], 3, axis=2)
    scale = side / 104
    head = cv2.resize(
        astronaut[0:260, 90:360], None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA
    )
    centres = []
    for x, y in ((80, 60), (700, 420), (1110, 600)):
        picture[y : y + head.shape[0], x : x + head.shape[1]] = head
        centres.append((x + round(135 * scale), y + round(125 * scale)))
    return picture, centres


#: Brightness of a patch.
PATCH = 30


class Patches:
    """A detector to which dark patches in a pattern are faces, between 24 and 200 pixels high."""

    def __init__(self, score: float = 0.9) -> None:
        self.score, self.views = score, list[tuple[int, int]]()

    def __call__(self, image: Image) -> Detections:
        self.views.append((image.shape[1], image.shape[0]))
        scale = TILE / max(image.shape[:2])
        dark = (abs(image[..., 0].astype(int) - PATCH) < 10).astype(np.uint8)
        boxes = [
            (x, y, x + width, y + height)
            for x, y, width, height, _ in cv2.connectedComponentsWithStats(dark)[2][1:].tolist()
            if 24 <= height * scale <= 200
        ]
        return make_detections(*boxes, score=self.score)


def pattern(width: int, height: int, *boxes: tuple[int, int, int, int]) -> Image:
    """A picture full of detail with dark patches in it."""
    noise = np.random.default_rng(0).integers(90, 250, (height, width, 1), dtype=np.uint8)
    picture = np.repeat(noise, 3, axis=2)
    for left, top, right, bottom in boxes:
        picture[top:bottom, left:right] = PATCH
    return picture
