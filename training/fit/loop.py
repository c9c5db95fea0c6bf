"""The fit loop: a preset and a data set in, a trained Keras model and its history out.

Nothing here names a backend: Keras's own ``fit`` runs it on TensorFlow, and unchanged on JAX.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from fer.errors import DataError
from fer.evaluation.report import Epoch
from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD, FERPLUS_LABELS
from training.data.dataset import LabelledFaces
from training.fit.batches import TrainingBatches, scaled, steps_per_epoch, targets_and_weights
from training.fit.checkpoint import Checkpoint, Progress
from training.fit.distillation import Teachers
from training.fit.fingerprint import fingerprint
from training.fit.optimizer import compile_model
from training.fit.pretrained import average, initialise_from, weights_of
from training.networks.build import build
from training.networks.transfer import freeze
from training.presets.schema import NONE, Preset

#: Batches over which batch-norm statistics are computed anew for averaged weights.
RECALIBRATION_BATCHES = 100


@dataclass(frozen=True)
class Fit:
    """What a finished training leaves: the model that ships, and what happened on the way."""

    model: keras.Model
    history: list[Epoch]
    seconds: float


def head_sizes(preset: Preset, faces: LabelledFaces) -> dict[str, int]:
    """Return the network's outputs and their class counts for a data set."""
    heads = {EXPRESSION_HEAD: len(faces.class_names)}
    if preset.vote_weight and faces.votes is not None:
        heads[FERPLUS_HEAD] = len(FERPLUS_LABELS)
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
    teachers: Teachers | None = None,
    initial_model: Path | None = None,
    averaged_with: Sequence[Path] = (),
) -> Fit:
    """Train a network, with a checkpoint after every epoch.

    Args:
        preset: the configuration.
        train: faces to learn from.
        validation: faces to follow the training with; nothing is learnt from them.
        seed: decides weights, order and augmentation.
        work_dir: where checkpoints are kept.
        resume: go on from the checkpoint in `work_dir` where there is one, of this same run.
        verbose: Keras's progress display: 1 a bar, 2 a line per epoch.
        callbacks: further Keras callbacks.
        teachers: models to learn from as well.
        initial_model: directory of a model whose weights to begin with, instead of random ones.
        averaged_with: directories of models that the outcome is averaged with, in equal parts.

    Returns:
        The model to keep, the history, and the seconds spent, earlier parts included. With a
        moving average, the model has the averaged weights (Polyak) and batch-norm statistics to
        match.
    """
    _check_form(preset, train)
    keras.mixed_precision.set_global_policy(preset.precision)
    keras.utils.set_random_seed(seed)
    work_dir.mkdir(parents=True, exist_ok=True)
    run = fingerprint(preset, train, seed=seed, teachers=teachers, initial_model=initial_model)
    progress = Progress.read(work_dir, run) if resume else Progress(work_dir, run)
    targets, weights = targets_and_weights(validation, head_sizes(preset, train))
    model = _start(preset, train, progress, initial_model)
    # Read before the training, so that a mistake is told before the hours of it.
    others = [weights_of(directory, model, train.class_names) for directory in averaged_with]
    for phase in _phases(preset):
        done = len(progress.history)
        if done >= phase.last_epoch or progress.stalled(preset.patience):
            continue
        model = _enter_phase(model, preset, train, phase, done)
        seen = scaled(validation.images, phase.size).astype(np.float32)
        model.fit(
            _batches(preset, train, seed, done, size=phase.size, teachers=teachers),
            initial_epoch=done,
            epochs=phase.last_epoch,
            shuffle=False,  # TrainingBatches does it, by seed and epoch, as a resumed run must
            validation_data=(seen, targets, weights),
            validation_batch_size=even_batch(len(seen)),
            callbacks=[*_callbacks(preset, progress), *callbacks],
            verbose=verbose,
        )
    model = _to_keep(model, preset, train, progress)
    average(model, others)
    if preset.ema_momentum or averaged_with:
        plain = preset.override({"augmentation": NONE, "mixup": 0.0})
        recalibrate(model, _batches(plain, train, seed, preset.epochs))
    return Fit(model, progress.history, progress.seconds)


@dataclass(frozen=True)
class _Phase:
    """Epochs up to `last_epoch` that are alike."""

    first_epoch: int
    last_epoch: int
    size: int
    frozen: bool = False


def even_batch(count: int, most: int = 512) -> int:
    """Return the size of batches, up to `most`, that are as good as alike.

    To Keras, the validation loss of one of several heads is the mean of the batches' means: a last
    batch of 5 faces would count as much as one of 512.
    """
    return math.ceil(count / math.ceil(count / most))


def _check_form(preset: Preset, faces: LabelledFaces) -> None:
    expected = (preset.input_size, preset.input_size, preset.channels)
    if faces.images.shape[1:] != expected:
        raise DataError(
            f"preset {preset.name} learns from images {expected}, got {faces.images.shape[1:]}."
        )


def _start(
    preset: Preset, train: LabelledFaces, progress: Progress, initial_model: Path | None
) -> keras.Model:
    """Return the model of the last finished epoch, or a new one."""
    if progress.history:
        return keras.models.load_model(progress.checkpoint)
    model = build(preset, head_sizes(preset, train))
    if initial_model:
        initialise_from(initial_model, model, train.class_names)
    return model


def _phases(preset: Preset) -> list[_Phase]:
    """Return what the run consists of, in order: frozen or small epochs, then full ones."""
    frozen = min(preset.frozen_epochs, preset.epochs)
    small = max(frozen, min(preset.small_epochs, preset.epochs))
    return [
        _Phase(0, frozen, preset.input_size, frozen=True),
        _Phase(frozen, small, preset.small_size),
        _Phase(small, preset.epochs, preset.input_size),
    ]


def _enter_phase(
    model: keras.Model, preset: Preset, train: LabelledFaces, phase: _Phase, done: int
) -> keras.Model:
    """Compile at the start of a phase; within one, a loaded checkpoint is compiled already."""
    if done != phase.first_epoch:
        return model
    model = _resized(model, preset, train, phase.size)
    freeze(model, phase.frozen)
    steps = steps_per_epoch(len(train), preset.batch_size)
    compile_model(model, preset, steps, steps_done=done * steps)
    return model


def _resized(model: keras.Model, preset: Preset, train: LabelledFaces, size: int) -> keras.Model:
    """Return the network for images of another size; after pooling, the weights fit any."""
    if model.input_shape[1] == size:
        return model
    if preset.ema_momentum and model.compiled:
        # Where a run ends, Keras leaves the averaged weights; a checkpoint holds the others.
        model.optimizer.finalize_variable_values(model.trainable_variables)
    changed = build(preset.override({"input_size": size}), head_sizes(preset, train))
    changed.set_weights(model.get_weights())
    return changed


def _callbacks(preset: Preset, progress: Progress) -> list[keras.callbacks.Callback]:
    average = [keras.callbacks.SwapEMAWeights(swap_on_epoch=False)] if preset.ema_momentum else []
    keep = Checkpoint(progress, keep_best=preset.keep == "best", patience=preset.patience)
    return [keras.callbacks.TerminateOnNaN(), *average, keep]


def _batches(
    preset: Preset,
    train: LabelledFaces,
    seed: int,
    first_epoch: int,
    *,
    size: int | None = None,
    teachers: Teachers | None = None,
) -> TrainingBatches:
    return TrainingBatches(
        train,
        heads=head_sizes(preset, train),
        batch_size=preset.batch_size,
        augmentation=preset.augmentation,
        seed=seed,
        first_epoch=first_epoch,
        size=size,
        soft_targets=teachers.targets if teachers else None,
        mixup=preset.mixup,
    )


def _to_keep(
    model: keras.Model, preset: Preset, train: LabelledFaces, progress: Progress
) -> keras.Model:
    """Return the network with the weights to keep, in float32 throughout.

    Training may have been in bfloat16, which an exported file must not be.
    """
    if preset.keep == "best" and progress.best.is_file():
        model = keras.models.load_model(progress.best)
    if preset.ema_momentum:
        model.optimizer.finalize_variable_values(model.trainable_variables)
    keras.mixed_precision.set_global_policy("float32")
    without_download = preset.override({"weights": "none"})
    kept = build(without_download, head_sizes(preset, train))
    kept.set_weights(model.get_weights())
    return kept


def recalibrate(model: keras.Model, batches: TrainingBatches) -> None:
    """Compute batch-norm statistics anew, as plain means over some batches.

    The statistics gathered in training belong to the weights of each step, and to images that were
    changed at random; averaged weights need their own (Izmailov et al. 2018, section 3.2).
    """
    norms = [x for x in model.layers if isinstance(x, keras.layers.BatchNormalization)]
    momenta = [norm.momentum for norm in norms]
    for step in range(min(RECALIBRATION_BATCHES, len(batches))):
        for norm in norms:
            norm.momentum = step / (step + 1)
        model(batches[step][0], training=True)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
