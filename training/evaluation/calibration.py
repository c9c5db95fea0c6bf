"""Temperatures, so that of answers with confidence 0.8 80 % are right; and the balanced head."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fer.labels import BALANCED_HEAD, EXPRESSION_HEAD, FERPLUS_HEAD
from fer.model.heads import blended, softmax
from fer.model.spec import Head, ModelSpec
from fer.types import Floats
from training.data.dataset import LabelledFaces
from training.evaluation.predictions import Predictions
from training.evaluation.selective import folds, pooled
from training.evaluation.split_predictions import people_say

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

    The logarithm of the temperature is found by golden-section search; the loss has a single
    minimum.

    Args:
        logits: ``(n, k)`` logits of images that were not used for training.
        labels: ``(n,)`` true classes.
        weights: ``(n,)`` how much each image counts; None if all count alike.
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

    A temperature that is fitted and evaluated on the same faces looks better than it is.

    Args:
        domains: labels ``(n,)`` and logits ``(n, k)`` of each domain; all domains count alike.
    """
    everything = pooled(domains)
    logits, labels = everything.probabilities, everything.labels
    counts = [len(one.labels) for one in domains]
    fold = np.concatenate([folds(count) for count in counts])
    weights = np.repeat(1 / np.maximum(counts, 1), counts) if len(domains) > 1 else None
    probabilities = np.zeros_like(logits)
    for i in np.unique(fold):
        other = fold != i
        temperature = fit_temperature(
            logits[other], labels[other], None if weights is None else weights[other]
        )
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

    Args:
        directory: a model directory whose heads have their temperatures.
        logits: ``(n, k)`` of each head.
        validation: the ``n`` faces.
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
