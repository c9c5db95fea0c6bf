"""A head that blends others: the weighted geometric mean of their probabilities.

Two heads of one network have learnt what two groups of people said of the same faces. What both
find likely is likelier than what one of them does (a product of experts, Hinton 2002).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from fer.model.spec import Head, ModelSpec
from fer.types import Floats


def blended(spec: ModelSpec, head: Head, parts: Mapping[str, Floats]) -> Floats:
    """Return what a blending head makes of the scores of its parts.

    A part's logits divided by its temperature are the logarithms of its probabilities, up to a
    constant per face. So the weighted sums are those of the weighted geometric mean, and the same
    sums of class activation maps are the map of these logits.

    Args:
        spec: has the parts, with their temperatures.
        head: the head that blends.
        parts: ``(…, k)`` logits or class activation maps of each part, by its name.

    Returns:
        ``(…, labels)`` float32, before the temperature of the head itself.
    """
    total = np.zeros((), np.float32)
    for name, weight in head.blend.items():
        part = spec.head(name)
        columns = [part.labels.index(label) for label in head.labels]
        total = total + np.float32(weight / part.temperature) * parts[name][..., columns]
    return np.asarray(total, np.float32)
