"""Let the live path watch a scene, and score the numbers that it gives."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.tracking.film import film
from benchmarks.tracking.people import Person
from benchmarks.tracking.scenes import Scene
from benchmarks.tracking.score import SAME_FACE_IOU, Score, Seen, score
from fer.detection.blazeface import BlazeFace
from fer.detection.evidence import Evidence
from fer.detection.face_landmark import FaceLandmark
from fer.geometry import iou_matrix
from fer.labels import EXPRESSION_HEAD
from fer.model.spec import ModelSpec
from fer.stream import STREAM_SCORE, FaceStream
from fer.types import Detections, Floats, Image

MODEL = Path(__file__).parent.parent.parent / "models" / "compact"


class MissingSome:
    """A detector that loses some faces at random, and remembers which it gave.

    Args:
        missed: share of the detections that are lost.
    """

    def __init__(self, missed: float) -> None:
        self._detector = BlazeFace(min_score=STREAM_SCORE, fitted=True)
        self._missed = missed
        self._rng = np.random.default_rng(1)
        self.found = Detections.empty()

    def __call__(self, image: Image) -> Detections:
        """Return the faces in an image."""
        found = self._detector(image)
        self.found = found.take(self._rng.random(len(found)) >= self._missed)
        return self.found


class NoAnswer:
    """A classifier for which all expressions are equally likely; expressions are not scored."""

    def __init__(self, labels: int) -> None:
        self._labels = labels

    def __call__(self, crops: NDArray[np.uint8], head: str = EXPRESSION_HEAD, /) -> Floats:
        """Return the same probabilities for all crops."""
        return np.full((len(crops), self._labels), 1 / self._labels, np.float32)

    def activation_maps(self, crops: NDArray[np.uint8], head: str = EXPRESSION_HEAD, /) -> Floats:
        """Return maps without anything in them; nobody asks for them."""
        return np.zeros((len(crops), 1, 1, self._labels), np.float32)


def watched(scene: Scene, cast: Sequence[Person], rate: float) -> Score:
    """Score the numbers that `FaceStream` gives in a scene.

    The truth holds the faces that the detector found: what is scored is who is who.

    Args:
        scene: the script.
        cast: a person for each path.
        rate: analyses a second.
    """
    spec = ModelSpec.load(MODEL)
    detector = MissingSome(scene.missed)
    stream = FaceStream(detector, NoAnswer(len(spec.labels)), spec, Evidence(FaceLandmark()))
    frames = []
    for frame in film(scene, cast, rate):
        faces = stream(frame.image, frame.seconds).faces
        overlap = iou_matrix(frame.xyxy, detector.found.xyxy)
        found = (overlap >= SAME_FACE_IOU).any(axis=1)
        frames.append(
            Seen(
                frame.seconds,
                frame.persons[found],
                frame.xyxy[found],
                faces.track_id,
                faces.xyxy,
            )
        )
    return score(scene, frames)
