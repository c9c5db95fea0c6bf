"""The whole path for a still image: detect → align → classify."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from fer.alignment import align
from fer.detection.blazeface import BlazeFace, FaceDetector
from fer.detection.tiled import PhotoScan
from fer.labels import EXPRESSION_HEAD
from fer.model.class_activation import ClassActivation, class_activation
from fer.model.classifier import ExpressionClassifier
from fer.model.spec import ModelSpec
from fer.quality import measure
from fer.stopwatch import Stopwatch
from fer.types import Detections, Faces, Floats, Image, check_image


class Classifier(Protocol):
    """Names the expressions of aligned faces; an `ExpressionClassifier`, or a fake in tests."""

    def __call__(self, crops: NDArray[np.uint8], head: str = EXPRESSION_HEAD, /) -> Floats:
        """Return probabilities, ``(n, k)``, of ``(n, size, size, channels)`` crops."""

    def activation_maps(self, crops: NDArray[np.uint8], head: str = EXPRESSION_HEAD, /) -> Floats:
        """Return class activation maps, ``(n, rows, columns, k)``."""


class FaceAnalyzer:
    """Finds every face of an image and names its expression.

    Holds no state between calls, so all users share one.

    Args:
        detector: finds faces.
        classifier: names expressions.
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
            head: of the network, which answers.
            found: the faces, where they are known already: to ask another head about the same
                picture, they need not be looked for again, which takes most of the time.

        Raises:
            ModelError: the model has no such head.
        """
        check_image(image)
        if found is None:
            found = self._detector(image)
        found = found.take(np.argsort(found.xyxy[:, 0], kind="stable"))
        return read_expressions(image, found, self._classifier, self.spec, head=head)

    def has_class_activation(self, head: str) -> bool:
        """Tell whether the model was exported with the maps that `class_activation` needs."""
        return bool(self.spec.head(head).activation_map)

    def class_activation(
        self, image: Image, faces: Faces, index: int, *, head: str = EXPRESSION_HEAD
    ) -> ClassActivation:
        """Return where in one face each expression is found.

        Args:
            image: ``(height, width, 3)`` RGB uint8.
            faces: of that image.
            index: which of them.
            head: of the network.

        Raises:
            ModelError: the model has no such head, or was exported without its maps.
        """
        face, spec = faces.detections.take(np.array([index])), self.spec
        crops = _crops(image, face, spec)
        maps = self._classifier.activation_maps(crops, head)
        return class_activation(face, maps, spec.head(head).labels, spec.framing)


def read_expressions(
    image: Image,
    found: Detections,
    classifier: Classifier,
    spec: ModelSpec,
    watch: Stopwatch | None = None,
    *,
    head: str = EXPRESSION_HEAD,
) -> Faces:
    """Align what was found and name the expression of each: the same for photo, video and live.

    Args:
        image: ``(height, width, 3)`` RGB uint8.
        found: its faces.
        classifier: names the expressions of aligned faces.
        spec: what the classifier expects and what its columns mean.
        watch: is told the time of the stages ``align`` (with the look at each face's quality) and
            ``classify``.
        head: of the network, which answers.

    Raises:
        ModelError: the model has no such head.
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
            thresholds=answering.thresholds,
            head=head,
        )


def _crops(image: Image, found: Detections, spec: ModelSpec) -> NDArray[np.uint8]:
    return align(image, found, framing=spec.framing, size=spec.input_size, channels=spec.channels)
