"""A classifier that uses every core, for measurements of thousands of faces."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fer.model.classifier import ExpressionClassifier, NetworkPool
from fer.types import Floats

#: Faces of one call to a network. Few, so that no core waits long for the last ones.
_CHUNK = 32

Logits = dict[str, Floats]


class SpreadClassifier(ExpressionClassifier):
    """The network of a model directory, once per core: a call shares out its faces among them.

    Args:
        directory: directory with ``spec.json`` and the file that it names.
        threads: number of networks; one per core if None.

    Attributes:
        advance: is told how many more faces are done, on the thread that called.

    Raises:
        ModelError: the directory is not a complete model.
    """

    advance: Callable[[int], object]

    def __init__(self, directory: Path, threads: int | None = None) -> None:
        super().__init__(directory)
        self._threads = threads or os.cpu_count() or 1
        others = [ExpressionClassifier(directory).logits for _ in range(self._threads - 1)]
        self._pool = NetworkPool([super().logits, *others])
        self.advance = lambda count: None

    def logits(self, crops: NDArray[np.uint8]) -> Logits:
        """Return the logits of every head; see `ExpressionClassifier.logits`."""

        def run(chunk: NDArray[np.uint8]) -> Logits:
            with self._pool.borrow() as network:
                return network(chunk)

        chunks = [crops[i : i + _CHUNK] for i in range(0, len(crops), _CHUNK)] or [crops]
        parts = []
        with ThreadPoolExecutor(self._threads) as pool:
            for chunk, part in zip(chunks, pool.map(run, chunks), strict=True):
                self.advance(len(chunk))
                parts.append(part)
        return {head: np.concatenate([part[head] for part in parts]) for head in parts[0]}
