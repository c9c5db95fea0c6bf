"""What labels and probabilities say about a classifier, as one checked record."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from fer.records import Record, Share

Probabilities = NDArray[np.floating]
Labels = NDArray[np.integer]

#: Bins of the reliability diagram, of equal width from 0 to 1.
CALIBRATION_BINS = 15

#: 97.5 % quantile of the normal distribution, for 95 % intervals.
_Z = 1.959963984540054


class ClassScores(Record):
    """How one class fares; a figure without any case to measure is 0."""

    label: str
    precision: Share
    recall: Share
    f1: Share
    support: int


class CalibrationBin(Record):
    """Answers of similar confidence; `confidence` and `accuracy` are means over them."""

    low: Share
    high: Share
    count: int
    confidence: Share
    accuracy: Share


class Evaluation(Record):
    """The figures of one split.

    Attributes:
        count: faces.
        accuracy: share of right answers.
        accuracy_low: lower end of its 95 % interval (Wilson 1927).
        accuracy_high: upper end.
        top2_accuracy: share with the truth among the two most probable.
        balanced_accuracy: mean recall of the classes that occur.
        macro_f1: mean F1 of the classes that occur.
        log_loss: mean negative log probability of the truth, in nats.
        calibration_error: expected calibration error of the top answer, `calibration`'s bins.
        classes: per class, in label order.
        confusion: counts; rows are the truth, columns the answers.
        calibration: bins that hold at least one answer.
    """

    count: int
    accuracy: Share
    accuracy_low: Share
    accuracy_high: Share
    top2_accuracy: Share
    balanced_accuracy: Share
    macro_f1: Share
    log_loss: float
    calibration_error: Share
    classes: tuple[ClassScores, ...]
    confusion: tuple[tuple[int, ...], ...]
    calibration: tuple[CalibrationBin, ...]


def evaluate(labels: Labels, probabilities: Probabilities, names: tuple[str, ...]) -> Evaluation:
    """Measure a classifier's answers.

    Args:
        labels: ``(n,)`` indices of the true classes, n ≥ 1.
        probabilities: ``(n, k)``, rows sum to 1.
        names: of the ``k`` classes.

    Raises:
        ValueError: there is nothing to measure, or the shapes do not belong together.
    """
    if len(labels) == 0 or probabilities.shape != (len(labels), len(names)):
        raise ValueError(
            f"expected n ≥ 1 labels and probabilities (n, {len(names)}), "
            f"got {labels.shape} and {probabilities.shape}"
        )
    answers = probabilities.argmax(axis=1)
    confusion = confusion_matrix(labels, answers, len(names))
    classes = class_scores(confusion, names)
    present = [c for c, row in zip(classes, confusion, strict=True) if row.sum()]
    right = int((answers == labels).sum())
    low, high = wilson_interval(right, len(labels))
    bins = calibration_bins(answers == labels, probabilities.max(axis=1))
    second = np.partition(probabilities, -2, axis=1)[:, -2] if len(names) > 1 else np.zeros(1)
    truth = probabilities[np.arange(len(labels)), labels]
    return Evaluation(
        count=len(labels),
        accuracy=right / len(labels),
        accuracy_low=low,
        accuracy_high=high,
        top2_accuracy=float((truth >= second).mean()),
        balanced_accuracy=float(np.mean([c.recall for c in present])),
        macro_f1=float(np.mean([c.f1 for c in present])),
        log_loss=float(-np.log(np.maximum(truth.astype(np.float64), 1e-15)).mean()),
        calibration_error=calibration_error(bins),
        classes=classes,
        confusion=tuple(tuple(int(n) for n in row) for row in confusion),
        calibration=bins,
    )


def confusion_matrix(labels: Labels, answers: Labels, classes: int) -> NDArray[np.int64]:
    """Count pairs, ``(classes, classes)``: rows are the truth, columns the answers."""
    pairs = np.bincount(labels * classes + answers, minlength=classes**2)
    return pairs.reshape(classes, classes)


def class_scores(confusion: NDArray[np.int64], names: tuple[str, ...]) -> tuple[ClassScores, ...]:
    """Return precision, recall and F1 of each class from a confusion matrix."""
    right = np.diag(confusion).astype(float)
    answered, support = confusion.sum(axis=0), confusion.sum(axis=1)
    precision, recall = _ratio(right, answered), _ratio(right, support)
    f1 = _ratio(2 * right, answered + support)
    return tuple(
        ClassScores(label=n, precision=p, recall=r, f1=f, support=s)
        for n, p, r, f, s in zip(
            names, precision.tolist(), recall.tolist(), f1.tolist(), support.tolist(), strict=True
        )
    )


def wilson_interval(right: int, count: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson 1927, without continuity correction)."""
    share = right / count
    spread = _Z * math.sqrt(share * (1 - share) / count + _Z**2 / (4 * count**2))
    middle, norm = share + _Z**2 / (2 * count), 1 + _Z**2 / count
    return max(0.0, (middle - spread) / norm), min(1.0, (middle + spread) / norm)


def calibration_bins(
    right: NDArray[np.bool_], confidence: NDArray[np.floating]
) -> tuple[CalibrationBin, ...]:
    """Sort answers into bins of equal width by confidence; empty bins are left out."""
    # A confidence that rounding has put above 1 belongs to the last bin.
    index = np.ceil(confidence * CALIBRATION_BINS).astype(int) - 1
    index = np.clip(index, 0, CALIBRATION_BINS - 1)
    return tuple(
        CalibrationBin(
            low=i / CALIBRATION_BINS,
            high=(i + 1) / CALIBRATION_BINS,
            count=int((index == i).sum()),
            confidence=min(1.0, float(confidence[index == i].mean())),
            accuracy=float(right[index == i].mean()),
        )
        for i in np.unique(index).tolist()
    )


def calibration_error(bins: tuple[CalibrationBin, ...]) -> float:
    """Return the expected calibration error (Guo et al. 2017, equation 3)."""
    total = sum(b.count for b in bins)
    return sum(b.count * abs(b.accuracy - b.confidence) for b in bins) / total


def _ratio(part: NDArray, whole: NDArray) -> NDArray[np.float64]:
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)
