"""Temperature scaling, so that 80 % of the predictions with confidence 0.8 are correct."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fer.model.heads import softmax
from fer.types import Floats
from training.evaluation.predictions import Predictions
from training.evaluation.selective import folds, pooled

#: Search range; an optimum outside it would point to another error.
_RANGE = (0.2, 5.0)

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
