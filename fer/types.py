"""The two records shared by all layers: detections, and faces with their expressions."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fer.labels import EXPRESSION_HEAD

Image = NDArray[np.uint8]
Floats = NDArray[np.float32]

#: Least confidence of an answer for faces without and with an issue, of all labels or of each.
Thresholds = tuple[float | tuple[float, ...], float | tuple[float, ...]]

#: Points per face, in this order: right eye, left eye (the person's own), nose tip, mouth centre,
#: right ear, left ear.
LANDMARKS = 6

#: Quality issues of a face image, in this order; `fer.quality` measures them.
ISSUES = ("small", "blurred", "dark", "turned")

#: The answer if no expression is probable enough.
UNCERTAIN = "uncertain"

#: Total probability that the candidates of an uncertain answer should reach, as far as
#: `MAX_CANDIDATES` permits. The thresholds of the shipped model target the same share of correct
#: answers.
CANDIDATE_SHARE = 0.8

#: Most candidates of an uncertain answer; a longer list would say nothing.
MAX_CANDIDATES = 3


def check_image(image: Image) -> None:
    """Raise ValueError unless `image` is RGB uint8 ``(height, width, 3)`` and has pixels."""
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise ValueError(
            f"expected an RGB image (height, width, 3) of uint8, got {image.shape} of {image.dtype}"
        )


def _check_shapes(n: int, **arrays: tuple[NDArray, tuple[int, ...]]) -> None:
    for name, (array, tail) in arrays.items():
        if array.shape != (n, *tail):
            raise ValueError(f"{name}: expected shape {(n, *tail)}, got {array.shape}")


def margins(probabilities: Floats) -> Floats:
    """Return the differences between the two highest of ``(n, k)`` probabilities, ``(n,)``.

    With a single class, it is that class's probability.
    """
    if probabilities.shape[1] < 2:
        return probabilities.max(axis=1, initial=0)
    second, first = np.moveaxis(np.partition(probabilities, -2, axis=1)[:, -2:], 1, 0)
    return np.asarray(first - second)


def uncertain(
    probabilities: Floats, has_issues: NDArray[np.bool_], thresholds: Thresholds, margin: float
) -> NDArray[np.bool_]:
    """Return whether no answer is given, ``(n,)``, for probabilities ``(n, k)``; see `Faces`.

    That is if the confidence is below the threshold that applies to the face, or if the second most
    probable expression is almost as probable.
    """
    if not probabilities.size:  # a file that could not be read has no expressions either
        return np.zeros(len(probabilities), bool)
    limits = _limits(thresholds, probabilities.shape[1])
    threshold = limits[has_issues.astype(int), probabilities.argmax(axis=1)]
    too_low = probabilities.max(axis=1, initial=0) < threshold
    return too_low | (margins(probabilities) < np.float32(margin))


def _limits(thresholds: Thresholds, classes: int) -> Floats:
    """Return the least confidence of each class, ``(2, classes)``: without and with an issue.

    Thresholds are values of float32 confidences, so they are compared in that precision.
    """
    return np.stack([np.full(classes, limit, np.float32) for limit in thresholds])


@dataclass(frozen=True)
class Detections:
    """The ``n`` ≥ 0 faces detected in one image, not yet classified.

    Attributes:
        xyxy: ``(n, 4)`` float32, left, top, right, bottom in pixels; may extend past the image.
        landmarks: ``(n, 6, 2)`` float32, x and y in pixels; see `LANDMARKS`.
    """

    xyxy: Floats
    score: Floats
    landmarks: Floats

    def __post_init__(self) -> None:
        _check_shapes(
            len(self.score),
            xyxy=(self.xyxy, (4,)),
            score=(self.score, ()),
            landmarks=(self.landmarks, (LANDMARKS, 2)),
        )

    def __len__(self) -> int:
        return len(self.score)

    @classmethod
    def empty(cls) -> Detections:
        """Return detections of no faces."""
        return cls(
            np.zeros((0, 4), np.float32),
            np.zeros(0, np.float32),
            np.zeros((0, LANDMARKS, 2), np.float32),
        )

    @classmethod
    def concatenate(cls, parts: list[Detections]) -> Detections:
        """Return the faces of all parts, in order."""
        if not parts:
            return cls.empty()
        return cls(
            np.concatenate([p.xyxy for p in parts]),
            np.concatenate([p.score for p in parts]),
            np.concatenate([p.landmarks for p in parts]),
        )

    def take(self, index: NDArray) -> Detections:
        """Return the faces at `index` (a mask or positions)."""
        return Detections(self.xyxy[index], self.score[index], self.landmarks[index])

    def moved(self, *, scale: float = 1.0, offset: tuple[float, float] = (0.0, 0.0)) -> Detections:
        """Return the faces in other coordinates: ``position * scale + offset (x, y)``."""
        shift = np.array(offset, np.float32)
        return Detections(
            (self.xyxy.reshape(-1, 2, 2) * np.float32(scale) + shift).reshape(-1, 4),
            self.score,
            self.landmarks * np.float32(scale) + shift,
        )


@dataclass(frozen=True)
class Faces:
    """The ``n`` ≥ 0 faces of one image with their expressions, left to right.

    Attributes:
        xyxy: ``(n, 4)`` float32, left, top, right, bottom in pixels of the upright image.
        landmarks: ``(n, 6, 2)`` float32 in pixels; see `LANDMARKS`.
        probabilities: ``(n, k)`` float32, rows sum to 1; columns are `labels`.
        track_id: ``(n,)`` int64, number of each face's track; -1 without tracking.
        seconds: time of the frame since the start; ``None`` for a still photograph.
        issues: ``(n, 4)`` bool, quality issues of each face; columns are `ISSUES`.
        thresholds: confidence below which the answer is `UNCERTAIN`, for faces without and with a
            issue, of all labels or of each; with 0 it never is.
        margin: difference between the two highest probabilities below which it is `UNCERTAIN`.
    """

    xyxy: Floats
    score: Floats
    landmarks: Floats
    probabilities: Floats
    labels: tuple[str, ...]
    track_id: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    seconds: float | None = None
    issues: NDArray[np.bool_] = field(default_factory=lambda: np.zeros((0, len(ISSUES)), np.bool_))
    thresholds: Thresholds = (0.0, 0.0)
    margin: float = 0.0
    head: str = EXPRESSION_HEAD

    def __post_init__(self) -> None:
        n = len(self.score)
        if n and not len(self.track_id):
            object.__setattr__(self, "track_id", np.full(n, -1, np.int64))
        if n and not len(self.issues):
            object.__setattr__(self, "issues", np.zeros((n, len(ISSUES)), np.bool_))
        _check_shapes(
            n,
            xyxy=(self.xyxy, (4,)),
            score=(self.score, ()),
            landmarks=(self.landmarks, (LANDMARKS, 2)),
            probabilities=(self.probabilities, (len(self.labels),)),
            track_id=(self.track_id, ()),
            issues=(self.issues, (len(ISSUES),)),
        )

    def __len__(self) -> int:
        return len(self.score)

    @classmethod
    def of(
        cls, detections: Detections, probabilities: Floats, labels: tuple[str, ...], **about: Any
    ) -> Faces:
        """Combine detections with their probabilities, and with further attributes by name."""
        xyxy, score, landmarks = detections.xyxy, detections.score, detections.landmarks
        return cls(xyxy, score, landmarks, probabilities, labels, **about)

    @classmethod
    def empty(cls, labels: tuple[str, ...], head: str = EXPRESSION_HEAD) -> Faces:
        """Return a record without faces."""
        probabilities = np.zeros((0, len(labels)), np.float32)
        return cls.of(Detections.empty(), probabilities, labels, head=head)

    @property
    def expressions(self) -> list[str]:
        """The most probable expression of each face."""
        return [self.labels[i] for i in self.probabilities.argmax(axis=1)] if len(self) else []

    @property
    def confidence(self) -> Floats:
        """The probability of each face's most probable expression, ``(n,)``."""
        return self.probabilities.max(axis=1) if len(self) else np.zeros(0, np.float32)

    @property
    def uncertain(self) -> NDArray[np.bool_]:
        """Whether no answer is given for each face, ``(n,)``; see the function `uncertain`."""
        has_issues = np.asarray(self.issues.any(axis=1))
        return uncertain(self.probabilities, has_issues, self.thresholds, self.margin)

    @property
    def answers(self) -> list[str]:
        """The answer for each face: its most probable expression, or `UNCERTAIN`."""
        pairs = zip(self.expressions, self.uncertain.tolist(), strict=True)
        return [UNCERTAIN if uncertain else expression for expression, uncertain in pairs]

    @property
    def candidates(self) -> list[tuple[str, ...]]:
        """The possible expressions of each face, most probable first.

        It is one, or, if the answer is uncertain, two or three: as few as together reach
        `CANDIDATE_SHARE`.
        """
        return [
            self._likeliest(row, uncertain)
            for row, uncertain in zip(self.probabilities, self.uncertain.tolist(), strict=True)
        ]

    def _likeliest(self, row: Floats, uncertain: bool) -> tuple[str, ...]:
        order = (-row).argsort(kind="stable")
        share = int(np.searchsorted(row[order].cumsum(), CANDIDATE_SHARE)) + 1
        count = int(np.clip(share, 2, MAX_CANDIDATES)) if uncertain else 1
        return tuple(self.labels[i] for i in order[:count])

    @property
    def reasons(self) -> list[str]:
        """Why each answer is uncertain, in words; empty for faces with an answer."""
        quality = self.quality
        return [
            self._reason(face, quality[face]) if uncertain else ""
            for face, uncertain in enumerate(self.uncertain.tolist())
        ]

    def _reason(self, face: int, quality: tuple[str, ...]) -> str:
        """Return why an uncertain face gets no answer: low confidence, or a close second."""
        row = self.probabilities[face]
        best, *others = (-row).argsort(kind="stable").tolist()
        expression = self.labels[best]
        needed = float(_limits(self.thresholds, len(self.labels))[int(bool(quality)), best])
        if row[best] >= needed and others:
            second = others[0]
            return (
                f"{expression} ({row[best]:.1%}) and {self.labels[second]} ({row[second]:.1%}) "
                "are too close to each other"
            )
        needed = max(needed, self.margin if not others else 0.0)
        whose = f" for a face that is {' and '.join(quality)}" if quality else ""
        if needed >= 1:
            return f"this model is never sure enough of {expression}{whose}"
        return f"{expression} has {row[best]:.1%}; an answer{whose} needs at least {needed:.1%}"

    @property
    def quality(self) -> list[tuple[str, ...]]:
        """Names of each face's quality issues, in the order of `ISSUES`."""
        return [
            tuple(name for name, marked in zip(ISSUES, row, strict=True) if marked)
            for row in self.issues.tolist()
        ]

    @property
    def detections(self) -> Detections:
        """The faces' detections, without their expressions."""
        return Detections(self.xyxy, self.score, self.landmarks)

    def take(self, index: NDArray) -> Faces:
        """Return the faces at `index` (a mask or positions)."""
        return replace(
            self,
            xyxy=self.xyxy[index],
            score=self.score[index],
            landmarks=self.landmarks[index],
            probabilities=self.probabilities[index],
            track_id=self.track_id[index],
            issues=self.issues[index],
        )

    def scaled(self, scale: float) -> Faces:
        """Return the faces as they are in a picture of another size."""
        if scale == 1:
            return self
        moved = self.detections.moved(scale=scale)
        return replace(self, xyxy=moved.xyxy, landmarks=moved.landmarks)

    def mirrored(self, width: int) -> Faces:
        """Return the faces as they appear in the horizontally mirrored image, so many pixels wide.

        They are sorted left to right again. Landmarks keep their meaning: the first is still the
        person's own right eye. Use the result for display only; `fer.alignment` expects the image
        as the camera took it.
        """
        xyxy = self.xyxy.copy()
        xyxy[:, [0, 2]] = width - self.xyxy[:, [2, 0]]
        landmarks = self.landmarks.copy()
        landmarks[..., 0] = width - self.landmarks[..., 0]
        moved = replace(self, xyxy=xyxy, landmarks=landmarks)
        return moved.take(np.argsort(xyxy[:, 0], kind="stable"))
