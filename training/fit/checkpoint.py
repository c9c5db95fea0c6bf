"""Keeping a run on disk after every epoch, so that a killed one loses at most one."""

from __future__ import annotations

import json
import math
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras

from fer.errors import DataError
from fer.evaluation.report import Epoch
from fer.labels import EXPRESSION_HEAD
from training.fit.fingerprint import Fingerprint, check_same


@dataclass
class Progress:
    """How far a run has come; lives beside its checkpoint.

    Attributes:
        work_dir: holds ``progress.json``, ``checkpoint.keras`` and, of a run that keeps the best
            epoch, ``best.keras``.
        history: one entry per finished epoch.
        seconds: wall clock of those epochs.
        run: what it is, see `training.fit.fingerprint`.
    """

    work_dir: Path
    run: Fingerprint
    history: list[Epoch] = field(default_factory=list)
    seconds: float = 0.0

    @classmethod
    def read(cls, work_dir: Path, run: Fingerprint) -> Progress:
        """Read what an earlier part of this run left; a new run where there is nothing.

        Raises:
            DataError: the files do not belong together, or to this run.
        """
        progress = cls(work_dir, run)
        if not progress.file.is_file():
            return progress
        if not progress.checkpoint.is_file():
            raise DataError(
                f"{progress.file} has no {progress.checkpoint.name} beside it; train without "
                "--resume."
            )
        record = json.loads(progress.file.read_text())
        check_same(record.get("run", {}), run, work_dir)
        progress.history = [Epoch(**epoch) for epoch in record["history"]]
        progress.seconds = record["seconds"]
        return progress

    @property
    def file(self) -> Path:
        """The history, and what run it is of."""
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
        """Return how many epochs ago a figure of the history was at its best (0: the last)."""
        values = [getattr(epoch, figure) for epoch in self.history]
        top = min(values) if lowest else max(values)
        return len(values) - 1 - values.index(top)

    def stalled(self, patience: int) -> bool:
        """Tell whether validation loss has not fallen for `patience` epochs (0: never)."""
        if not patience or not self.history:
            return False
        return self.epochs_since("validation_loss", lowest=True) >= patience

    def write(self) -> Path:
        """Write the history beside `file`, and return where, to be swapped in."""
        history = [epoch.model_dump() for epoch in self.history]
        record = {"run": self.run, "history": history, "seconds": self.seconds}
        unfinished = self.work_dir / "unfinished.json"
        unfinished.write_text(json.dumps(record, indent=1))
        return unfinished


class Checkpoint(keras.callbacks.Callback):
    """Keeps model, optimizer and history after every epoch: written whole, then swapped in.

    Args:
        progress: grows with every epoch.
        keep_best: also keep the model of the epoch with the best validation accuracy.
        patience: epochs without a lower validation loss after which to stop; 0 for never.
    """

    def __init__(self, progress: Progress, *, keep_best: bool, patience: int) -> None:
        super().__init__()
        self._progress = progress
        self._keep_best = keep_best
        self._patience = patience
        self._started = time.monotonic()

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Start the clock."""
        self._started = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Write everything, and decide whether to go on."""
        progress = self._progress
        figures = self._epoch(logs or {})
        _check_finite(figures, epoch)
        progress.seconds += time.monotonic() - self._started
        progress.history.append(figures)
        if self._keep_best and progress.epochs_since("validation_accuracy", lowest=False) == 0:
            self._write().replace(progress.best)
        # Swapped in one right after the other: a resumed run must not repeat an epoch on weights
        # that have had it.
        model, record = self._write(), progress.write()
        model.replace(progress.checkpoint)
        record.replace(progress.file)
        if progress.stalled(self._patience):
            self.model.stop_training = True

    def _epoch(self, logs: dict[str, Any]) -> Epoch:
        # Keras prefixes figures with the output's name when there are several.
        head = f"{EXPRESSION_HEAD}_" if f"{EXPRESSION_HEAD}_loss" in logs else ""
        accuracy = f"{EXPRESSION_HEAD}_accuracy"
        accuracy = accuracy if accuracy in logs else "accuracy"
        return Epoch(
            loss=float(logs[f"{head}loss"]),
            accuracy=float(logs[accuracy]),
            validation_loss=float(logs[f"val_{head}loss"]),
            validation_accuracy=float(logs[f"val_{accuracy}"]),
            learning_rate=float(self.model.optimizer.learning_rate),
        )

    def _write(self) -> Path:
        unfinished = self._progress.work_dir / "unfinished.keras"
        self.model.save(unfinished)
        return unfinished


def _check_finite(figures: Epoch, epoch: int) -> None:
    """Refuse an epoch that went wrong, so that the checkpoint before it stays.

    Raises:
        DataError: a figure is not a number.
    """
    if not all(map(math.isfinite, figures.model_dump().values())):
        raise DataError(
            f"epoch {epoch + 1}: expected finite figures, got a loss of {figures.loss} and a "
            f"validation loss of {figures.validation_loss}. Train again with a lower "
            "--learning-rate."
        )
