"""Save a run after every epoch, so that an interruption loses at most one epoch."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np

from fer.atomic_write import atomic_write
from fer.errors import DataError, failures_as
from fer.evaluation.report import DomainEpoch, Epoch
from fer.labels import EXPRESSION_HEAD
from fer.records import file_sha256
from training.data.dataset import LabelledFaces
from training.export import KERAS_FILE
from training.fit.other_models import Teachers
from training.networks import load_network
from training.presets.schema import Preset

#: What to do about a run that cannot be resumed.
_START_AGAIN = "Start again with --overwrite in place of --resume."

#: Everything that determines a run's result, so that only it can be resumed.
Fingerprint = dict[str, Any]


def fingerprint(
    preset: Preset,
    train: LabelledFaces,
    *,
    seed: int,
    teachers: Teachers | None,
    initial_model: Path | None,
) -> Fingerprint:
    """Return everything that determines a run's result, JSON-ready; arguments as in `fit`."""
    fields = dataclasses.asdict(preset)
    del fields["name"]  # a run with the same settings under another name is the same run
    digest = hashlib.sha256()
    for part in (train.images, train.labels, train.votes):
        if part is not None:
            digest.update(np.ascontiguousarray(part).tobytes())
    start = initial_model / KERAS_FILE if initial_model else None
    record = {
        **fields,
        "seed": seed,
        "faces": digest.hexdigest(),
        "teachers": teachers.digests if teachers else (),
        "initial_model": file_sha256(start) if start and start.is_file() else None,
    }
    return dict(json.loads(json.dumps(record)))


@dataclass
class Run:
    """What a run has done so far, an entry per epoch; stored next to its checkpoint."""

    work_dir: Path
    fingerprint: Fingerprint
    history: list[Epoch] = field(default_factory=list)
    seconds: float = 0.0

    @classmethod
    def read(cls, work_dir: Path, fingerprint: Fingerprint) -> Run:
        """Read the finished epochs of an interrupted run; without its file, return a new run.

        Raises:
            DataError: the file is damaged or of another run, or its checkpoint is missing.
        """
        run = cls(work_dir, fingerprint)
        if not run.file.is_file():
            return run
        if not run.checkpoint.is_file():
            raise DataError(f"{run.file} has no {run.checkpoint.name} beside it. {_START_AGAIN}")
        with failures_as(partial(_damaged_record, run.file)):
            record = json.loads(run.file.read_text(encoding="utf-8"))
            run.history = [Epoch(**epoch) for epoch in record["history"]]
            run.seconds = float(record["seconds"])
            recorded = dict(record.get("run", {}))
        # A run that started before a setting was added used the setting's default.
        defaults = json.loads(json.dumps(dataclasses.asdict(Preset(name=""))))
        before = defaults | recorded
        changes = [
            f"{name.replace('_', ' ')} {_short(before.get(name))} (now {_short(value)})"
            for name, value in sorted(fingerprint.items())
            if before.get(name) != value
        ]
        if changes:
            raise DataError(
                f"{work_dir} holds another run: {'; '.join(changes)}. Go on with its settings, "
                "replace it with --overwrite in place of --resume, or name another --work-dir."
            )
        return run

    def load_checkpoint(self) -> keras.Model:
        """Load the network and its optimizer after the last epoch; DataError if it is damaged."""
        return load_network(self.checkpoint, _START_AGAIN)

    def load_best(self) -> keras.Model:
        """Load the network of the best epoch; DataError if it is damaged."""
        return load_network(self.best, _START_AGAIN)

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

    def stalled(self, patience: int) -> bool:
        """Return whether the validation loss has not improved for `patience` epochs (0: never)."""
        losses = [epoch.validation_loss for epoch in self.history]
        return bool(patience and losses) and len(losses) > losses.index(min(losses)) + patience

    def add(self, epoch: Epoch, seconds: float, model: keras.Model, *, keep_best: bool) -> None:
        """Save model, optimizer and history after an epoch, by atomic replacement.

        Raises:
            OSError: the files cannot be written, for example because the disk is full; those of
                the epoch before stay.
        """
        self.history.append(epoch)
        self.seconds += seconds
        accuracies = [one.validation_accuracy for one in self.history]
        if keep_best and accuracies.index(max(accuracies)) == len(accuracies) - 1:
            with atomic_write([self.best]) as [best]:
                model.save(best)
        history = [one.model_dump() for one in self.history]
        record = {"run": self.fingerprint, "history": history, "seconds": self.seconds}
        # Both files are replaced in quick succession. Otherwise a resumed run could repeat an epoch
        # on weights that were already trained with it.
        with atomic_write([self.checkpoint, self.file]) as [checkpoint, file]:
            model.save(checkpoint)
            file.write_text(json.dumps(record, indent=1), encoding="utf-8")


def _damaged_record(file: Path, error: Exception) -> DataError:
    return DataError(
        f"{file} is damaged: expected the epochs of a run, got {type(error).__name__}. "
        f"{_START_AGAIN}"
    )


def _short(value: object) -> str:
    text = str(value)
    return f"{text[:60]} …" if len(text) > 61 else text


class Checkpoint(keras.callbacks.Callback):
    """Saves a run after every epoch, perhaps the best beside it, and stops it if it has stalled.

    ``domains`` are figures of each domain in the last epoch, see `training.fit.loop.Validation`.
    """

    def __init__(
        self, run: Run, domains: Mapping[str, Mapping[str, float]], keep_best: bool, patience: int
    ) -> None:
        super().__init__()
        self._run, self._domains = run, domains
        self._keep_best, self._patience = keep_best, patience
        self._started = time.monotonic()

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Start the clock."""
        self._started = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Save everything, and decide whether to stop; DataError if a figure is not finite."""
        logs = logs or {}
        # Keras prefixes metrics with the output's name if there are several outputs.
        loss = f"{EXPRESSION_HEAD}_loss" if f"{EXPRESSION_HEAD}_loss" in logs else "loss"
        accuracy = f"{EXPRESSION_HEAD}_accuracy"
        accuracy = accuracy if accuracy in logs else "accuracy"
        figures = Epoch(
            loss=float(logs[loss]),
            accuracy=float(logs[accuracy]),
            validation_loss=float(logs[f"val_{loss}"]),
            validation_accuracy=float(logs[f"val_{accuracy}"]),
            learning_rate=float(self.model.optimizer.learning_rate),
            domains={
                name: DomainEpoch(loss=of_domain[loss], accuracy=of_domain[accuracy])
                for name, of_domain in self._domains.items()
            },
        )
        if not all(map(math.isfinite, figures.model_dump(exclude={"domains"}).values())):
            raise DataError(
                f"epoch {epoch + 1}: expected finite figures, got a loss of {figures.loss} and a "
                f"validation loss of {figures.validation_loss}. Train again with a lower "
                "--learning-rate."
            )
        seconds = time.monotonic() - self._started
        self._run.add(figures, seconds, self.model, keep_best=self._keep_best)
        if self._run.stalled(self._patience):
            self.model.stop_training = True
