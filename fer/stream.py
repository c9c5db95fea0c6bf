"""Analyse a camera or video stream: the photo pipeline plus tracking and temporal smoothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fer.analyzer import Classifier, Stopwatch, answered, classify_faces
from fer.detection.blazeface import BlazeFace, FaceDetector, photo_detector, stream_detector
from fer.detection.evidence import Evidence, FaceLandmark
from fer.detection.photo_scan import PhotoScan
from fer.model.classifier import ExpressionClassifier, calibrated, head_logits
from fer.model.spec import ModelSpec
from fer.tracking.observation import Appearance, Light, Observation
from fer.tracking.track import COAST_SECONDS
from fer.tracking.tracker import NEW_TRACK_SCORE, CloseLook, Tracker
from fer.types import Detections, Faces, Floats, Image, check_image

#: Least detection score in a stream. It is lower than the score that starts a track, so that tracks
#: do not flicker.
STREAM_SCORE = 0.35

#: Default smoothing window, in seconds.
DEFAULT_SMOOTHING_SECONDS = 0.6

#: Gives the evidence ``(n,)`` that each detection is a face; an `Evidence`.
FaceCheck = Callable[[Image, Detections], Floats]

#: Stages of a frame in order; the keys of `FrameResult.milliseconds`. ``track`` includes the close
#: looks at new faces and the temporal smoothing.
STAGES = ("detect", "track", "align", "classify")


@dataclass(frozen=True)
class FrameResult:
    """The result of one frame.

    Attributes:
        milliseconds: duration of each of `STAGES`; empty if the frame was looked at elsewhere.
        velocity: ``(n, 2)`` float32, velocity of each face in pixels per second.
        numbers: ``(m,)`` int64, the track number of each detection, in the order of the detector;
            -1 for those without one, which are not in `faces`.
        wanted: the detections, by their index, at which somebody should look closely soon.
    """

    faces: Faces
    milliseconds: dict[str, float]
    velocity: Floats
    numbers: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    wanted: tuple[int, ...] = ()

    def moved_to(self, seconds: float) -> Faces:
        """Return the faces where they should be at a later time, on the clock of `faces.seconds`.

        Boxes and landmarks move on at constant velocity, for at most `COAST_SECONDS`: people stop
        and turn. Everything else stays as it was analysed, the order of the faces and their
        `seconds` too, so that what was extrapolated is never taken for an analysis.
        """
        if self.faces.seconds is None or not seconds > self.faces.seconds:
            return self.faces
        ahead = np.float32(min(seconds - self.faces.seconds, COAST_SECONDS))
        shift = (ahead * self.velocity).astype(np.float32)
        return replace(
            self.faces,
            xyxy=self.faces.xyxy + np.tile(shift, 2),
            landmarks=self.faces.landmarks + shift[:, None],
        )


class FaceStream:
    """Analyses the frames of one stream in order. Not thread-safe: each user needs an instance.

    A `face_check` looks closely at a face before it gets a number, and once in a while after that;
    without one, everything that is detected is a face. `is_fine` says that the detector finds small
    faces, if the frames are not reduced.
    """

    def __init__(
        self,
        detector: FaceDetector,
        classifier: Classifier,
        spec: ModelSpec,
        face_check: FaceCheck | None = None,
        *,
        detector_version: str = "",
        is_fine: bool = False,
    ) -> None:
        self._detector = detector
        self._classifier = classifier
        self._face_check = face_check
        self.spec = spec
        self.detector_version = detector_version
        self.is_fine = is_fine
        self.reset()

    @classmethod
    def load(cls, model_dir: Path, *, threads: int = 1, fine: bool = False) -> FaceStream:
        """Load a model directory for streams, or raise a ModelError.

        If `fine`, every frame is searched as a photograph, also for small faces, in about twenty
        times the time.
        """
        classifier = ExpressionClassifier(model_dir, threads=threads)
        if fine:
            scan, version = PhotoScan.load(threads=threads), photo_detector()
            return cls(scan, classifier, classifier.spec, detector_version=version, is_fine=True)
        detector = BlazeFace(min_score=STREAM_SCORE, threads=threads, fitted=True)
        face_check = Evidence(FaceLandmark(threads=threads))
        version = stream_detector()
        return cls(detector, classifier, classifier.spec, face_check, detector_version=version)

    def reset(self) -> None:
        """Forget everybody; the next person is number 1.

        A stream that was only stopped should go on without a reset, its clock running: people who
        are remembered keep their numbers.
        """
        # What a search as in a photograph finds has been looked at closely.
        self._people = Tracker(0.0 if self.is_fine else NEW_TRACK_SCORE)
        self._light = Light()
        self._seconds = -np.inf

    def answer_with(self, classifier: Classifier, spec: ModelSpec) -> None:
        """Use another network from the next frame on; tracks continue and averages start again."""
        self._classifier, self.spec = classifier, spec
        self._people.begin_averages()

    def cut(self) -> None:
        """Begin another scene with the next frame: recognise people by their looks only.

        Averages start again.
        """
        self._people.cut()
        self._light = Light()

    def __call__(
        self,
        image: Image,
        seconds: float,
        *,
        head: str | None = None,
        smoothing_seconds: float = DEFAULT_SMOOTHING_SECONDS,
    ) -> FrameResult:
        """Return the faces of the next frame, ``(height, width, 3)`` RGB uint8.

        If its time is earlier than that of the previous frame, a new stream starts. The usual head
        answers if none is named (ModelError if there is none such); if it changes, tracks continue
        and averages start again. Each track's probabilities are smoothed over a window in seconds,
        whatever the frame rate; 0 turns that off.
        """
        check_image(image)
        self._begin(seconds)
        stopwatch = Stopwatch()
        with stopwatch.stage("detect"):
            detections = self._detector(image)
        with stopwatch.stage("track"):
            looks = Appearance.of(image, detections.xyxy, self._light(image))
            close_look = self._close_look(image, detections)
            numbers = self._people(detections, looks, seconds, close_look)
        known = numbers >= 0
        faces = classify_faces(
            image, detections.take(known), self._classifier, self.spec, stopwatch, head=head
        )
        with stopwatch.stage("track"):
            faces = replace(faces, track_id=numbers[known], seconds=seconds)
            faces, velocity = self._people.smoothed(faces, smoothing_seconds)
        milliseconds = dict.fromkeys(STAGES, 0.0) | stopwatch.milliseconds
        return FrameResult(faces, milliseconds, velocity, numbers)

    def follow(
        self,
        seen: Observation,
        seconds: float,
        *,
        head: str | None = None,
        smoothing_seconds: float = DEFAULT_SMOOTHING_SECONDS,
    ) -> FrameResult:
        """Return the faces of the next frame, which was looked at elsewhere; see `__call__`.

        People, numbers and averages are the same: a stream can go on with either. ModelError if
        another network has answered.
        """
        of = self.spec.head(head)
        probabilities = calibrated(of, head_logits(self.spec, of, seen.logits))
        self._begin(seconds)
        wanted: list[int] = []

        def close_look(face: int) -> float | None:
            evidence = float(seen.evidence[face])
            if np.isnan(evidence):
                wanted.append(face)
                return None
            return evidence

        numbers = self._people(
            seen.detections, seen.looks, seconds, close_look if self._face_check else None
        )
        faces = answered(seen.detections, seen.issues, of, probabilities).take(numbers >= 0)
        faces = replace(faces, track_id=numbers[numbers >= 0], seconds=seconds)
        faces, velocity = self._people.smoothed(faces, smoothing_seconds)
        return FrameResult(faces, {}, velocity, numbers, tuple(wanted))

    def _begin(self, seconds: float) -> None:
        if seconds < self._seconds:
            self.reset()
        self._seconds = seconds

    def _close_look(self, image: Image, detections: Detections) -> CloseLook | None:
        check = self._face_check
        if check is None:
            return None
        return lambda face: float(check(image, detections.take(np.array([face])))[0])
