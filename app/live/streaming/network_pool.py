"""The networks that all live streams share. No streamlit in here."""

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
from fer.labels import EXPRESSION_HEAD
from fer.model.classifier import ExpressionClassifier
from fer.stream import STREAM_SCORE
from fer.types import Floats, Image

Network = TypeVar("Network")


class Shared(Generic[Network]):
    """Equal networks, of which whoever asks gets one that is free; without one, they wait."""

    def __init__(self, networks: Sequence[Network]) -> None:
        # The last one back is the first one out: its weights are still in the processor's cache.
        self._free: LifoQueue[Network] = LifoQueue()
        for network in networks:
            self._free.put(network)

    @contextmanager
    def one(self) -> Iterator[Network]:
        """Hold one of them."""
        network = self._free.get()
        try:
            yield network
        finally:
            self._free.put(network)


class SharedDetector:
    """A `FaceDetector` on whichever network is free."""

    def __init__(self, detectors: Sequence[FaceDetector]) -> None:
        self._shared = Shared(detectors)

    def __call__(self, image: Image) -> Detections:
        """See `FaceDetector`."""
        with self._shared.one() as detector:
            return detector(image)


class SharedClassifier:
    """A `Classifier` on whichever network is free."""

    def __init__(self, classifiers: Sequence[Classifier]) -> None:
        self._shared = Shared(classifiers)

    def __call__(self, crops: NDArray[np.uint8], head: str = EXPRESSION_HEAD, /) -> Floats:
        """See `Classifier`."""
        with self._shared.one() as classifier:
            return classifier(crops, head)

    def activation_maps(self, crops: NDArray[np.uint8], head: str = EXPRESSION_HEAD, /) -> Floats:
        """See `Classifier`."""
        with self._shared.one() as classifier:
            return classifier.activation_maps(crops, head)


class StreamPool:
    """Networks for streams; every frame takes those that are free.

    A pair takes some 25 MB, so memory stays bounded however many streams there are, and more pairs
    than cores, or than streams, would not be faster.

    Args:
        directory: of the model.
        size: pairs of networks.

    Raises:
        ModelError: a model is missing or broken.
    """

    def __init__(self, directory: Path, size: int) -> None:
        classifiers = [ExpressionClassifier(directory) for _ in range(size)]
        detectors = [BlazeFace(min_score=STREAM_SCORE, fitted=True) for _ in range(size)]
        self._spec = spec = classifiers[0].spec
        for detector, classifier in zip(detectors, classifiers, strict=True):
            # The first call of a network is slow, and a visitor would wait for it.
            detector(np.zeros((480, 640, 3), np.uint8))
            classifier(np.zeros((1, spec.input_size, spec.input_size, spec.channels), np.uint8))
        self._detector = SharedDetector(detectors)
        self._classifier = SharedClassifier(classifiers)

    def stream(self) -> FaceStream:
        """Return a stream of its own tracks, on the networks that all share."""
        return FaceStream(self._detector, self._classifier, self._spec)
