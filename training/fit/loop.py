"""The fit loop: train a Keras model from a preset and a data set.

It is independent of the backend: Keras's own ``fit`` runs it on TensorFlow or on JAX.
"""

from __future__ import annotations

import math
from collections.abc import Container, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from fer.errors import DataError
from fer.evaluation.report import Epoch
from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD, FERPLUS_LABELS
from training.data.dataset import LabelledFaces
from training.fit.batches import TrainingBatches, scaled, steps_per_epoch, targets_and_weights
from training.fit.checkpoint import Checkpoint, Progress
from training.fit.distillation import Teaching
from training.fit.fingerprint import fingerprint
from training.fit.mixture import Mixture
from training.fit.optimizer import build_losses, compile_model
from training.fit.pretrained import average, initialise_from, weights_of
from training.networks.build import build
from training.networks.transfer import freeze
from training.presets.schema import NONE, Preset

#: Number of batches for the recalibration of batch-norm statistics after weight averaging.
RECALIBRATION_BATCHES = 100


@dataclass(frozen=True)
class Fit:
    """Result of a training: the final model, its history, and the wall-clock time in seconds."""

    model: keras.Model
    history: list[Epoch]
    seconds: float


def head_sizes(preset: Preset, faces: LabelledFaces) -> dict[str, int]:
    """Return the network's heads and their numbers of classes for a data set."""
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
    teachers: Teaching | None = None,
    initial_model: Path | None = None,
    averaged_with: Sequence[Path] = (),
    share: float | None = None,
    mixture: Mixture | None = None,
) -> Fit:
    """Train a network, with a checkpoint after every epoch.

    Args:
        preset: the configuration.
        train: training faces.
        validation: validation faces; they are only evaluated.
        seed: seed of initial weights, data order and augmentation.
        work_dir: directory for checkpoints.
        resume: continue from the checkpoint in `work_dir`, if there is one of the same run.
        verbose: Keras's progress display: 1 a bar, 2 a line per epoch.
        callbacks: additional Keras callbacks.
        teachers: teacher models for knowledge distillation.
        initial_model: directory of a model whose weights replace the random initialisation.
        averaged_with: directories of models with which the trained weights are averaged.
        share: weight of the trained weights in that mean, 0…1; None if all models count alike.
        mixture: which of the training faces are in an epoch; None for each of them once.

    Returns:
        The final model, the history, and the time in seconds including earlier parts of a resumed
        run. With an exponential moving average (EMA), the model has the averaged weights (Polyak)
        and recalibrated batch-norm statistics.

    Raises:
        DataError: the data, a checkpoint, a teacher or another model does not match the preset.
    """
    _check_image_shape(preset, train)
    keras.mixed_precision.set_global_policy(preset.precision)
    keras.utils.set_random_seed(seed)
    work_dir.mkdir(parents=True, exist_ok=True)
    run = fingerprint(preset, train, seed=seed, teachers=teachers, initial_model=initial_model)
    progress = Progress.read(work_dir, run) if resume else Progress(work_dir, run)
    model = _initial_model(preset, train, progress, initial_model)
    # Read before training, so that an error is reported before hours of work.
    other_weights = [weights_of(directory, model, train.class_names) for directory in averaged_with]
    for phase in _phases(preset):
        epochs_done = len(progress.history)
        if epochs_done >= phase.last_epoch or progress.stalled(preset.patience):
            continue
        steps = steps_per_epoch(len(mixture or train), preset.batch_size)
        model = _enter_phase(model, preset, train, phase, epochs_done, steps)
        build_losses(model)
        first, size = epochs_done, phase.size
        measured = Validation(validation, head_sizes(preset, train), size=size)
        model.fit(
            _batches(preset, train, seed, first, size=size, teachers=teachers, mixture=mixture),
            initial_epoch=epochs_done,
            epochs=phase.last_epoch,
            shuffle=False,  # TrainingBatches shuffles by seed and epoch, so runs can be resumed
            callbacks=[
                measured,
                keras.callbacks.TerminateOnNaN(),
                Checkpoint(
                    progress,
                    measured.domains,
                    keep_best=preset.keep == "best",
                    patience=preset.patience,
                ),
                *callbacks,
            ],
            verbose=verbose,
        )
    model = _final_model(model, preset, train, progress)
    average(model, other_weights, share)
    if preset.ema_momentum or averaged_with:
        plain = preset.override({"augmentation": NONE, "mixup": 0.0})
        recalibrate(model, _batches(plain, train, seed, preset.epochs))
    return Fit(model, progress.history, progress.seconds)


@dataclass(frozen=True)
class _Phase:
    """Consecutive epochs with the same settings, from `first_epoch` up to `last_epoch`."""

    first_epoch: int
    last_epoch: int
    size: int
    frozen: bool = False


class Validation(keras.callbacks.Callback):
    """Measures the validation faces after every epoch, each domain apart.

    Adds to the logs what Keras's own validation would.

    Attributes:
        domains: figures of each domain after the last epoch; empty where there is only one. They
            are not in the logs, since Keras's progress bar takes the mean of all that is there.

    Args:
        faces: the validation faces.
        heads: names of the network's outputs.
        size: side in pixels of the images.
    """

    def __init__(self, faces: LabelledFaces, heads: Container[str], *, size: int) -> None:
        super().__init__()
        self.domains: dict[str, dict[str, float]] = {}
        self._faces = {
            name: (
                scaled(part.images, size).astype(np.float32), *targets_and_weights(part, heads)
            )
            for name, part in faces.by_domain().items()
            if len(part)
        }  # fmt: skip

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Measure with the averaged weights, if there are any."""
        assert logs is not None
        average = [keras.callbacks.SwapEMAWeights()] if self.model.optimizer.use_ema else []
        domains = {
            name: self.model.evaluate(
                images,
                targets,
                sample_weight=weights,
                batch_size=even_batch_size(len(images)),
                callbacks=average,
                verbose=0,
                return_dict=True,
            )
            for name, (images, targets, weights) in self._faces.items()
        }
        shares = [len(images) for images, *_ in self._faces.values()]
        for figure in next(iter(domains.values())):
            values = [figures[figure] for figures in domains.values()]
            logs[f"val_{figure}"] = float(np.average(values, weights=shares))
        if len(domains) > 1:
            self.domains.update(domains)


def even_batch_size(count: int, most: int = 512) -> int:
    """Return a batch size, at most `most`, that gives batches of nearly equal size.

    For a model with several heads, Keras computes each head's validation loss as the mean of batch
    means, so a last batch of 5 faces would count as much as one of 512.
    """
    return math.ceil(count / math.ceil(count / most))


def _check_image_shape(preset: Preset, faces: LabelledFaces) -> None:
    expected = (preset.input_size, preset.input_size, preset.channels)
    if faces.images.shape[1:] != expected:
        raise DataError(
            f"preset {preset.name} learns from images {expected}, got {faces.images.shape[1:]}."
        )


def _initial_model(
    preset: Preset, train: LabelledFaces, progress: Progress, initial_model: Path | None
) -> keras.Model:
    """Return the model of the last finished epoch, or a new one if there is none."""
    if progress.history:
        return keras.models.load_model(progress.checkpoint)
    model = build(preset, head_sizes(preset, train))
    if initial_model:
        initialise_from(initial_model, model, train.class_names)
    return model


def _phases(preset: Preset) -> list[_Phase]:
    """Return the phases of a run in order: frozen backbone, small images, full-size images."""
    frozen = min(preset.frozen_epochs, preset.epochs)
    small = max(frozen, min(preset.small_epochs, preset.epochs))
    return [
        _Phase(0, frozen, preset.input_size, frozen=True),
        _Phase(frozen, small, preset.small_size),
        _Phase(small, preset.epochs, preset.input_size),
    ]


def _enter_phase(
    model: keras.Model,
    preset: Preset,
    train: LabelledFaces,
    phase: _Phase,
    epochs_done: int,
    steps: int,
) -> keras.Model:
    """Compile the model at the start of a phase; a checkpoint from within it is already."""
    if epochs_done != phase.first_epoch:
        return model
    model = _resized(model, preset, train, phase.size)
    freeze(model, phase.frozen, norms=preset.frozen_norms)
    if phase.frozen and preset.frozen_learning_rate:
        rate = {"learning_rate": preset.frozen_learning_rate, "schedule": "constant"}
        preset = preset.override(rate)
    compile_model(model, preset, steps, steps_done=epochs_done * steps)
    return model


def _resized(model: keras.Model, preset: Preset, train: LabelledFaces, size: int) -> keras.Model:
    """Return the network for another image size; after global pooling, the weights fit."""
    if model.input_shape[1] == size:
        return model
    if preset.ema_momentum and model.compiled:
        # Keras ends a phase with the averaged weights, but a checkpoint holds the raw ones.
        model.optimizer.finalize_variable_values(model.trainable_variables)
    resized = build(preset.override({"input_size": size}), head_sizes(preset, train))
    resized.set_weights(model.get_weights())
    return resized


def _batches(
    preset: Preset,
    train: LabelledFaces,
    seed: int,
    first_epoch: int,
    *,
    size: int | None = None,
    teachers: Teaching | None = None,
    mixture: Mixture | None = None,
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
        mixture=mixture,
    )


def _final_model(
    model: keras.Model, preset: Preset, train: LabelledFaces, progress: Progress
) -> keras.Model:
    """Return the network with the final weights, entirely in float32.

    Training may use bfloat16, but an exported file must not.
    """
    if preset.keep == "best" and progress.best.is_file():
        model = keras.models.load_model(progress.best)
    if preset.ema_momentum:
        model.optimizer.finalize_variable_values(model.trainable_variables)
    keras.mixed_precision.set_global_policy("float32")
    without_download = preset.override({"weights": "none"})
    final = build(without_download, head_sizes(preset, train))
    final.set_weights(model.get_weights())
    return final


def recalibrate(model: keras.Model, batches: TrainingBatches) -> None:
    """Recalibrate the batch-norm statistics as plain means over some batches.

    The statistics from training belong to the weights of each step and to augmented images.
    Averaged weights need statistics of their own (Izmailov et al. 2018, section 3.2).
    """
    norms = [x for x in model.layers if isinstance(x, keras.layers.BatchNormalization)]
    momenta = [norm.momentum for norm in norms]
    for step in range(min(RECALIBRATION_BATCHES, len(batches))):
        for norm in norms:
            norm.momentum = step / (step + 1)
        model(batches[step][0], training=True)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
