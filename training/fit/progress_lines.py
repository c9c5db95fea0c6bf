"""Progress of a training for a program that runs it: a JSON object per line."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TextIO

import keras

from training.progress import say

#: How much longer an epoch of all layers takes than one of the heads alone.
_WHOLE = 3.0


class ProgressLines(keras.callbacks.Callback):
    """Says after each epoch how far the training is.

    Args:
        epochs: number of epochs.
        frozen: how many of them, at first, train the heads alone.
        stream: where to write; stdout if None.
        clock: monotonic clock in seconds.
    """

    def __init__(
        self,
        epochs: int,
        frozen: int = 0,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._epochs, self._frozen = epochs, frozen
        self._stream, self._clock = stream, clock
        self._started = clock()
        self._first: int | None = None

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Start the clock at the first epoch of this run."""
        if self._first is None:
            self._first, self._started = epoch, self._clock()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Write a line."""
        done, first = epoch + 1, self._first or 0
        elapsed = self._clock() - self._started
        work = self._work(done) - self._work(first)
        left = elapsed / work * (self._work(self._epochs) - self._work(done))
        say(
            "heads" if epoch < self._frozen else "all layers",
            stream=self._stream,
            done=done,
            total=self._epochs,
            seconds_left=round(left),
        )

    def _work(self, epochs: int) -> float:
        """Return the cost of so many epochs, in epochs of the heads alone."""
        frozen = min(epochs, self._frozen)
        return frozen + _WHOLE * (epochs - frozen)
