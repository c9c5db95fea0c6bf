"""The complete pipeline for a still image: detect → align → classify."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from fer.alignment import align
from fer.detection.blazeface import FaceDetector, photo_detector
from fer.detection.photo_scan import PhotoScan
from fer.images import as_channels, square
from fer.labels import EXPRESSION_HEAD
from fer.model.classifier import ClassActivation, ExpressionClassifier, class_activation
from fer.model.spec import Head, ModelSpec
from fer.quality import measure
from fer.types import ISSUES, LANDMARKS, Detections, Faces, Floats, Image, check_image


class Stopwatch:
    """Adds up the milliseconds of named stages."""

    def __init__(self) -> None:
        self.milliseconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the duration of the ``with`` block to the stage `name`."""
        started = time.perf_counter()
        try:
            yield
        finally:
            elapsed = (time.perf_counter() - started) * 1e3
            self.milliseconds[name] = self.milliseconds.get(name, 0.0) + elapsed


class Classifier(Protocol):
    """Classifies aligned faces: an `ExpressionClassifier`, or a fake in tests."""

    def __call__(self, crops: NDArray[np.uint8], head: str = EXPRESSION_HEAD, /) -> Floats:
        """Return probabilities, ``(n, k)``, for ``(n, size, size, channels)`` crops."""

    def activation_maps(self, crops: NDArray[np.uint8], head: str = EXPRESSION_HEAD, /) -> Floats:
        """Return class activation maps, ``(n, rows, columns, k)``."""


class PhotoClassifier(Classifier, Protocol):
    """What a `FaceAnalyzer` classifies with."""

    def all_heads(self, crops: NDArray[np.uint8], /) -> dict[str, Floats]:
        """Return the probabilities of every head, ``{head: (n, k)}``."""


class FaceAnalyzer:
    """Detects every face in an image and classifies its expression.

    It keeps no state between calls, so all users can share one instance. For `detector_version`,
    see `fer.detection.blazeface`.
    """

    def __init__(
        self,
        detector: FaceDetector,
        classifier: PhotoClassifier,
        spec: ModelSpec,
        *,
        detector_version: str = "",
    ) -> None:
        self._detector = detector
        self._classifier = classifier
        self.spec = spec
        self.detector_version = detector_version

    @classmethod
    def for_photos(cls, model_dir: Path, *, threads: int = 1) -> FaceAnalyzer:
        """Load a model directory for photographs with small faces, or raise a ModelError."""
        classifier = ExpressionClassifier(model_dir, threads=threads)
        scan = PhotoScan.load(threads=threads)
        return cls(scan, classifier, classifier.spec, detector_version=photo_detector())

    def __call__(
        self, image: Image, *, head: str | None = None, detections: Detections | None = None
    ) -> Faces:
        """Return the faces of `image`, ``(height, width, 3)`` RGB uint8, left to right.

        The usual head answers if none is named; ModelError if there is none such. Known detections
        are not looked for again, which takes most of the time.
        """
        check_image(image)
        detections = self._left_to_right(image, detections)
        return classify_faces(image, detections, self._classifier, self.spec, head=head)

    def all_heads(self, image: Image, detections: Detections | None = None) -> dict[str, Faces]:
        """Return the faces of `image`, left to right, as every head answers, from one pass."""
        check_image(image)
        detections = self._left_to_right(image, detections)
        crops = _crops(image, detections, self.spec)
        return self._answers(detections, measure(detections, crops).issues, crops)

    def cut_out(self, image: Image) -> dict[str, Faces]:
        """Return what every head says of a picture that is a face: all of it, without landmarks."""
        check_image(image)
        crop = as_channels(square(image, self.spec.input_size), self.spec.channels)
        height, width = image.shape[:2]
        face = Detections(
            np.array([[0, 0, width, height]], np.float32),
            np.ones(1, np.float32),
            np.zeros((1, LANDMARKS, 2), np.float32),
        )
        return self._answers(face, np.zeros((1, len(ISSUES)), np.bool_), crop[None])

    def _answers(
        self, detections: Detections, issues: NDArray[np.bool_], crops: NDArray[np.uint8]
    ) -> dict[str, Faces]:
        answers = self._classifier.all_heads(crops)
        return {
            head.name: answered(detections, issues, head, answers[head.name])
            for head in self.spec.heads
        }

    def _left_to_right(self, image: Image, detections: Detections | None) -> Detections:
        if detections is None:
            detections = self._detector(image)
        return detections.take(np.argsort(detections.xyxy[:, 0], kind="stable"))

    def class_activation(
        self, image: Image, faces: Faces, index: int, *, head: str | None = None
    ) -> ClassActivation:
        """Return a face's maps for a head, or the usual one; ModelError if it has none."""
        face, spec = faces.detections.take(np.array([index])), self.spec
        crops = _crops(image, face, spec)
        of = spec.head(head)
        maps = self._classifier.activation_maps(crops, of.name)
        return class_activation(face, maps, of.labels, spec.framing)


def classify_faces(
    image: Image,
    detections: Detections,
    classifier: Classifier,
    spec: ModelSpec,
    stopwatch: Stopwatch | None = None,
    *,
    head: str | None = None,
) -> Faces:
    """Align and classify the faces detected in an image; ModelError without such a head."""
    stopwatch = stopwatch or Stopwatch()
    head_spec = spec.head(head)
    with stopwatch.stage("align"):
        crops = _crops(image, detections, spec)
        issues = measure(detections, crops).issues
    with stopwatch.stage("classify"):
        return answered(detections, issues, head_spec, classifier(crops, head_spec.name))


def answered(
    detections: Detections, issues: NDArray[np.bool_], head: Head, probabilities: Floats
) -> Faces:
    """Return detections with a head's ``(n, k)`` probabilities and their ``(n, 4)`` issues."""
    return Faces.of(
        detections,
        probabilities,
        head.labels,
        issues=issues,
        thresholds=head.thresholds,
        margin=head.margin,
        head=head.name,
    )


def _crops(image: Image, detections: Detections, spec: ModelSpec) -> NDArray[np.uint8]:
    return align(
        image, detections, framing=spec.framing, size=spec.input_size, channels=spec.channels
    )
