"""The pool of networks that all live streams share. Does not use Streamlit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import LifoQueue
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from fer import Detections, FaceStream
from fer.analyzer import Classifier
from fer.detection.blazeface import BlazeFace, FaceDetector
from fer.detection.evidence import Evidence
from fer.detection.face_landmark import FaceLandmark
from fer.detection.version import stream_detector
from fer.labels import EXPRESSION_HEAD
from fer.model.classifier import ExpressionClassifier
from fer.stream import STREAM_SCORE
from fer.types import LANDMARKS, Floats, Image

Network = TypeVar("Network")

#: A face somewhere, for the first call of a network.
_ANY_FACE = Detections(
    np.array([[200, 200, 300, 300]], np.float32),
    np.ones(1, np.float32),
    np.zeros((1, LANDMARKS, 2), np.float32),
)


class NetworkPool(Generic[Network]):
    """Identical networks, of which a caller borrows a free one, or waits for one."""

    def __init__(self, networks: Sequence[Network]) -> None:
        # Last in, first out: the weights of the last used network are still in the CPU's cache.
        self._free: LifoQueue[Network] = LifoQueue()
        for network in networks:
            self._free.put(network)

    @contextmanager
    def borrow(self) -> Iterator[Network]:
        """Borrow a network for the duration of a ``with`` block."""
        network = self._free.get()
        try:
            yield network
        finally:
            self._free.put(network)


class SharedDetector:
    """A `FaceDetector` that uses whichever network is free."""

    def __init__(self, detectors: Sequence[FaceDetector]) -> None:
        self._pool = NetworkPool(detectors)

    def __call__(self, image: Image) -> Detections:
        """See `FaceDetector`."""
        with self._pool.borrow() as detector:
            return detector(image)


class SharedClassifier:
    """A `Classifier` that uses whichever network is free."""

    def __init__(self, classifiers: Sequence[Classifier]) -> None:
        self._pool = NetworkPool(classifiers)

    def __call__(self, crops: NDArray[np.uint8], head: str = EXPRESSION_HEAD, /) -> Floats:
        """See `Classifier`."""
        with self._pool.borrow() as classifier:
            return classifier(crops, head)

    def activation_maps(self, crops: NDArray[np.uint8], head: str = EXPRESSION_HEAD, /) -> Floats:
        """See `Classifier`."""
        with self._pool.borrow() as classifier:
            return classifier.activation_maps(crops, head)


class StreamPool:
    """Pairs of detector and classifier for all streams; each frame uses whichever are free.

    A pair takes about 25 MB. A fixed number of pairs bounds the memory for any number of streams;
    more pairs than cores, or than streams, would not be faster. The network that looks closely at
    new faces is needed so rarely that there is one for all.

    Args:
        directory: directory of the expression model.
        size: number of pairs.

    Raises:
        ModelError: the expression model or a network for faces is missing or broken.
    """

    def __init__(self, directory: Path, size: int) -> None:
        classifiers = [ExpressionClassifier(directory) for _ in range(size)]
        detectors = [BlazeFace(min_score=STREAM_SCORE, fitted=True) for _ in range(size)]
        self._spec = spec = classifiers[0].spec
        for detector, classifier in zip(detectors, classifiers, strict=True):
            # The first call of a network is slow; without this, a visitor would wait for it.
            detector(np.zeros((480, 640, 3), np.uint8))
            classifier(np.zeros((1, spec.input_size, spec.input_size, spec.channels), np.uint8))
        landmark = FaceLandmark()
        landmark(np.zeros((480, 640, 3), np.uint8), _ANY_FACE)
        self._face_check = Evidence(landmark)
        self._detector = SharedDetector(detectors)
        self._classifier = SharedClassifier(classifiers)

    def stream(self) -> FaceStream:
        """Return a new stream with its own tracks that uses the shared networks."""
        return FaceStream(
            self._detector,
            self._classifier,
            self._spec,
            self._face_check,
            detector_version=stream_detector(),
        )
