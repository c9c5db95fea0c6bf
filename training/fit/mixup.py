"""Mixup of training faces in pairs (Zhang et al. 2018), which reduces memorisation of labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fer.types import Floats
from training.networks.residual import FLAT_STD

#: Mean and standard deviation of mixed images, in grey levels; the latter is well above `FLAT_STD`.
_MEAN, _STD = 128.0, 50.0


@dataclass(frozen=True)
class Mixup:
    """The mixing partner and mixing weight of each face in a batch.

    Attributes:
        other: ``(n,)`` indices of the partners in the batch.
        share: ``(n,)`` weights of the partners, 0…1.
    """

    other: NDArray[np.int64]
    share: Floats

    @classmethod
    def draw(cls, count: int, shape: float, rng: np.random.Generator) -> Mixup:
        """Draw partners and weights for `count` faces; weights follow Beta(`shape`, `shape`)."""
        other = rng.permutation(count)
        return cls(other, rng.beta(shape, shape, count).astype(np.float32))

    def images(self, images: Floats) -> Floats:
        """Return mixed images with mean 128 and a standard deviation of up to 50.

        Images are standardised first, as in the network; otherwise the image with more contrast
        would dominate.

        Args:
            images: ``(n, size, size, channels)``, 0…255.
        """
        image_axes = (1, 2, 3)
        mean, std = images.mean(image_axes, keepdims=True), images.std(image_axes, keepdims=True)
        standardised = np.asarray((images - mean) / np.maximum(std, FLAT_STD), np.float32)
        return np.asarray(self._blend(standardised) * _STD + _MEAN, np.float32)

    def targets(
        self, targets: dict[str, Floats], weights: dict[str, Floats]
    ) -> tuple[dict[str, Floats], dict[str, Floats]]:
        """Return mixed targets ``(n, classes)`` and sample weights ``(n,)`` of each head."""
        mixed, mixed_weights = {}, {}
        for head, target in targets.items():
            mixed_weights[head] = self._blend(weights[head])
            # Weighted by the sample weights, so a face with weight 0 contributes nothing.
            sums = self._blend(target * weights[head][:, None])
            mixed[head] = np.asarray(
                sums / np.maximum(mixed_weights[head], 1e-6)[:, None], np.float32
            )
        return mixed, mixed_weights

    def _blend(self, values: Floats) -> Floats:
        other_share = self.share.reshape(-1, *[1] * (values.ndim - 1))
        return np.asarray((1 - other_share) * values + other_share * values[self.other], np.float32)
