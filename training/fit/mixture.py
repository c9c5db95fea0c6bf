"""Which faces an epoch has, if one's own are few and others are replayed beside them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Mixture:
    """Epochs of one's own faces, and of a balanced draw of replayed ones (Rebuffi et al. 2017).

    The own faces are the first of the training faces; the others may be replayed.

    Attributes:
        own: number of own faces, at least 1.
        labels: ``(n,)`` classes of all training faces.
        least: least number of own faces in an epoch; fewer are repeated.
        replay: replayed faces per own face in an epoch.
    """

    own: int
    labels: NDArray[np.int64]
    least: int
    replay: float

    def __len__(self) -> int:
        """Return the number of faces in an epoch."""
        return self._shown + self.replayed

    @property
    def _shown(self) -> int:
        """Number of own faces in an epoch, repeats counted."""
        return self.own * math.ceil(max(self.least, self.own) / self.own)

    @property
    def replayed(self) -> int:
        """Number of replayed faces in an epoch."""
        return round(self.replay * self._shown) if len(self.labels) > self.own else 0

    def draw(self, rng: np.random.Generator) -> NDArray[np.int64]:
        """Return the positions of an epoch's faces, in no order."""
        own = np.resize(np.arange(self.own), self._shown)
        return np.concatenate([own, self._replay(rng)])

    def _replay(self, rng: np.random.Generator) -> NDArray[np.int64]:
        """Draw from every class as many, as far as it has them; the rest from all."""
        pool = np.arange(self.own, len(self.labels))
        classes = np.unique(self.labels[pool])
        drawn = [
            rng.permutation(pool[self.labels[pool] == label])[: self.replayed // len(classes)]
            for label in classes
        ]
        few = np.concatenate([np.zeros(0, np.int64), *drawn])
        missing = self.replayed - len(few)
        return np.concatenate([few, rng.choice(pool, missing)]) if missing else few
