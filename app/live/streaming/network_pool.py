"""The pool of networks that all live streams share. Does not use Streamlit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import LifoQueue
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from app.live.streaming.session import LiveModel
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
    """The networks that find faces, for all streams; each frame uses whichever is free.

    A detector takes about 25 MB. A fixed number of them bounds the memory for any number of
    streams; more than cores, or than streams, would not be faster. The network that looks closely
    at new faces is needed so rarely that there is one for all.

    Args:
        size: number of detectors.

    Raises:
        ModelError: a network for faces is missing or broken.
    """

    def __init__(self, size: int) -> None:
        detectors = [BlazeFace(min_score=STREAM_SCORE, fitted=True) for _ in range(size)]
        for detector in detectors:
            # The first call of a network is slow; without this, a visitor would wait for it.
            detector(np.zeros((480, 640, 3), np.uint8))
        landmark = FaceLandmark()
        landmark(np.zeros((480, 640, 3), np.uint8), _ANY_FACE)
        self._face_check = Evidence(landmark)
        self._detector = SharedDetector(detectors)

    def stream(self, model: LiveModel) -> FaceStream:
        """Return a new stream with its own tracks that uses the shared networks.

        Args:
            model: answers, until the stream is given another.
        """
        return FaceStream(
            self._detector,
            model.classifier,
            model.spec,
            self._face_check,
            detector_version=stream_detector(),
        )


def load_model(directory: Path, size: int, key: str = "") -> LiveModel:
    """Load an expression model for all streams; each frame uses whichever network is free.

    Args:
        directory: directory of the model.
        size: number of networks, of about 18 MB each for the shipped model.
        key: tells the model from others.

    Raises:
        ModelError: the model is missing or broken.
    """
    classifiers = [ExpressionClassifier(directory) for _ in range(size)]
    spec = classifiers[0].spec
    for classifier in classifiers:
        classifier(np.zeros((1, spec.input_size, spec.input_size, spec.channels), np.uint8))
    return LiveModel(SharedClassifier(classifiers), spec, key)
