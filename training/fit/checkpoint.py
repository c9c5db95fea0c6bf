"""Save a run after every epoch, so that an interruption loses at most one epoch."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras

from fer.errors import DataError
from fer.evaluation.report import DomainEpoch, Epoch
from fer.labels import EXPRESSION_HEAD
from training.fit.fingerprint import Fingerprint, check_same


@dataclass
class Progress:
    """Progress of a run; stored next to its checkpoint.

    Attributes:
        work_dir: directory with ``progress.json``, ``checkpoint.keras`` and, if the run keeps the
            best epoch, ``best.keras``.
        history: one entry per finished epoch.
        seconds: wall-clock time of those epochs.
        run: fingerprint of the run, see `training.fit.fingerprint`.
    """

    work_dir: Path
    run: Fingerprint
    history: list[Epoch] = field(default_factory=list)
    seconds: float = 0.0

    @classmethod
    def read(cls, work_dir: Path, run: Fingerprint) -> Progress:
        """Read the progress of an interrupted run, or start a new one if there is none.

        Raises:
            DataError: the files are incomplete, or belong to another run.
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
        record = {"run": self.run, "history": history, "seconds": self.seconds}
        unfinished = self.work_dir / "unfinished.json"
        unfinished.write_text(json.dumps(record, indent=1))
        return unfinished


class Checkpoint(keras.callbacks.Callback):
    """Saves model, optimizer and history after every epoch, by atomic replacement.

    Args:
        progress: progress of the run, updated after every epoch.
        domains: figures of each domain in the last epoch, see `training.fit.loop.Validation`.
        keep_best: also save the model of the epoch with the best validation accuracy.
        patience: epochs without a lower validation loss after which to stop; 0 for never.
    """

    def __init__(
        self,
        progress: Progress,
        domains: Mapping[str, Mapping[str, float]],
        *,
        keep_best: bool,
        patience: int,
    ) -> None:
        super().__init__()
        self._progress = progress
        self._domains = domains
        self._keep_best = keep_best
        self._patience = patience
        self._started = time.monotonic()

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Start the clock."""
        self._started = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Save everything, and decide whether to stop."""
        progress = self._progress
        figures = self._epoch(logs or {})
        _check_finite(figures, epoch)
        progress.seconds += time.monotonic() - self._started
        progress.history.append(figures)
        if self._keep_best and progress.epochs_since("validation_accuracy", lowest=False) == 0:
            self._write().replace(progress.best)
        # Both files are replaced in quick succession. Otherwise a resumed run could repeat an epoch
        # on weights that were already trained with it.
        model, record = self._write(), progress.write()
        model.replace(progress.checkpoint)
        record.replace(progress.file)
        if progress.stalled(self._patience):
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
        unfinished = self._progress.work_dir / "unfinished.keras"
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
