"""When to answer and when to say "uncertain": thresholds, and what they cost."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fer.evaluation.measurements import RiskPoint, Selective, Truth
from fer.evaluation.metrics import calibration_bins, confusion_matrix
from training.evaluation.predictions import Predictions

#: Of the answers that are given, at least this share is to be right.
TARGET = 0.8

#: A threshold rests on no fewer answers than these; on a quarter of all, where there are few faces.
_LEAST_ANSWERS = 50

#: Folds for cross-fitting, and the seed that deals faces to them.
_FOLDS = 5
_SEED = 0

#: Points of a risk-coverage curve in the report.
_CURVE_POINTS = 41


def fit_threshold(
    confidence: NDArray[np.floating], right: NDArray[np.bool_], target: float = TARGET
) -> float:
    """Return the least confidence to answer at, so that the target is just met.

    Args:
        confidence: ``(n,)`` probability of each answer.
        right: ``(n,)`` whether it was right.
        target: share of the given answers that must be right.

    Returns:
        0 where all may be answered, 1 where the target is never met.
    """
    if not len(right) or right.mean() >= target:
        return 0.0
    order = np.argsort(-confidence, kind="stable")
    answered = np.arange(1, len(right) + 1)
    enough = answered >= min(_LEAST_ANSWERS, len(right) / 4)
    met = (np.cumsum(right[order]) / answered >= target) & enough
    # Faces of equal confidence are answered together.
    met[:-1] &= np.diff(confidence[order]) != 0
    if not met.any():
        return 1.0
    return float(confidence[order][np.flatnonzero(met)[-1]])


def risk_coverage(
    confidence: NDArray[np.floating], right: NDArray[np.bool_]
) -> tuple[RiskPoint, ...]:
    """Return how many are right among the surest 1/40, 2/40 … of all answers."""
    order = np.argsort(-confidence, kind="stable")
    share_right = np.cumsum(right[order]) / np.arange(1, len(right) + 1)
    counts = np.unique(np.linspace(0, len(right), _CURVE_POINTS).round().astype(int)[1:])
    return tuple(
        RiskPoint(
            coverage=count / len(right),
            threshold=float(confidence[order[count - 1]]),
            accuracy=float(share_right[count - 1]),
        )
        for count in counts.tolist()
        if count
    )


def selective(
    made: Predictions,
    threshold: float,
    *,
    head: str,
    labels: tuple[str, ...],
    split: str,
    truth: Truth,
    corruptions: tuple[str, ...] = (),
) -> Selective:
    """Measure what a threshold does to one set of answers.

    Args:
        made: the answers and their truth.
        threshold: the confidence below which the answer is "uncertain".
        head: of the network.
        labels: its classes.
        split: of the data set.
        truth: what counts as right.
        corruptions: what was done to the pictures, by name: first all faces with the first, then
            all with the next; none for the pictures as they are.
    """
    confidence, right = confidence_and_right(made)
    answered = confidence >= threshold
    answers = made.probabilities.argmax(axis=1)[answered]
    confusion = confusion_matrix(made.labels[answered], answers, len(labels))
    crossed = _cross_fitted(confidence, right, len(corruptions) or 1)
    return Selective(
        head=head,
        split=split,
        corruptions=corruptions,
        truth=truth,
        target=TARGET,
        threshold=threshold,
        coverage=float(answered.mean()),
        accuracy=_share(right[answered]),
        cross_fitted_coverage=float(crossed.mean()),
        cross_fitted_accuracy=_share(right[crossed]),
        curve=risk_coverage(confidence, right),
        labels=labels,
        confusion=tuple(tuple(row) for row in confusion.tolist()),
        calibration=calibration_bins(right, confidence),
    )


def confidence_and_right(made: Predictions) -> tuple[NDArray[np.floating], NDArray[np.bool_]]:
    """Return the confidence of each answer and whether it is right, both ``(n,)``."""
    return made.probabilities.max(axis=1), made.probabilities.argmax(axis=1) == made.labels


def pooled(parts: Sequence[Predictions]) -> Predictions:
    """Return all answers together."""
    return Predictions(
        np.concatenate([part.labels for part in parts]),
        np.concatenate([part.probabilities for part in parts]),
    )


def folds(count: int) -> NDArray[np.int64]:
    """Deal faces to parts of equal size, ``(count,)`` numbers from 0: the same for all figures."""
    dealt = np.arange(count) % _FOLDS
    return np.random.default_rng(_SEED).permutation(dealt)


def _cross_fitted(
    confidence: NDArray[np.floating], right: NDArray[np.bool_], versions: int
) -> NDArray[np.bool_]:
    """Tell which faces are answered if each fold's threshold comes from the other folds.

    A face is in one fold with all its `versions`.
    """
    part = np.tile(folds(len(right) // versions), versions)
    thresholds = [fit_threshold(confidence[part != i], right[part != i]) for i in range(_FOLDS)]
    return np.asarray(confidence >= np.array(thresholds)[part])


def _share(right: NDArray[np.bool_]) -> float:
    return float(right.mean()) if len(right) else 0.0
