"""Temperature scaling, so that 80 % of the predictions with confidence 0.8 are correct."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fer.model.heads import softmax
from fer.types import Floats
from training.evaluation.selective import folds

#: Search range; an optimum outside it would point to another error.
_RANGE = (0.2, 5.0)

#: Search steps; each shrinks the interval to 0.618 of its length.
_STEPS = 40


def fit_temperature(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Return the temperature that minimises the log loss (Guo et al. 2017, section 4.2).

    The logarithm of the temperature is found by golden-section search; the loss has a single
    minimum.

    Args:
        logits: ``(n, k)`` logits of images that were not used for training.
        labels: ``(n,)`` true classes.
    """
    golden = (np.sqrt(5) - 1) / 2
    low, high = np.log(_RANGE)
    for _ in range(_STEPS):
        left, right = high - golden * (high - low), low + golden * (high - low)
        if log_loss(logits, labels, np.exp(left)) < log_loss(logits, labels, np.exp(right)):
            high = right
        else:
            low = left
    return float(np.exp((low + high) / 2))


def cross_fitted(
    logits: NDArray[np.float32], labels: NDArray[np.int64], versions: int = 1
) -> Floats:
    """Return cross-fitted probabilities ``(n, k)``: each temperature is fitted on other faces.

    A temperature that is fitted and evaluated on the same faces looks better than it is.

    Args:
        logits: ``(n, k)``.
        labels: ``(n,)`` true classes.
        versions: how often all faces occur, one time after the other.
    """
    fold = np.tile(folds(len(labels) // versions), versions)
    probabilities = np.zeros_like(logits)
    for i in np.unique(fold):
        temperature = fit_temperature(logits[fold != i], labels[fold != i])
        probabilities[fold == i] = softmax(logits[fold == i] / np.float32(temperature))
    return probabilities


def log_loss(logits: NDArray[np.float32], labels: NDArray[np.int64], temperature: float) -> float:
    """Return the log loss of ``(n, k)`` logits at a temperature, in nats."""
    truth = softmax(logits / np.float32(temperature))[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(truth, 1e-12)).mean())
