"""The fit loop: a preset and a data set in, a trained Keras model and its history out.

Nothing here names a backend: Keras's own ``fit`` runs it on TensorFlow, and unchanged on JAX.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from fer.errors import DataError
from fer.labels import FERPLUS_LABELS
from fer.model_card import EXPRESSION_HEAD, VOTES_HEAD, Epoch
from training.architectures import residual_network
from training.batches import TrainingBatches, targets_and_weights
from training.data import LabelledFaces
from training.presets import Preset

#: Batches over which batch-norm statistics are computed anew for the averaged weights.
RECALIBRATION_BATCHES = 100


@dataclass(frozen=True)
class Fit:
    """What a finished training leaves: the averaged model, and what happened on the way."""

    model: keras.Model
    history: list[Epoch]
    seconds: float


def head_sizes(faces: LabelledFaces) -> dict[str, int]:
    """Return the network's outputs and their class counts for a data set."""
    heads = {EXPRESSION_HEAD: len(faces.class_names)}
    if faces.votes is not None:
        heads[VOTES_HEAD] = len(FERPLUS_LABELS)
    return heads


def fit(
    preset: Preset,
    train: LabelledFaces,
    validation: LabelledFaces,
    *,
    seed: int,
    work_dir: Path,
    resume: bool = False,
    verbose: int | str = "auto",
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> Fit:
    """Train a network, with a checkpoint after every epoch.

    Args:
        preset: the configuration.
        train: faces to learn from.
        validation: faces to follow the training with; nothing is learnt from them.
        seed: decides weights, order and augmentation.
        work_dir: where ``checkpoint.keras`` and ``progress.json`` are kept.
        resume: go on from the checkpoint in `work_dir` where there is one.
        verbose: Keras's progress display: 1 a bar, 2 a line per epoch.
        callbacks: further Keras callbacks.

    Returns:
        The model with its weights averaged over the last steps (Polyak averaging) and batch-norm
        statistics to match, the history, and the seconds spent, earlier parts included.
    """
    keras.mixed_precision.set_global_policy(preset.precision)
    keras.utils.set_random_seed(seed)
    work_dir.mkdir(parents=True, exist_ok=True)
    progress = _Progress.read(work_dir) if resume else _Progress([], 0.0)
    if progress.history:
        model = keras.models.load_model(work_dir / "checkpoint.keras")
    else:
        model = _compiled(preset, train)
    batches = _batches(preset, train, seed, len(progress.history))
    targets, weights = targets_and_weights(validation)
    model.fit(
        batches,
        initial_epoch=len(progress.history),
        epochs=preset.epochs,
        shuffle=False,  # TrainingBatches shuffles by seed and epoch, which a resumed run repeats
        validation_data=(validation.images.astype(np.float32), targets, weights),
        validation_batch_size=512,
        callbacks=[
            keras.callbacks.TerminateOnNaN(),
            keras.callbacks.SwapEMAWeights(swap_on_epoch=False),
            _Checkpoint(progress, work_dir),
            *callbacks,
        ],
        verbose=verbose,
    )
    averaged = _averaged(model, preset, train)
    recalibrate(averaged, _batches(preset, train, seed, preset.epochs))
    return Fit(averaged, progress.history, progress.seconds)


def _network(preset: Preset, train: LabelledFaces) -> keras.Model:
    return residual_network(
        input_size=preset.input_size,
        channels=train.images.shape[-1],
        heads=head_sizes(train),
        widths=preset.widths,
        blocks_per_stage=preset.blocks_per_stage,
        dropout=preset.dropout,
    )


def _compiled(preset: Preset, train: LabelledFaces) -> keras.Model:
    model = _network(preset, train)
    steps = max(1, len(train) // preset.batch_size)
    loss = {
        head: keras.losses.CategoricalCrossentropy(
            from_logits=True,
            label_smoothing=preset.label_smoothing if head == EXPRESSION_HEAD else 0.0,
        )
        for head in model.output_names
    }
    model.compile(
        optimizer=_optimizer(preset, steps),
        loss=loss,
        loss_weights={h: preset.vote_weight if h == VOTES_HEAD else 1.0 for h in loss},
        metrics={EXPRESSION_HEAD: ["accuracy"]},
        jit_compile="auto" if keras.backend.backend() != "tensorflow" else False,  # 3× slower there
    )
    return model


def _optimizer(preset: Preset, steps_per_epoch: int) -> keras.optimizers.Optimizer:
    total = preset.epochs * steps_per_epoch
    warmup = min(round(preset.warmup_epochs * steps_per_epoch), total // 2)
    optimizer = keras.optimizers.SGD(
        keras.optimizers.schedules.CosineDecay(
            preset.learning_rate / max(1, warmup),
            decay_steps=total - warmup,
            warmup_target=preset.learning_rate,
            warmup_steps=warmup,
        ),
        momentum=preset.momentum,
        nesterov=True,
        # Keras decays weights outside the momentum, which would otherwise carry each bit of decay
        # on for 1 / (1 - momentum) steps. The factor makes it the usual L2 decay.
        weight_decay=preset.weight_decay / (1 - preset.momentum),
        use_ema=True,
        ema_momentum=preset.ema_momentum,
    )
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimizer


def _batches(preset: Preset, train: LabelledFaces, seed: int, first_epoch: int) -> TrainingBatches:
    return TrainingBatches(
        train,
        batch_size=preset.batch_size,
        augmentation=preset.augmentation,
        seed=seed,
        first_epoch=first_epoch,
    )


def _averaged(model: keras.Model, preset: Preset, train: LabelledFaces) -> keras.Model:
    """Return the network with the moving average of the weights, in float32 throughout.

    Training may have been in bfloat16, which an exported file must not be.
    """
    model.optimizer.finalize_variable_values(model.trainable_variables)
    keras.mixed_precision.set_global_policy("float32")
    averaged = _network(preset, train)
    averaged.set_weights(model.get_weights())
    return averaged


def recalibrate(model: keras.Model, batches: TrainingBatches) -> None:
    """Compute batch-norm statistics anew, as plain means over some batches.

    The statistics gathered in training belong to the weights of each step; averaged weights need
    their own (Izmailov et al. 2018, section 3.2).
    """
    norms = [x for x in model.layers if isinstance(x, keras.layers.BatchNormalization)]
    momenta = [norm.momentum for norm in norms]
    for step in range(min(RECALIBRATION_BATCHES, len(batches))):
        for norm in norms:
            norm.momentum = step / (step + 1)
        model(batches[step][0], training=True)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum


@dataclass
class _Progress:
    """How far a run has come; lives beside its checkpoint."""

    history: list[Epoch]
    seconds: float

    @classmethod
    def read(cls, work_dir: Path) -> _Progress:
        file = work_dir / "progress.json"
        if not file.is_file():
            return cls([], 0.0)
        if not (work_dir / "checkpoint.keras").is_file():
            raise DataError(f"{file} has no checkpoint.keras beside it; train without --resume.")
        record = json.loads(file.read_text())
        return cls([Epoch(**epoch) for epoch in record["history"]], record["seconds"])

    def write(self, work_dir: Path) -> None:
        record = {
            "history": [epoch.model_dump() for epoch in self.history],
            "seconds": self.seconds,
        }
        (work_dir / "progress.json").write_text(json.dumps(record, indent=1))


class _Checkpoint(keras.callbacks.Callback):
    """Keeps model, optimizer and history after every epoch, each file swapped in whole."""

    def __init__(self, progress: _Progress, work_dir: Path) -> None:
        super().__init__()
        self._progress = progress
        self._work_dir = work_dir
        self._started = time.monotonic()

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._started = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        logs = logs or {}
        head = f"{EXPRESSION_HEAD}_" if len(self.model.output_names) > 1 else ""
        self._progress.seconds += time.monotonic() - self._started
        self._progress.history.append(
            Epoch(
                loss=float(logs[f"{head}loss"]),
                accuracy=float(logs[f"{EXPRESSION_HEAD}_accuracy"]),
                validation_loss=float(logs[f"val_{head}loss"]),
                validation_accuracy=float(logs[f"val_{EXPRESSION_HEAD}_accuracy"]),
                learning_rate=float(self.model.optimizer.learning_rate),
            )
        )
        unfinished = self._work_dir / "unfinished.keras"
        self.model.save(unfinished)
        unfinished.replace(self._work_dir / "checkpoint.keras")
        self._progress.write(self._work_dir)
