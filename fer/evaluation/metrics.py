"""Metrics of a classifier, computed from labels and probabilities."""

from __future__ import annotations

import math
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from fer.records import ClassName, Record, Share, check_table

Probabilities = NDArray[np.floating]
Labels = NDArray[np.integer]

#: Number of equal-width bins from 0 to 1 in the reliability diagram.
CALIBRATION_BINS = 15

#: 97.5 % quantile of the normal distribution, for 95 % confidence intervals.
_Z = 1.959963984540054

#: Drawn samples from which an interval is taken that has no formula, and how many faces that takes:
#: of few, hardly a drawn sample has the mistakes that others like them have.
_DRAWS, _FEWEST = 2000, 100


class ClassScores(Record):
    """Metrics of one class; a metric whose denominator is 0 is 0."""

    label: ClassName
    precision: Share
    recall: Share
    f1: Share
    support: int


class CalibrationBin(Record):
    """Predictions of similar confidence; `confidence` and `accuracy` are means over them."""

    low: Share
    high: Share
    count: int
    confidence: Share
    accuracy: Share


class Evaluation(Record):
    """Metrics of one split.

    Attributes:
        count: number of faces.
        accuracy: fraction of correct predictions.
        accuracy_low: lower bound of its 95 % confidence interval (Wilson 1927).
        accuracy_high: upper bound.
        top2_accuracy: fraction of faces whose true class is among the two most probable.
        balanced_accuracy: mean recall of the classes that occur.
        macro_f1: mean F1 of the classes that occur.
        log_loss: mean negative log probability of the true class, in nats.
        calibration_error: expected calibration error of the top class over `calibration`.
        classes: metrics per class, in label order.
        confusion: counts; rows are true classes, columns predicted classes.
        calibration: reliability diagram, without empty bins.
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

    @model_validator(mode="after")
    def _check_shape(self) -> Self:
        check_table("confusion", self.confusion, len(self.classes), len(self.classes))
        return self

    @property
    def right(self) -> int:
        """Number of correct predictions."""
        return sum(row[i] for i, row in enumerate(self.confusion))


def evaluate(labels: Labels, probabilities: Probabilities, names: tuple[str, ...]) -> Evaluation:
    """Evaluate ``(n, k)`` probabilities of named classes by ``(n,)`` indices of the true ones.

    Raises:
        ValueError: there are no faces, or the shapes do not match.
    """
    if len(labels) == 0 or probabilities.shape != (len(labels), len(names)):
        raise ValueError(
            f"expected n ≥ 1 labels and probabilities (n, {len(names)}), "
            f"got {labels.shape} and {probabilities.shape}"
        )
    predictions = probabilities.argmax(axis=1)
    confusion = confusion_matrix(labels, predictions, len(names))
    classes = class_scores(confusion, names)
    present = [c for c, row in zip(classes, confusion, strict=True) if row.sum()]
    correct = int((predictions == labels).sum())
    low, high = wilson_interval(correct, len(labels))
    bins = calibration_bins(predictions == labels, probabilities.max(axis=1))
    second = np.partition(probabilities, -2, axis=1)[:, -2] if len(names) > 1 else np.zeros(1)
    truth = probabilities[np.arange(len(labels)), labels]
    return Evaluation(
        count=len(labels),
        accuracy=correct / len(labels),
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


def confusion_matrix(labels: Labels, predictions: Labels, classes: int) -> NDArray[np.int64]:
    """Return the counts ``(classes, classes)``: rows are true classes, columns predicted ones."""
    pairs = np.bincount(labels * classes + predictions, minlength=classes**2)
    return pairs.reshape(classes, classes)


def class_scores(confusion: NDArray[np.int64], names: tuple[str, ...]) -> tuple[ClassScores, ...]:
    """Return precision, recall and F1 of each class from a confusion matrix."""
    correct = np.diag(confusion).astype(float)
    predicted, support = confusion.sum(axis=0), confusion.sum(axis=1)
    precision, recall = _ratio(correct, predicted), _ratio(correct, support)
    f1 = _ratio(2 * correct, predicted + support)
    return tuple(
        ClassScores(label=n, precision=p, recall=r, f1=f, support=s)
        for n, p, r, f, s in zip(
            names, precision.tolist(), recall.tolist(), f1.tolist(), support.tolist(), strict=True
        )
    )


def wilson_interval(correct: int, count: int) -> tuple[float, float]:
    """Return the 95 % Wilson interval of a proportion (1927, without continuity correction)."""
    share = correct / count
    spread = _Z * math.sqrt(share * (1 - share) / count + _Z**2 / (4 * count**2))
    middle, norm = share + _Z**2 / (2 * count), 1 + _Z**2 / count
    return max(0.0, (middle - spread) / norm), min(1.0, (middle + spread) / norm)


def macro_f1_interval(evaluation: Evaluation) -> tuple[float, float] | None:
    """Return the 95 % interval of the macro-F1: percentiles of a bootstrap of its confusion matrix.

    Faces are drawn anew with replacement (Efron 1979), which only the counts are needed for. The
    same evaluation always has the same interval; fewer than 100 faces have none.
    """
    if evaluation.count < _FEWEST:
        return None
    shares = np.ravel(evaluation.confusion) / evaluation.count
    drawn = np.random.default_rng(0).multinomial(evaluation.count, shares, _DRAWS)
    drawn = drawn.reshape(_DRAWS, *np.shape(evaluation.confusion))
    correct, support = np.diagonal(drawn, axis1=1, axis2=2), drawn.sum(axis=2)
    either = drawn.sum(axis=1) + support
    f1 = np.divide(2 * correct, either, out=np.zeros(either.shape), where=either > 0)
    low, high = np.percentile(f1.sum(axis=1) / (support > 0).sum(axis=1), (2.5, 97.5))
    return float(low), float(high)


def calibration_interval(evaluation: Evaluation) -> tuple[float, float] | None:
    """Return the 95 % interval of the calibration error: a basic bootstrap of its bins.

    The error of drawn samples is larger on average than the one they are drawn from, as chance adds
    to it. The basic interval (Davison & Hinkley 1997, section 5.2) takes that off again. Fewer than
    100 faces have none.
    """
    if evaluation.count < _FEWEST:
        return None
    counts, confidence, accuracy = np.array(
        [(b.count, b.confidence, b.accuracy) for b in evaluation.calibration]
    ).T
    shape = (_DRAWS, len(counts))
    drawn = np.random.default_rng(0).binomial(counts.astype(int), accuracy, shape) / counts
    errors = (np.abs(drawn - confidence) * counts).sum(axis=1) / counts.sum()
    high, low = 2 * evaluation.calibration_error - np.percentile(errors, (2.5, 97.5))
    return max(0.0, float(low)), min(1.0, float(high))


def calibration_bins(
    correct: NDArray[np.bool_], confidence: NDArray[np.floating]
) -> tuple[CalibrationBin, ...]:
    """Group predictions by confidence into bins of equal width; omit empty bins."""
    # A confidence that rounding made larger than 1 belongs to the last bin.
    index = np.ceil(confidence * CALIBRATION_BINS).astype(int) - 1
    index = np.clip(index, 0, CALIBRATION_BINS - 1)
    return tuple(
        CalibrationBin(
            low=i / CALIBRATION_BINS,
            high=(i + 1) / CALIBRATION_BINS,
            count=int((index == i).sum()),
            confidence=min(1.0, float(confidence[index == i].mean())),
            accuracy=float(correct[index == i].mean()),
        )
        for i in np.unique(index).tolist()
    )


def calibration_error(bins: tuple[CalibrationBin, ...]) -> float:
    """Return the expected calibration error (Guo et al. 2017, equation 3)."""
    total = sum(b.count for b in bins)
    return sum(b.count * abs(b.accuracy - b.confidence) for b in bins) / total


def _ratio(part: NDArray, whole: NDArray) -> NDArray[np.float64]:
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)
