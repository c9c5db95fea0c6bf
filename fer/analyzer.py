"""The whole path for a still image: detect → align → classify."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from fer.alignment import align
from fer.detection.blazeface import BlazeFace, FaceDetector
from fer.detection.tiled import PhotoScan
from fer.model.class_activation import Explanation, explanation
from fer.model.classifier import ExpressionClassifier
from fer.model.spec import EXPRESSION_HEAD, ModelSpec
from fer.quality import measure
from fer.stopwatch import Stopwatch
from fer.types import Detections, Faces, Floats, Image, check_image


class Classifier(Protocol):
    """Reads expressions off aligned faces; an `ExpressionClassifier`, or a fake in tests."""

    def __call__(self, crops: NDArray[np.uint8], head: str = EXPRESSION_HEAD, /) -> Floats:
        """Return probabilities, ``(n, k)``, of ``(n, size, size, channels)`` crops."""

    def evidence(self, crops: NDArray[np.uint8], head: str = EXPRESSION_HEAD, /) -> Floats:
        """Return class activation maps, ``(n, rows, columns, k)``."""


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

    def __call__(
        self, image: Image, *, head: str = EXPRESSION_HEAD, found: Detections | None = None
    ) -> Faces:
        """Return the faces of `image`, left to right.

        Args:
            image: ``(height, width, 3)`` RGB uint8.
            head: which reading: the output of the network that answers.
            found: the faces, where they are known already: another reading of the same picture
                need not look for them again, which takes most of the time.

        Raises:
            ModelError: the model has no such output.
        """
        check_image(image)
        if found is None:
            found = self._detector(image)
        found = found.take(np.argsort(found.xyxy[:, 0], kind="stable"))
        return read_expressions(image, found, self._classifier, self.spec, head=head)

    def explains(self, head: str) -> bool:
        """Tell whether `explain` is possible: whether the model was exported with its maps."""
        return bool(self.spec.head(head).evidence)

    def explain(
        self, image: Image, faces: Faces, index: int, *, head: str = EXPRESSION_HEAD
    ) -> Explanation:
        """Return where in one face each expression is found.

        Args:
            image: ``(height, width, 3)`` RGB uint8.
            faces: of that image.
            index: which of them.
            head: which reading.

        Raises:
            ModelError: the model has no such output, or was exported without its maps.
        """
        face, spec = faces.detections.take(np.array([index])), self.spec
        crops = _crops(image, face, spec)
        maps = self._classifier.evidence(crops, head)
        return explanation(face, maps, spec.head(head).labels, spec.framing)


def read_expressions(
    image: Image,
    found: Detections,
    classifier: Classifier,
    spec: ModelSpec,
    watch: Stopwatch | None = None,
    *,
    head: str = EXPRESSION_HEAD,
) -> Faces:
    """Align what was found and read the expression of each: the same for photo, video and live.

    Args:
        image: ``(height, width, 3)`` RGB uint8.
        found: its faces.
        classifier: reads expressions off aligned faces.
        spec: what the classifier expects and what its columns mean.
        watch: is told the time of the stages ``align`` (with the look at each face's quality) and
            ``classify``.
        head: the output of the network that answers.

    Raises:
        ModelError: the model has no such output.
    """
    watch = watch or Stopwatch()
    answering = spec.head(head)
    with watch.stage("align"):
        crops = _crops(image, found, spec)
        flaws = measure(found, crops).flaws
    with watch.stage("classify"):
        return Faces.of(
            found,
            classifier(crops, head),
            answering.labels,
            flaws=flaws,
            thresholds=(answering.threshold, answering.flawed_threshold),
        )


def _crops(image: Image, found: Detections, spec: ModelSpec) -> NDArray[np.uint8]:
    return align(image, found, framing=spec.framing, size=spec.input_size, channels=spec.channels)
