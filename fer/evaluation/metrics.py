"""Metrics of a classifier, computed from labels and probabilities."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from fer.errors import DataError
from fer.model.spec import Head
from fer.records import ClassName, Record, Share, check_table
from fer.types import Floats, uncertain

Probabilities = NDArray[np.floating]
Labels = NDArray[np.integer]

#: Number of equal-width bins from 0 to 1 in the reliability diagram.
CALIBRATION_BINS = 15

#: 97.5 % quantile of the normal distribution, for 95 % confidence intervals.
_Z = 1.959963984540054

#: p-value below which a difference is called more than chance.
SIGNIFICANT = 0.05

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
        top2_accuracy: fraction of faces whose true class is among the two most probable.
        balanced_accuracy: mean recall of the classes that occur.
        log_loss: mean negative log probability of the true class, in nats.
        calibration_error: expected calibration error of the top class over `calibration`.
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
    """Evaluate ``(n, k)`` probabilities of named classes by ``(n,)`` true indices, n ≥ 1."""
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


def share_interval(share: float, count: int) -> tuple[float, float]:
    """Return the same of a share of so many, as records keep it."""
    return wilson_interval(round(share * count), count)


def mcnemar(gained: int, lost: int) -> float:
    """Return the p-value of McNemar's exact two-sided test (1947) of two classifiers, 0…1.

    Both answered the same faces. `gained` and `lost` are the faces that only the second and only
    the first answered correctly. Without any such face, it is 1.
    """
    changed = gained + lost
    tail = 0
    ways = 1  # the binomial coefficient of `changed` and `k`
    for k in range(min(gained, lost) + 1):
        tail += ways
        ways = ways * (changed - k) // (k + 1)
    return min(1.0, 2 * tail / 2**changed)


def p_values(before: Evaluation, after: Evaluation) -> tuple[float, float]:
    """Return the least and the largest p-value of `mcnemar` that two evaluations leave possible.

    Both are of the same faces. They do not say which faces were answered differently, so the least
    is for as few of them as the counts allow, and the largest for as many.
    """
    difference = abs(after.right - before.right)
    wrong = after.count - max(before.right, after.right)
    both_ways = min(before.right, after.right, wrong)
    return mcnemar(difference, 0), mcnemar(difference + both_ways, both_ways)


@lru_cache(maxsize=64)  # 5 ms, at each run of a page
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


@lru_cache(maxsize=64)
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


class LabelledEvaluation(Record):
    """What one head reaches on faces with labels that only partly overlap its classes.

    Attributes:
        shared: its classes of which there are faces, in its order.
        left_out: number of faces of each class that it does not know; they are not measured.
        as_answered: metrics where any of its classes may be the answer; those of `missing` have a
            support of 0.
        restricted: metrics where only the classes of `shared` may be: their probabilities, scaled
            to a sum of 1. The same as `as_answered` if all are shared; None if only one is.
        answered: fraction of the measured faces that get an answer other than "uncertain".
        answered_accuracy: fraction of these answers that is right; 0 without any.
    """

    head: str
    shared: tuple[str, ...]
    missing: tuple[str, ...]
    left_out: dict[str, int]
    as_answered: Evaluation
    restricted: Evaluation | None
    answered: Share
    answered_accuracy: Share


def evaluate_labelled(
    truth: Sequence[str],
    probabilities: Floats,
    head: Head,
    has_issues: NDArray[np.bool_] | None = None,
) -> LabelledEvaluation:
    """Measure a head on labelled faces; those of classes that it does not know are left out.

    The true classes of ``n`` faces have canonical names; see `fer.labels.canonical`. Probabilities
    are ``(n, k)``, of the head's classes. Faces with an issue, ``(n,)``, have thresholds of their
    own. DataError if no face has a class of the head.
    """
    if probabilities.shape != (len(truth), len(head.labels)):
        raise ValueError(
            f"expected probabilities {(len(truth), len(head.labels))}, got {probabilities.shape}"
        )
    columns = {name: column for column, name in enumerate(head.labels)}
    index = np.array([columns.get(name, -1) for name in truth], np.int64)
    known = index >= 0
    left_out = Counter(name for name in truth if name not in head.labels)
    if not known.any():
        raise DataError(
            f"the head {head.name} knows {', '.join(head.labels)}; "
            f"the faces are labelled {', '.join(sorted(left_out)) or 'not at all'}."
        )
    labels, probabilities = index[known], probabilities[known]
    as_answered = evaluate(labels, probabilities, head.labels)
    shared = np.unique(labels)
    issues = np.zeros(len(labels), np.bool_) if has_issues is None else has_issues[known]
    given = ~uncertain(probabilities, issues, head.thresholds, head.margin)
    right = probabilities.argmax(axis=1) == labels
    return LabelledEvaluation(
        head=head.name,
        shared=tuple(head.labels[i] for i in shared),
        missing=tuple(name for i, name in enumerate(head.labels) if i not in shared),
        left_out=dict(left_out.most_common()),
        as_answered=as_answered,
        restricted=as_answered
        if len(shared) == len(head.labels)
        else _restricted(labels, probabilities, shared, head),
        answered=float(given.mean()),
        answered_accuracy=float(right[given].mean()) if given.any() else 0.0,
    )


def _restricted(
    labels: NDArray[np.int64], probabilities: Floats, shared: NDArray[np.int64], head: Head
) -> Evaluation | None:
    if len(shared) < 2:
        return None
    among = probabilities[:, shared].astype(np.float64)
    total = among.sum(axis=1, keepdims=True)
    # A face that the head takes for another class beyond doubt says nothing about these.
    among = np.divide(among, total, out=np.full_like(among, 1 / len(shared)), where=total > 0)
    names = tuple(head.labels[i] for i in shared)
    return evaluate(np.searchsorted(shared, labels), among, names)
