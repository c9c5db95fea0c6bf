"""How sure an answer is, and when it is "uncertain": temperatures, thresholds, margins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fer.evaluation.measurements import CONFIDENCE_BINS, RiskPoint, Selective, Truth
from fer.evaluation.metrics import calibration_bins, confusion_matrix
from fer.labels import BALANCED_HEAD, EXPRESSION_HEAD, FERPLUS_HEAD
from fer.model.classifier import blended, softmax
from fer.model.spec import Head, ModelSpec
from fer.types import Floats, margins
from training.data.dataset import LabelledFaces
from training.evaluation.predictions import Predictions, people_say

#: Least accuracy of the answers given.
TARGET = 0.8

#: Least confidence of an answer: it is more probable than all others together.
FLOOR = 0.5

#: Least difference between the two highest probabilities of an answer. Below it, the answers of
#: both heads were right about half of the time on FER2013's validation split.
MARGIN = 0.1

#: Margins that are tried where mild cases are known, and how near to one the cases are that it is
#: judged by. At the least, "happy 0.4, neutral 0.5" is uncertain.
_MARGINS = (0.15, 0.2, 0.25, 0.3, 0.35, 0.4)
_NEAR = 0.1

#: Least number of answers above a threshold; for small samples, a quarter of all answers.
_LEAST_ANSWERS = 50

#: Number of folds for cross-fitting, and the seed that assigns faces to them.
_FOLDS = 5
_SEED = 0

#: Number of quantiles for the risk-coverage curve, including a coverage of 0, which is omitted.
_CURVE_POINTS = 41


def fit_threshold(
    confidence: NDArray[np.floating], correct: NDArray[np.bool_], target: float = TARGET
) -> float:
    """Return the lowest confidence from `FLOOR` on at which answers reach a target; 1 for none."""
    least = min(_LEAST_ANSWERS, len(correct) / 4)
    confidence, correct = confidence[confidence >= FLOOR], correct[confidence >= FLOOR]
    if not len(correct) or correct.mean() >= target:
        return FLOOR
    order = np.argsort(-confidence, kind="stable")
    answered = np.arange(1, len(correct) + 1)
    met = (np.cumsum(correct[order]) / answered >= target) & (answered >= least)
    # A threshold cannot separate faces of equal confidence.
    met[:-1] &= np.diff(confidence[order]) != 0
    if not met.any():
        return 1.0
    return float(confidence[order][np.flatnonzero(met)[-1]])


def fit_margin(domains: Sequence[Predictions], labels: tuple[str, ...]) -> float:
    """Return the least of `_MARGINS` at which mild cases are right twice as often as wrong.

    A mild case is a face whose two most probable expressions are happy and neutral, such as one
    with a faint smile. Where there are too few, it is `MARGIN`.
    """
    mild_pair = [labels.index(name) for name in ("happy", "neutral") if name in labels]
    if not domains or len(mild_pair) < 2 or domains[0].probabilities.shape[1] != len(labels):
        return MARGIN
    everything = Predictions.pooled(domains)
    top = np.sort(np.argsort(everything.probabilities, axis=1)[:, -2:], axis=1)
    mild = (top == sorted(mild_pair)).all(axis=1)
    margin, correct = margins(everything.probabilities), everything.correct
    if mild.sum() < _LEAST_ANSWERS:
        return MARGIN
    for least in _MARGINS:
        near = mild & (np.abs(margin - least) <= _NEAR)
        if near.any() and correct[near].mean() >= 2 / 3:
            return least
    return _MARGINS[-1]


def risk_coverage(
    confidence: NDArray[np.floating], correct: NDArray[np.bool_]
) -> tuple[RiskPoint, ...]:
    """Return the accuracy of the most confident 1/40, 2/40 … of all answers."""
    order = np.argsort(-confidence, kind="stable")
    accuracy = np.cumsum(correct[order]) / np.arange(1, len(correct) + 1)
    counts = np.unique(np.linspace(0, len(correct), _CURVE_POINTS).round().astype(int)[1:])
    return tuple(
        RiskPoint(
            coverage=count / len(correct),
            threshold=float(confidence[order[count - 1]]),
            accuracy=float(accuracy[count - 1]),
        )
        for count in counts.tolist()
        if count
    )


def selective(
    predictions: Predictions,
    threshold: float,
    *,
    margin: float = 0.0,
    floors: Mapping[str, float] | None = None,
    head: str,
    labels: tuple[str, ...],
    split: str,
    truth: Truth,
    corruptions: tuple[str, ...] = (),
    held_out: Predictions | None = None,
    least: float = FLOOR,
) -> Selective:
    """Measure the effect of a threshold, a margin and floors of each class on predictions.

    With corruptions, `predictions` holds all faces under the first, then all under the next, and so
    on. For the counts by confidence, `held_out` are the same with a temperature that was fitted on
    other faces. ``least`` is the threshold that other domains ask for, below which that of a fold
    is not.
    """
    answers, confidence, correct = predictions.answers, predictions.confidence, predictions.correct
    floors = dict(floors or {})
    of_class = np.array([floors.get(label, 0) for label in labels], np.float32)
    clear = margins(predictions.probabilities) >= np.float32(margin)
    clear &= confidence >= of_class[answers]
    answered = clear & (confidence >= threshold)
    confusion = confusion_matrix(predictions.labels[answered], answers[answered], len(labels))
    cross_fitted = _cross_fitted(confidence, correct, clear, len(corruptions) or 1, least)
    counts = _by_confidence(held_out or predictions, len(labels))
    return Selective(
        head=head,
        split=split,
        corruptions=corruptions,
        truth=truth,
        target=TARGET,
        threshold=threshold,
        margin=margin,
        floors=floors,
        coverage=float(answered.mean()),
        accuracy=_share(correct[answered]),
        cross_fitted_coverage=float(cross_fitted.mean()),
        cross_fitted_accuracy=_share(correct[cross_fitted]),
        curve=risk_coverage(confidence, correct),
        labels=labels,
        confusion=tuple(tuple(row) for row in confusion.tolist()),
        calibration=calibration_bins(correct, confidence),
        predicted=counts[0],
        correct=counts[1],
    )


def _by_confidence(
    predictions: Predictions, classes: int
) -> tuple[tuple[tuple[int, ...], ...], tuple[tuple[int, ...], ...]]:
    column = (predictions.confidence * CONFIDENCE_BINS).astype(int)
    cell = predictions.answers * CONFIDENCE_BINS + np.minimum(column, CONFIDENCE_BINS - 1)
    every, right = (
        np.bincount(cells, minlength=classes * CONFIDENCE_BINS).reshape(classes, -1)
        for cells in (cell, cell[predictions.correct])
    )
    return tuple(map(tuple, every.tolist())), tuple(map(tuple, right.tolist()))


def folds(count: int) -> NDArray[np.int64]:
    """Assign faces to folds of equal size, ``(count,)`` indices; the same for all metrics."""
    fold = np.arange(count) % _FOLDS
    return np.random.default_rng(_SEED).permutation(fold)


def _cross_fitted(
    confidence: NDArray[np.floating],
    correct: NDArray[np.bool_],
    clear: NDArray[np.bool_],
    versions: int,
    least: float,
) -> NDArray[np.bool_]:
    """Return which faces are answered if each fold's threshold is fitted on the other folds.

    Only faces are answered that are `clear`: far enough from the second class, and above the floor.
    All `versions` of a face (one per corruption) belong to the same fold.
    """
    fold = np.tile(folds(len(correct) // versions), versions)
    others = [clear & (fold != i) for i in range(_FOLDS)]
    thresholds = [max(least, fit_threshold(confidence[o], correct[o])) for o in others]
    return np.asarray(clear & (confidence >= np.array(thresholds)[fold]))


def _share(correct: NDArray[np.bool_]) -> float:
    return float(correct.mean()) if len(correct) else 0.0


#: Search range; an optimum outside it would point to another error.
_RANGE = (0.2, 5.0)

#: Weights of the expression head that are tried.
_WEIGHTS = np.arange(1, 10) / 10

_MEANING = "How probable each expression is by the labels of the data set and by what people say."

#: Search steps; each shrinks the interval to 0.618 of its length.
_STEPS = 40


def fit_temperature(
    logits: NDArray[np.float32], labels: NDArray[np.int64], weights: Floats | None = None
) -> float:
    """Return the temperature that minimises the log loss (Guo et al. 2017, section 4.2).

    Its logarithm is found by golden-section search; the loss has a single minimum. Logits
    ``(n, k)`` are of images that were not used for training; without weights, all count alike.
    """
    golden = (np.sqrt(5) - 1) / 2
    low, high = np.log(_RANGE)
    for _ in range(_STEPS):
        left, right = high - golden * (high - low), low + golden * (high - low)
        losses = (log_loss(logits, labels, np.exp(side), weights) for side in (left, right))
        if next(losses) < next(losses):
            high = right
        else:
            low = left
    return float(np.exp((low + high) / 2))


def cross_fitted(domains: Sequence[Predictions]) -> list[Floats]:
    """Return cross-fitted probabilities ``(n, k)``: each temperature is fitted on other faces.

    A temperature that is fitted and evaluated on the same faces looks better than it is. The
    probabilities that are given are logits ``(n, k)``, and all domains count alike.
    """
    everything = Predictions.pooled(domains)
    logits, labels = everything.probabilities, everything.labels
    counts = [len(one.labels) for one in domains]
    fold = np.concatenate([folds(count) for count in counts])
    weights = np.repeat(1 / np.maximum(counts, 1), counts) if len(domains) > 1 else None
    probabilities = np.zeros_like(logits)
    for i in np.unique(fold):
        other = fold != i
        alike = None if weights is None else weights[other]
        temperature = fit_temperature(logits[other], labels[other], alike)
        probabilities[~other] = softmax(logits[~other] / np.float32(temperature))
    return np.split(probabilities, np.cumsum(counts)[:-1])


def log_loss(
    logits: NDArray[np.float32],
    labels: NDArray[np.int64],
    temperature: float,
    weights: Floats | None = None,
) -> float:
    """Return the mean log loss of ``(n, k)`` logits at a temperature, in nats."""
    truth = softmax(logits / np.float32(temperature))[np.arange(len(labels)), labels]
    losses = -np.log(np.maximum(truth, 1e-12))
    return float(losses.mean() if weights is None else np.average(losses, weights=weights))


def add_balanced_head(
    directory: Path, logits: dict[str, Floats], validation: LabelledFaces
) -> ModelSpec:
    """Write the balanced head into ``spec.json``, before all others, if there are both its parts.

    The temperature is fitted on what most people said, with which visitors compare the answers.
    Of a few weights, that is taken which has the smallest log loss by the labels and by what most
    people said, each for half. Each domain counts alike.
    """
    spec = ModelSpec.load(directory)
    others = tuple(head for head in spec.heads if head.name != BALANCED_HEAD)
    people = people_say(validation)
    if people is None or not {EXPRESSION_HEAD, FERPLUS_HEAD} <= {head.name for head in others}:
        return spec
    alike = people.weights(validation)
    candidates = []
    for weight in _WEIGHTS.tolist():
        head = Head(
            name=BALANCED_HEAD,
            labels=validation.class_names,
            meaning=_MEANING,
            blend={EXPRESSION_HEAD: weight, FERPLUS_HEAD: round(1 - weight, 1)},
        )
        known = people.of(blended(spec, head, logits))
        temperature = fit_temperature(known.probabilities, known.labels, alike)
        loss = sum(
            log_loss(known.probabilities, labels, temperature, alike)
            for labels in (known.labels, validation.labels[people.faces])
        )
        candidates.append((loss, head.model_copy(update={"temperature": temperature})))
    _, best = min(candidates, key=lambda candidate: candidate[0])
    spec = spec.model_copy(update={"heads": (best, *others)})
    spec.save(directory)
    return spec
