"""One person's camera or video: the photo path, plus memory of who is who and what they showed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from fer.analyzer import Classifier, read_expressions
from fer.detection.blazeface import BlazeFace, FaceDetector
from fer.labels import EXPRESSION_HEAD
from fer.model.classifier import ExpressionClassifier
from fer.model.spec import ModelSpec
from fer.stopwatch import Stopwatch
from fer.tracking import Tracker, appearance
from fer.types import Faces, Floats, Image, check_image

#: Least score of a face in a stream: below what starts a track, so that tracks do not flicker.
STREAM_SCORE = 0.35

#: Seconds over which probabilities are averaged unless the user says otherwise.
DEFAULT_SMOOTHING_SECONDS = 0.6

#: What a frame passes through, in order; the keys of `FrameResult.milliseconds`. ``track`` is who
#: is who, and the smoothing.
STAGES = ("detect", "track", "align", "classify")


@dataclass(frozen=True)
class FrameResult:
    """What became of one frame.

    Attributes:
        faces: with `track_id`, and all that they show smoothed.
        milliseconds: that each of `STAGES` took.
    """

    faces: Faces
    milliseconds: dict[str, float]


class FaceStream:
    """Analyses the frames of one stream, in order. One per user; not shared between threads.

    Args:
        detector: finds faces in one view.
        classifier: names expressions.
        spec: what the classifier expects.
    """

    def __init__(self, detector: FaceDetector, classifier: Classifier, spec: ModelSpec) -> None:
        self._detector = detector
        self._classifier = classifier
        self.spec = spec
        self.reset()

    @classmethod
    def load(cls, model_dir: Path, *, threads: int = 1) -> FaceStream:
        """Load a model for streams.

        Raises:
            ModelError: the model, or the detector's, is missing or broken.
        """
        classifier = ExpressionClassifier(model_dir, threads=threads)
        detector = BlazeFace(min_score=STREAM_SCORE, threads=threads, fitted=True)
        return cls(detector, classifier, classifier.spec)

    def reset(self) -> None:
        """Forget everybody."""
        self._tracker = Tracker()
        self._seconds = -np.inf
        self._shown: dict[int, tuple[Floats, float]] = {}
        self._shown_head = ""

    def __call__(
        self,
        image: Image,
        seconds: float,
        *,
        head: str = EXPRESSION_HEAD,
        smoothing_seconds: float = DEFAULT_SMOOTHING_SECONDS,
    ) -> FrameResult:
        """Return the faces of the next frame.

        Args:
            image: ``(height, width, 3)`` RGB uint8.
            seconds: time of the frame; when it goes back, a new stream has begun.
            head: of the network, which answers. When it changes, who is who stays known, and what
                was averaged before is forgotten.
            smoothing_seconds: over which each person's probabilities are averaged; 0 for none. It
                means the same at any frame rate.

        Raises:
            ModelError: the model has no such head.
        """
        check_image(image)
        if seconds < self._seconds:
            self.reset()
        self._seconds = seconds
        watch = Stopwatch()
        with watch.stage("detect"):
            found = self._detector(image)
        with watch.stage("track"):
            numbers = self._tracker(found, appearance(image, found.xyxy), seconds)
        known = numbers >= 0
        faces = read_expressions(
            image, found.take(known), self._classifier, self.spec, watch, head=head
        )
        with watch.stage("track"):
            faces = replace(faces, track_id=numbers[known], seconds=seconds)
            faces = self._smoothed(faces, seconds, smoothing_seconds)
            faces = faces.take(np.argsort(faces.xyxy[:, 0], kind="stable"))
        return FrameResult(faces, dict.fromkeys(STAGES, 0.0) | watch.milliseconds)

    def _smoothed(self, faces: Faces, seconds: float, smoothing_seconds: float) -> Faces:
        """Average over time what each person shows, the recent past weighing most.

        Flaws are averaged with the probabilities and marked from one half: an answer must not
        flicker because the light is near its limit.
        """
        if faces.head != self._shown_head:
            self._shown, self._shown_head = {}, faces.head
        count = len(faces.labels)
        both = np.concatenate([faces.probabilities, faces.flaws.astype(np.float32)], axis=1)
        for i, number in enumerate(faces.track_id.tolist()):
            if number in self._shown and smoothing_seconds > 0:
                before, then = self._shown[number]
                # An exponential average in seconds, so that the frame rate does not matter.
                keep = np.float32(np.exp(-(seconds - then) / smoothing_seconds))
                both[i] = keep * before + (1 - keep) * both[i]
            self._shown[number] = (both[i], seconds)
        self._shown = {n: p for n, p in self._shown.items() if n in self._tracker.alive}
        return replace(faces, probabilities=both[:, :count], flaws=both[:, count:] >= 0.5)
