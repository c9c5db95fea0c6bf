"""What tests of several modules of `fer` need."""

from __future__ import annotations

import cv2
import numpy as np

from fer.alignment import align
from fer.detection.blazeface import FaceDetector
from fer.labels import FERPLUS_HEAD
from fer.model.classifier import ClassActivation, ExpressionClassifier
from fer.model.spec import Abstention, Head, ModelSpec
from fer.quality import measure
from fer.stream import FaceCheck
from fer.tracking.observation import Appearance, Light, Observation
from fer.types import Floats, Image

#: A second head that is hard to convince, where a picture has issues above all.
VOTES = Head(
    name=FERPLUS_HEAD,
    output=FERPLUS_HEAD,
    labels=("happy", "contempt"),
    meaning="a fake",
    abstention=Abstention(threshold=0.4, degraded_threshold=0.9),
)


def rotation(degrees: float) -> Floats:
    """Return the matrix, 2 × 2, that turns points clockwise in a picture."""
    cos, sin = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    return np.array([[cos, -sin], [sin, cos]])


def heat_in_photo(made: ClassActivation, label: str, size_wh: tuple[int, int]) -> Floats:
    """Return a map in the photograph's place, ``(height, width)``; 0 outside the face."""
    side = 192
    back = cv2.invertAffineTransform(made.to_frame * side)
    # OpenCV counts from pixel centres.
    matrix = np.column_stack([back[:, :2], back @ [0.5, 0.5, 1] - 0.5])
    return np.asarray(cv2.warpAffine(made.heatmap(label, side), matrix, size_wh), np.float32)


class Eye:
    """Sees in frames what another device would, for a stream to follow.

    Nobody looks closely at a face without a check. The classifier has logits by head.
    """

    def __init__(
        self,
        detector: FaceDetector,
        classifier: ExpressionClassifier,
        spec: ModelSpec,
        face_check: FaceCheck | None = None,
    ) -> None:
        self._detector, self._classifier, self._spec = detector, classifier, spec
        self._face_check, self._light = face_check, Light()

    def __call__(self, image: Image) -> Observation:
        """Return what is in the next frame."""
        found, spec = self._detector(image), self._spec
        crops = align(
            image, found, framing=spec.framing, size=spec.input_size, channels=spec.channels
        )
        scores = self._classifier.logits(crops)
        nobody_looked = np.full(len(found), np.nan, np.float32)
        return Observation(
            (image.shape[1], image.shape[0]),
            found,
            Appearance.of(image, found.xyxy, self._light(image)),
            measure(found, crops).issues,
            {head.output: scores[head.name] for head in spec.network_heads},
            self._face_check(image, found) if self._face_check else nobody_looked,
        )
