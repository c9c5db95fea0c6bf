"""The whole path for a still image: detect → align → classify."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fer.alignment import align
from fer.classifier import ExpressionClassifier
from fer.detection import BlazeFace, FaceDetector
from fer.model_card import ModelSpec
from fer.scan import PhotoScan
from fer.timing import Stopwatch
from fer.types import Detections, Faces, Floats, Image, check_image

#: Reads expressions off aligned faces; an `ExpressionClassifier`, or a fake in tests.
Classifier = Callable[[NDArray[np.uint8]], Floats]


class FaceAnalyzer:
    """Finds every face of an image and reads its expression.

    Holds no state between calls, so all users share one.

    Args:
        detector: finds faces.
        classifier: reads expressions.
        spec: what the classifier expects and what its columns mean.
    """

    def __init__(self, detector: FaceDetector, classifier: Classifier, spec: ModelSpec) -> None:
        self._detector = detector
        self._classifier = classifier
        self.spec = spec

    @classmethod
    def for_photos(cls, model_dir: Path, *, threads: int = 1) -> FaceAnalyzer:
        """Load a model for still photographs, in which faces may be small.

        Args:
            model_dir: a directory with ``spec.json``.
            threads: processor threads of each network.

        Raises:
            ModelError: the model, or the detector's, is missing or broken.
        """
        classifier = ExpressionClassifier(model_dir, threads=threads)
        return cls(PhotoScan(BlazeFace(threads=threads)), classifier, classifier.spec)

    def __call__(self, image: Image) -> Faces:
        """Return the faces of `image`, ``(height, width, 3)`` RGB uint8, left to right."""
        check_image(image)
        found = self._detector(image)
        found = found.take(np.argsort(found.xyxy[:, 0], kind="stable"))
        return read_expressions(image, found, self._classifier, self.spec)


def read_expressions(
    image: Image,
    found: Detections,
    classifier: Classifier,
    spec: ModelSpec,
    watch: Stopwatch | None = None,
) -> Faces:
    """Align what was found and read the expression of each: the same for photo, video and live.

    Args:
        image: ``(height, width, 3)`` RGB uint8.
        found: its faces.
        classifier: reads expressions off aligned faces.
        spec: what the classifier expects and what its columns mean.
        watch: is told the time of the stages ``align`` and ``classify``.
    """
    watch = watch or Stopwatch()
    with watch.stage("align"):
        crops = align(
            image, found, framing=spec.framing, size=spec.input_size, channels=spec.channels
        )
    with watch.stage("classify"):
        return Faces.of(found, classifier(crops), spec.labels)
