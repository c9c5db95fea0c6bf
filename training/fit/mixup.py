"""Mixup: training faces mixed in pairs (Zhang et al. 2018), against learning labels by heart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fer.types import Floats
from training.networks.residual import FLAT_STD

#: Mean and standard deviation of mixed images, in grey levels: well above what counts as flat.
_MEAN, _STD = 128.0, 50.0


@dataclass(frozen=True)
class Mixup:
    """Which face is mixed into each of a batch, and how much of it.

    Attributes:
        other: ``(n,)`` places in the batch.
        share: ``(n,)`` of the other face, 0…1.
    """

    other: NDArray[np.int64]
    share: Floats

    @classmethod
    def draw(cls, count: int, shape: float, rng: np.random.Generator) -> Mixup:
        """Draw a mixture for `count` faces; `shape` is both parameters of the Beta distribution."""
        other = rng.permutation(count)
        return cls(other, rng.beta(shape, shape, count).astype(np.float32))

    def images(self, images: Floats) -> Floats:
        """Return mixed images of mean 128 and standard deviation up to 50.

        They are standardised first, as the network does it: otherwise the one with more contrast
        would hide the other.

        Args:
            images: ``(n, size, size, channels)``, 0…255.
        """
        inside = (1, 2, 3)
        mean, std = images.mean(inside, keepdims=True), images.std(inside, keepdims=True)
        standardised = np.asarray((images - mean) / np.maximum(std, FLAT_STD), np.float32)
        return np.asarray(self._blend(standardised) * _STD + _MEAN, np.float32)

    def targets(
        self, targets: dict[str, Floats], weights: dict[str, Floats]
    ) -> tuple[dict[str, Floats], dict[str, Floats]]:
        """Return mixed targets, per head ``(n, classes)``, and weights, per head ``(n,)``."""
        found, counts = {}, {}
        for head, target in targets.items():
            counts[head] = self._blend(weights[head])
            # A face that does not count brings nothing into the mixture.
            sums = self._blend(target * weights[head][:, None])
            found[head] = np.asarray(sums / np.maximum(counts[head], 1e-6)[:, None], np.float32)
        return found, counts

    def _blend(self, values: Floats) -> Floats:
        of_other = self.share.reshape(-1, *[1] * (values.ndim - 1))
        return np.asarray((1 - of_other) * values + of_other * values[self.other], np.float32)
