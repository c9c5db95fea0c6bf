"""Mixing training faces in pairs (Zhang et al. 2018), against learning wrong labels by heart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fer.types import Floats
from training.architectures import FLAT_STD

#: Mean and standard deviation of mixed images, in grey levels: well above what counts as flat.
_MEAN, _STD = 128.0, 50.0


def mix(
    images: Floats,
    targets: dict[str, Floats],
    weights: dict[str, Floats],
    *,
    shape: float,
    rng: np.random.Generator,
) -> tuple[Floats, dict[str, Floats], dict[str, Floats]]:
    """Mix each face of a batch with another one, and what is to be learnt of them alike.

    Images are standardised first, as the network does it: otherwise the one with more contrast
    would hide the other.

    Args:
        images: ``(n, size, size, channels)``, 0…255.
        targets: per head ``(n, classes)`` shares.
        weights: per head ``(n,)``.
        shape: both parameters of the Beta distribution of the other face's share, above 0.
        rng: the source of chance.

    Returns:
        Images of mean 128 and standard deviation up to 50, targets and weights, in those forms.
    """
    other = rng.permutation(len(images))
    share = rng.beta(shape, shape, len(images)).astype(np.float32)
    mixed = _blend(_standardised(images), other, share)
    found, counts = {}, {}
    for head, target in targets.items():
        weight = weights[head]
        counts[head] = _blend(weight, other, share)
        # A face that does not count brings nothing into the mixture.
        sums = _blend(target * weight[:, None], other, share)
        found[head] = np.asarray(sums / np.maximum(counts[head], 1e-6)[:, None], np.float32)
    return np.asarray(mixed * _STD + _MEAN, np.float32), found, counts


def _blend(values: Floats, other: NDArray[np.int64], share: Floats) -> Floats:
    of_other = share.reshape(-1, *[1] * (values.ndim - 1))
    return np.asarray((1 - of_other) * values + of_other * values[other], np.float32)


def _standardised(images: Floats) -> Floats:
    inside = (1, 2, 3)
    mean, std = images.mean(inside, keepdims=True), images.std(inside, keepdims=True)
    return np.asarray((images - mean) / np.maximum(std, FLAT_STD), np.float32)
