"""One person's camera or video: the photo path, plus memory of who is who and what they showed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from fer.analyzer import Classifier, read_expressions
from fer.detection.blazeface import BlazeFace, FaceDetector
from fer.model.classifier import ExpressionClassifier
from fer.model.spec import EXPRESSION_HEAD, ModelSpec
from fer.stopwatch import Stopwatch
from fer.tracking import Tracker, appearance
from fer.types import Faces, Floats, Image, check_image

#: Least score of a face in a stream: below what starts a track, so that tracks do not flicker.
STREAM_SCORE = 0.35

#: Seconds over which probabilities are averaged unless the user says otherwise.
DEFAULT_STEADINESS = 0.6

#: What a frame passes through, in order; the keys of `FaceStream.timings`.
STAGES = ("detect", "track", "align", "classify")


class FaceStream:
    """Analyses the frames of one stream, in order. One per user; not shared between threads.

    Args:
        detector: finds faces in one view.
        classifier: reads expressions.
        spec: what the classifier expects.
        steadiness: seconds over which each person's probabilities are averaged; 0 for none. It may
            be changed at any time, and means the same at any frame rate.
        head: which reading: the output of the network that answers. It may be changed at any time;
            who is who stays known, what was averaged before is forgotten.

    Attributes:
        timings: milliseconds of each of `STAGES` in the last call; ``track`` is who is who, and
            the smoothing. Replaced, never changed, so another thread may keep what it has read.
    """

    def __init__(
        self,
        detector: FaceDetector,
        classifier: Classifier,
        spec: ModelSpec,
        *,
        steadiness: float = DEFAULT_STEADINESS,
        head: str = EXPRESSION_HEAD,
    ) -> None:
        self._detector = detector
        self._classifier = classifier
        self.spec = spec
        self.steadiness = steadiness
        self.head = head
        self.timings = dict.fromkeys(STAGES, 0.0)
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
        self._shown_head = self.head

    def __call__(self, image: Image, seconds: float) -> Faces:
        """Return the faces of the next frame, with `track_id`, and all that they show smoothed.

        Args:
            image: ``(height, width, 3)`` RGB uint8.
            seconds: time of the frame; when it goes back, a new stream has begun.
        """
        check_image(image)
        head = self.head  # another thread may change it meanwhile
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
            if head != self._shown_head:
                self._shown, self._shown_head = {}, head
            faces = replace(faces, track_id=numbers[known], seconds=seconds)
            faces = self._smoothed(faces, seconds)
            faces = faces.take(np.argsort(faces.xyxy[:, 0], kind="stable"))
        self.timings = watch.milliseconds
        return faces

    def _smoothed(self, faces: Faces, seconds: float) -> Faces:
        """Average over time what each person shows, the recent past weighing most.

        Flaws are averaged with the probabilities and marked from one half: an answer must not
        flicker because the light is near its limit.
        """
        count = len(faces.labels)
        both = np.concatenate([faces.probabilities, faces.flaws.astype(np.float32)], axis=1)
        for i, number in enumerate(faces.track_id.tolist()):
            if number in self._shown and self.steadiness > 0:
                before, then = self._shown[number]
                # An exponential average in seconds, so that the frame rate does not matter.
                keep = np.float32(np.exp(-(seconds - then) / self.steadiness))
                both[i] = keep * before + (1 - keep) * both[i]
            self._shown[number] = (both[i], seconds)
        self._shown = {n: p for n, p in self._shown.items() if n in self._tracker.alive}
        return replace(faces, probabilities=both[:, :count], flaws=both[:, count:] >= 0.5)
