"""The networks that all live streams share. Does not use Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from app.live.streaming.session import LiveModel
from fer.detection.blazeface import BlazeFace, stream_detector
from fer.detection.evidence import Evidence, FaceLandmark
from fer.model.classifier import ExpressionClassifier, NetworkPool
from fer.stream import STREAM_SCORE, FaceStream
from fer.types import LANDMARKS, Detections

#: A face somewhere, for the first call of a network.
_ANY_FACE = Detections(
    np.array([[200, 200, 300, 300]], np.float32),
    np.ones(1, np.float32),
    np.zeros((1, LANDMARKS, 2), np.float32),
)


class SharedNetwork:
    """A `FaceDetector` or a `Classifier` that uses whichever of its copies is free."""

    def __init__(self, copies: Sequence[Any]) -> None:
        self._pool = NetworkPool(copies)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """See `FaceDetector` and `Classifier`."""
        with self._pool.borrow() as network:
            return network(*arguments, **named)

    def activation_maps(self, *arguments: Any, **named: Any) -> Any:
        """See `Classifier`."""
        with self._pool.borrow() as network:
            return network.activation_maps(*arguments, **named)


class StreamPool:
    """The networks that find faces, for all streams; each frame uses whichever is free.

    A detector takes about 12 MB. A fixed number of them bounds the memory for any number of
    streams; more than cores, or than streams, would not be faster. The network that looks closely
    at new faces is needed so rarely that there is one for all.

    Args:
        size: number of detectors.
        landmark: that network; it may serve others too.

    Raises:
        ModelError: a network for faces is missing or broken.
    """

    def __init__(self, size: int, landmark: FaceLandmark) -> None:
        detectors = [BlazeFace(min_score=STREAM_SCORE, fitted=True) for _ in range(size)]
        frame = np.zeros((480, 640, 3), np.uint8)
        # The first call of a network is slow; without this, a visitor would wait for it.
        for detector in detectors:
            detector(frame)
        landmark(frame, _ANY_FACE)
        self._detector, self._face_check = SharedNetwork(detectors), Evidence(landmark)

    def stream(self, model: LiveModel) -> FaceStream:
        """Return a new stream with its own tracks that uses the shared networks.

        Args:
            model: answers, until the stream is given another.
        """
        networks = self._detector, model.classifier, model.spec, self._face_check
        return FaceStream(*networks, detector_version=stream_detector())


def shared_model(first: ExpressionClassifier, size: int, key: str = "") -> LiveModel:
    """Return an expression model for all streams; each frame uses whichever network is free.

    Args:
        first: one of its networks, which may serve others too.
        size: number of networks, of about 12 MB each for the shipped model.
        key: tells the model from others.
    """
    classifiers = [first, *(first.twin() for _ in range(size - 1))]
    spec = first.spec
    for classifier in classifiers:
        classifier(np.zeros((1, spec.input_size, spec.input_size, spec.channels), np.uint8))
    return LiveModel(SharedNetwork(classifiers), spec, key)
