"""Save a run after every epoch, so that an interruption loses at most one epoch."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import keras

from fer.errors import DataError
from fer.evaluation.report import DomainEpoch, Epoch
from fer.labels import EXPRESSION_HEAD
from training.fit.fingerprint import Fingerprint, check_same
from training.progress import say

#: How much longer an epoch of all layers takes than one of the heads alone.
_WHOLE = 3.0


@dataclass
class Run:
    """What a run has done so far; stored next to its checkpoint.

    Attributes:
        work_dir: directory with ``progress.json``, ``checkpoint.keras`` and, if the run keeps the
            best epoch, ``best.keras``.
        history: one entry per finished epoch.
        seconds: wall-clock time of those epochs.
        fingerprint: what determines its result, see `training.fit.fingerprint`.
    """

    work_dir: Path
    fingerprint: Fingerprint
    history: list[Epoch] = field(default_factory=list)
    seconds: float = 0.0

    @classmethod
    def read(cls, work_dir: Path, fingerprint: Fingerprint) -> Run:
        """Read what an interrupted run has done, or start a new one if there is none.

        Raises:
            DataError: the files are incomplete, or belong to another run.
        """
        run = cls(work_dir, fingerprint)
        if not run.file.is_file():
            return run
        if not run.checkpoint.is_file():
            raise DataError(
                f"{run.file} has no {run.checkpoint.name} beside it; train without --resume."
            )
        record = json.loads(run.file.read_text())
        check_same(record.get("run", {}), fingerprint, work_dir)
        run.history = [Epoch(**epoch) for epoch in record["history"]]
        run.seconds = record["seconds"]
        return run

    @property
    def file(self) -> Path:
        """File with the history and the fingerprint of the run."""
        return self.work_dir / "progress.json"

    @property
    def checkpoint(self) -> Path:
        """Model and optimizer after the last finished epoch."""
        return self.work_dir / "checkpoint.keras"

    @property
    def best(self) -> Path:
        """Model of the epoch with the best validation accuracy."""
        return self.work_dir / "best.keras"

    def epochs_since(self, figure: str, *, lowest: bool) -> int:
        """Return how many epochs ago a metric of the history was best (0: in the last epoch)."""
        values = [getattr(epoch, figure) for epoch in self.history]
        best = min(values) if lowest else max(values)
        return len(values) - 1 - values.index(best)

    def stalled(self, patience: int) -> bool:
        """Return whether the validation loss has not improved for `patience` epochs (0: never)."""
        if not patience or not self.history:
            return False
        return self.epochs_since("validation_loss", lowest=True) >= patience

    def write(self) -> Path:
        """Write the history to a temporary file and return its path; it then replaces `file`."""
        history = [epoch.model_dump() for epoch in self.history]
        record = {"run": self.fingerprint, "history": history, "seconds": self.seconds}
        unfinished = self.work_dir / "unfinished.json"
        unfinished.write_text(json.dumps(record, indent=1))
        return unfinished


class Checkpoint(keras.callbacks.Callback):
    """Saves model, optimizer and history after every epoch, by atomic replacement.

    Args:
        run: what it has done, updated after every epoch.
        domains: figures of each domain in the last epoch, see `training.fit.loop.Validation`.
        keep_best: also save the model of the epoch with the best validation accuracy.
        patience: epochs without a lower validation loss after which to stop; 0 for never.
    """

    def __init__(
        self,
        run: Run,
        domains: Mapping[str, Mapping[str, float]],
        keep_best: bool,
        patience: int,
    ) -> None:
        super().__init__()
        self._run = run
        self._domains = domains
        self._keep_best = keep_best
        self._patience = patience
        self._started = time.monotonic()

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Start the clock."""
        self._started = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Save everything, and decide whether to stop."""
        run = self._run
        figures = self._epoch(logs or {})
        _check_finite(figures, epoch)
        run.seconds += time.monotonic() - self._started
        run.history.append(figures)
        if self._keep_best and run.epochs_since("validation_accuracy", lowest=False) == 0:
            self._write().replace(run.best)
        # Both files are replaced in quick succession. Otherwise a resumed run could repeat an epoch
        # on weights that were already trained with it.
        model, record = self._write(), run.write()
        model.replace(run.checkpoint)
        record.replace(run.file)
        if run.stalled(self._patience):
            self.model.stop_training = True

    def _epoch(self, logs: dict[str, Any]) -> Epoch:
        # Keras prefixes metrics with the output's name if there are several outputs.
        head = f"{EXPRESSION_HEAD}_" if f"{EXPRESSION_HEAD}_loss" in logs else ""
        accuracy = f"{EXPRESSION_HEAD}_accuracy"
        accuracy = accuracy if accuracy in logs else "accuracy"
        return Epoch(
            loss=float(logs[f"{head}loss"]),
            accuracy=float(logs[accuracy]),
            validation_loss=float(logs[f"val_{head}loss"]),
            validation_accuracy=float(logs[f"val_{accuracy}"]),
            learning_rate=float(self.model.optimizer.learning_rate),
            domains={
                name: DomainEpoch(loss=figures[f"{head}loss"], accuracy=figures[accuracy])
                for name, figures in self._domains.items()
            },
        )

    def _write(self) -> Path:
        unfinished = self._run.work_dir / "unfinished.keras"
        self.model.save(unfinished)
        return unfinished


def _check_finite(figures: Epoch, epoch: int) -> None:
    """Reject a diverged epoch, so that the previous checkpoint is kept.

    Raises:
        DataError: a metric is not finite.
    """
    if not all(map(math.isfinite, figures.model_dump(exclude={"domains"}).values())):
        raise DataError(
            f"epoch {epoch + 1}: expected finite figures, got a loss of {figures.loss} and a "
            f"validation loss of {figures.validation_loss}. Train again with a lower "
            "--learning-rate."
        )


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
