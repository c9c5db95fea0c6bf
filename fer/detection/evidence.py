"""How surely is this a face? What two networks see at a place, and whether it has any shading.

The detector sees a whole view, the face-landmark network the place alone, and each is fooled by
other things. Both are fooled by drawings; but a drawing is flat where a face has shading.
"""

from __future__ import annotations

from typing import Protocol

import cv2
import numpy as np

from fer.detection.views import square_crop
from fer.types import Detections, Floats, Image

#: Least evidence of a face. Of 850 drawings and photographs of things, the most convincing reached
#: 3.4, and of patterns one 4.9.
MIN_EVIDENCE = 4.0

#: Weights of the detector's logit and of the flat share; the presence logit has 1. The first is
#: what logistic regression gives near the limit, the second is large enough for drawn portraits,
#: which both networks are sure of. `benchmarks.detection` has the material.
LOGIT_WEIGHT, FLAT_WEIGHT = 3.0, 100.0

#: Side at which shading is looked at, in pixels, and side of the circle as a multiple of the box.
_FLAT_SIDE, _FLAT_SCALE = 48, 0.9


class Landmarker(Protocol):
    """Looks closely at places; a `FaceLandmark`, or a fake in tests."""

    def presence(self, image: Image, detections: Detections, /) -> Floats:
        """Return how surely each place shows a face, logits ``(n,)``."""


class Evidence:
    """Weighs what is seen at places.

    Args:
        landmarker: looks at each place alone.
    """

    def __init__(self, landmarker: Landmarker) -> None:
        self._landmarker = landmarker

    def __call__(
        self, image: Image, detections: Detections, logits: Floats | None = None
    ) -> Floats:
        """Return the evidence that each place shows a face, ``(n,)``; see `MIN_EVIDENCE`.

        Args:
            image: ``(height, width, 3)`` RGB uint8.
            detections: the ``n`` places.
            logits: ``(n,)`` logits of the detector's score, means of several views; those of the
                detections if None.
        """
        if logits is None:
            score = np.clip(detections.score, 1e-4, 1 - 1e-4)
            logits = np.log(score / (1 - score))
        flat = np.array([flat_share(image, box) for box in detections.xyxy], np.float32)
        presence = self._landmarker.presence(image, detections)
        return np.asarray(presence + LOGIT_WEIGHT * logits - FLAT_WEIGHT * flat, np.float32)


def flat_share(image: Image, box: Floats) -> float:
    """Return the share of a box's circle in which neighbouring pixels have exactly one brightness.

    It is looked at in few pixels, so that noise does not hide it and smooth skin is not flat. Of
    20,000 faces of FER2013, 99 % have less than 0.04, and most of those with more than 0.1 are
    drawn; drawings by `benchmarks.drawings` have 0.14 to 0.7.

    Args:
        image: ``(height, width, 3)`` RGB uint8.
        box: ``(4,)`` in pixels.
    """
    crop, corner = square_crop(image, box, _FLAT_SCALE)
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
    if len(grey) > _FLAT_SIDE:
        grey = cv2.resize(grey, (_FLAT_SIDE, _FLAT_SIDE), interpolation=cv2.INTER_AREA)
    window = np.ones((3, 3), np.uint8)
    flat = cv2.dilate(grey, window) == cv2.erode(grey, window)
    # What is outside the image is black, and says nothing.
    pitch = len(crop) / len(grey)
    steps = (np.arange(len(grey)) + 0.5) * pitch
    (x, y), (height, width) = (start + steps for start in corner), image.shape[:2]
    across = 2 * steps / len(crop) - 1
    counts = (across[:, None] ** 2 + across**2 <= 1) & ((y > 0) & (y < height))[:, None]
    counts &= (x > 0) & (x < width)
    return float(flat[counts].mean()) if counts.any() else 0.0
