"""Which faces an epoch has, if those of one data set stand beside a draw of others."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Mixture:
    """Epochs of one's own faces, and of a draw of replayed ones.

    The own faces are the first of the training faces; the others may be replayed.

    Attributes:
        own: number of own faces, at least 1.
        labels: ``(n,)`` classes of all training faces.
        least: least number of own faces in an epoch; fewer are repeated.
        replay: replayed faces per own face in an epoch.
        balanced: as many of each class are replayed, as far as there are (Rebuffi et al. 2017);
            else all faces are as likely, and none comes twice.
    """

    own: int
    labels: NDArray[np.int64]
    least: int
    replay: float
    balanced: bool = True

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
        pool = len(self.labels) - self.own
        count = round(self.replay * self._shown) if pool else 0
        return count if self.balanced else min(count, pool)

    def draw(self, rng: np.random.Generator) -> NDArray[np.int64]:
        """Return the positions of an epoch's faces, in no order."""
        own = np.resize(np.arange(self.own), self._shown)
        return np.concatenate([own, self._replay(rng)])

    def _replay(self, rng: np.random.Generator) -> NDArray[np.int64]:
        """Draw from every class as many, as far as it has them; the rest from all."""
        pool = np.arange(self.own, len(self.labels))
        if not self.balanced:
            return rng.permutation(pool)[: self.replayed]
        classes = np.unique(self.labels[pool])
        drawn = [
            rng.permutation(pool[self.labels[pool] == label])[: self.replayed // len(classes)]
            for label in classes
        ]
        few = np.concatenate([np.zeros(0, np.int64), *drawn])
        missing = self.replayed - len(few)
        return np.concatenate([few, rng.choice(pool, missing)]) if missing else few
