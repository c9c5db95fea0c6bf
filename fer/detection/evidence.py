"""How surely is this a face? Three networks of one package look at it, the cheap ones first."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from fer.detection.blazeface import FULL_RANGE, BlazeFace, FaceDetector
from fer.detection.face_landmark import PRESENCE_RANGE, FaceLandmark
from fer.detection.views import square_crop
from fer.geometry import iou_matrix
from fer.types import Detections, Floats, Image

#: Least evidence of a face.
MIN_EVIDENCE = 1.5

#: Weights of the presence logit, the detector's mean logit, and the second opinion; and the
#: constant. Fitted by logistic regression (`benchmarks.detection` has the material).
_PRESENCE, _LOGIT, _SECOND, _CONSTANT = 0.48, 0.22, 0.6, 2.1

#: For a second opinion, the full-range detector looks at square crops of these multiples of a
#: face's side.
SECOND_SCALES = (2.6, 4.0)

#: Least IoU at which what it sees in such a crop is the same face.
SAME_IOU = 0.35

#: Range of the second opinion: the lower end stands for a face that it does not see.
SECOND_RANGE = (-4.0, 3.0)


class Landmarker(Protocol):
    """Looks closely at places; a `FaceLandmark`, or a fake in tests."""

    def presence(self, image: Image, detections: Detections, /) -> Floats:
        """Return how surely each place shows a face, logits ``(n,)``."""


class Evidence:
    """Weighs what the networks see at a place.

    Args:
        landmarker: looks at the place alone.
        second: another detector, which looks at the place and its surroundings.
    """

    def __init__(self, landmarker: Landmarker, second: FaceDetector) -> None:
        self._landmarker, self._second = landmarker, second

    @classmethod
    def load(cls, *, threads: int = 1) -> Evidence:
        """Load the networks.

        Raises:
            ModelError: the package that carries them is not installed.
        """
        second = BlazeFace(FULL_RANGE, min_score=_sigmoid(SECOND_RANGE[0]), threads=threads)
        return cls(FaceLandmark(threads=threads), second)

    def __call__(self, image: Image, face: Detections, logit: float) -> float:
        """Return the evidence that a place shows a face; `MIN_EVIDENCE` and more is one.

        The second opinion is had only where it can change the answer; where it is not, the figure
        supposes the middle of its range.

        Args:
            image: ``(height, width, 3)`` RGB uint8.
            face: the place, one detection.
            logit: logit of the detector's score; the mean if it has several views.
        """
        figure = _CONSTANT + _LOGIT * logit
        if figure + _PRESENCE * PRESENCE_RANGE[1] + _SECOND * SECOND_RANGE[1] < MIN_EVIDENCE:
            return figure
        figure += _PRESENCE * float(self._landmarker.presence(image, face)[0])
        low, high = (figure + _SECOND * limit for limit in SECOND_RANGE)
        if low >= MIN_EVIDENCE or high < MIN_EVIDENCE:
            return (low + high) / 2
        return figure + _SECOND * self._second_opinion(image, face.xyxy[0])

    def _second_opinion(self, image: Image, box: Floats) -> float:
        """Return the mean logit at which the second detector sees the same face."""
        return float(np.mean([self._seen(image, box, scale) for scale in SECOND_SCALES]))

    def _seen(self, image: Image, box: Floats, scale: float) -> float:
        crop, corner = square_crop(image, box, scale)
        faces = self._second(crop).moved(offset=corner)
        same = iou_matrix(box[None], faces.xyxy)[0] >= SAME_IOU
        score = float(faces.score[same].max(initial=0.0))
        return float(np.clip(_logit(score), *SECOND_RANGE))


def _logit(score: float) -> float:
    score = min(max(score, 1e-6), 1 - 1e-6)
    return float(np.log(score / (1 - score)))


def _sigmoid(logit: float) -> float:
    return float(1 / (1 + np.exp(-logit)))
