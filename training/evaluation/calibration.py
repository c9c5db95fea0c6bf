"""Temperature scaling: making a confidence of 0.8 mean right four times out of five."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fer.model.classifier import softmax
from fer.types import Floats
from training.evaluation.selective import folds

#: Temperatures outside this range mean that something else is wrong.
_RANGE = (0.2, 5.0)

#: Steps of the search; each shrinks the interval to 0.618 of its length.
_STEPS = 40


def fit_temperature(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Return the temperature that minimises log loss (Guo et al. 2017, section 4.2).

    Golden-section search over its logarithm; the loss has a single minimum there.

    Args:
        logits: ``(n, k)``, of images the network has not learnt from.
        labels: ``(n,)`` true classes.
    """
    golden = (np.sqrt(5) - 1) / 2
    low, high = np.log(_RANGE)
    for _ in range(_STEPS):
        left, right = high - golden * (high - low), low + golden * (high - low)
        if _log_loss(logits, labels, np.exp(left)) < _log_loss(logits, labels, np.exp(right)):
            high = right
        else:
            low = left
    return float(np.exp((low + high) / 2))


def cross_fitted(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> Floats:
    """Return probabilities ``(n, k)`` with temperatures that were fitted on other faces.

    A temperature that is fitted and judged on the same faces looks better than it is.
    """
    part = folds(len(labels))
    found = np.zeros_like(logits)
    for i in np.unique(part):
        temperature = fit_temperature(logits[part != i], labels[part != i])
        found[part == i] = softmax(logits[part == i] / np.float32(temperature))
    return found


def _log_loss(logits: NDArray[np.float32], labels: NDArray[np.int64], temperature: float) -> float:
    truth = softmax(logits / np.float32(temperature))[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(truth, 1e-12)).mean())
