"""The fit loop: train a Keras model from a preset and a data set.

It is independent of the backend: Keras's own ``fit`` runs it on TensorFlow or on JAX.
"""

from __future__ import annotations

import math
from collections.abc import Container, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np

from fer.errors import DataError
from fer.evaluation.report import Epoch
from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD, FERPLUS_LABELS
from training.data.dataset import LabelledFaces
from training.fit.batches import (
    Mixture,
    TrainingBatches,
    scaled,
    steps_per_epoch,
    targets_and_weights,
)
from training.fit.checkpoint import Checkpoint, Run, fingerprint
from training.fit.other_models import Teachers, average, initialise_from, weights_of
from training.keras_private import start_averages
from training.networks import build, freeze
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
    teachers: Teachers | None = None,
    initial_model: Path | None = None,
    averaged_with: Sequence[Path] = (),
    share: float | None = None,
    mixture: Mixture | None = None,
) -> Fit:
    """Train a network, with a checkpoint after every epoch in `work_dir`.

    With `resume`, it goes on from there, if that is the same run. The seed decides about initial
    weights, data order and augmentation; the weights of an initial model replace the former.
    Trained weights are averaged with those of other models, in which mean their own share is 0…1,
    or all models count alike. A mixture says which of the faces are in an epoch, else each is once.
    `verbose` is Keras's progress display: 1 a bar, 2 a line per epoch.

    Returns:
        The final model, the history, and the time in seconds including earlier parts of a resumed
        run. With an exponential moving average (EMA), the model has the averaged weights (Polyak)
        and recalibrated batch-norm statistics.

    Raises:
        DataError: the data, a checkpoint, a teacher or another model does not match the preset.
    """
    shape, found = (preset.input_size, preset.input_size, preset.channels), train.images.shape[1:]
    if found != shape:
        raise DataError(f"preset {preset.name} learns from images {shape}, got {found}.")
    keras.mixed_precision.set_global_policy(preset.precision)
    keras.utils.set_random_seed(seed)
    work_dir.mkdir(parents=True, exist_ok=True)
    same = fingerprint(preset, train, seed=seed, teachers=teachers, initial_model=initial_model)
    run = Run.read(work_dir, same) if resume else Run(work_dir, same)
    heads = head_sizes(preset, train)
    model = run.load_checkpoint() if run.history else build(preset, heads)
    if initial_model and not run.history:
        initialise_from(initial_model, model, train.class_names)
    # Read before training, so that an error is reported before hours of work.
    other_weights = [weights_of(directory, model, train.class_names) for directory in averaged_with]
    steps = steps_per_epoch(len(mixture or train), preset.batch_size)
    batches = partial(TrainingBatches, train, heads=heads, batch_size=preset.batch_size, seed=seed)
    for phase in _phases(preset):
        epochs_done = len(run.history)
        if epochs_done >= phase.last_epoch or run.stalled(preset.patience):
            continue
        if epochs_done == phase.first_epoch:  # a checkpoint from within a phase is compiled already
            model = _compiled(model, preset, heads, phase, steps)
        build_losses(model)
        measured = Validation(validation, heads, size=phase.size)
        model.fit(
            batches(
                augmentation=preset.augmentation,
                first_epoch=epochs_done,
                size=phase.size,
                teachers=teachers,
                mixture=mixture,
            ),
            initial_epoch=epochs_done,
            epochs=phase.last_epoch,
            shuffle=False,  # TrainingBatches shuffles by seed and epoch, so runs can be resumed
            callbacks=[
                measured,
                keras.callbacks.TerminateOnNaN(),
                Checkpoint(run, measured.domains, preset.keep == "best", preset.patience),
                *callbacks,
            ],
            verbose=verbose,
        )
    model = _final_model(model, preset, heads, run)
    average(model, other_weights, share)
    if preset.ema_momentum or averaged_with:
        recalibrate(model, batches(augmentation=NONE, first_epoch=preset.epochs))
    return Fit(model, run.history, run.seconds)


@dataclass(frozen=True)
class _Phase:
    """Consecutive epochs with the same settings, from `first_epoch` up to `last_epoch`."""

    first_epoch: int
    last_epoch: int
    size: int
    frozen: bool = False


def _phases(preset: Preset) -> tuple[_Phase, ...]:
    """Return the phases of a run in order: frozen backbone, small images, full-size images."""
    frozen = min(preset.frozen_epochs, preset.epochs)
    small = max(frozen, min(preset.small_epochs, preset.epochs))
    return (
        _Phase(0, frozen, preset.input_size, frozen=True),
        _Phase(frozen, small, preset.small_size),
        _Phase(small, preset.epochs, preset.input_size),
    )


class Validation(keras.callbacks.Callback):
    """Measures the validation faces after every epoch, each domain apart, as Keras's own would.

    Attributes:
        domains: figures of each domain after the last epoch; empty where there is only one. They
            are not in the logs, since Keras's progress bar takes the mean of all that is there.
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


def _compiled(
    model: keras.Model, preset: Preset, heads: dict[str, int], phase: _Phase, steps: int
) -> keras.Model:
    if model.input_shape[1] != phase.size:  # after global pooling, the weights fit another size
        if preset.ema_momentum and model.compiled:
            # Keras ends a phase with the averaged weights, but a checkpoint holds the raw ones.
            model.optimizer.finalize_variable_values(model.trainable_variables)
        weights = model.get_weights()
        model = build(preset.override({"input_size": phase.size}), heads)
        model.set_weights(weights)
    freeze(model, phase.frozen, norms=preset.frozen_norms)
    if phase.frozen and preset.frozen_learning_rate:
        rate = {"learning_rate": preset.frozen_learning_rate, "schedule": "constant"}
        preset = preset.override(rate)
    compile_model(model, preset, steps, steps_done=phase.first_epoch * steps)
    return model


def _final_model(
    model: keras.Model, preset: Preset, heads: dict[str, int], run: Run
) -> keras.Model:
    """Return the network with the final weights, entirely in float32.

    Training may use bfloat16, but an exported file must not.
    """
    if preset.keep == "best" and run.best.is_file():
        model = run.load_best()
    if preset.ema_momentum:
        model.optimizer.finalize_variable_values(model.trainable_variables)
    keras.mixed_precision.set_global_policy("float32")
    final = build(preset.override({"weights": "none"}), heads)  # without a download
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


def compile_model(
    model: keras.Model, preset: Preset, steps_per_epoch: int, steps_done: int = 0
) -> None:
    """Compile a network with the losses and the optimizer of a preset."""
    optimizer = _optimizer(preset, steps_per_epoch)
    optimizer.build(model.trainable_variables)
    optimizer.iterations.assign(steps_done)
    if preset.ema_momentum:
        start_averages(optimizer, model.trainable_variables)
    model.compile(
        optimizer=optimizer,
        loss={
            head: keras.losses.CategoricalCrossentropy(
                from_logits=True,
                label_smoothing=preset.label_smoothing if head == EXPRESSION_HEAD else 0.0,
            )
            for head in model.output_names
        },
        loss_weights={
            head: preset.vote_weight if head == FERPLUS_HEAD else 1.0 for head in model.output_names
        },
        metrics={EXPRESSION_HEAD: [keras.metrics.CategoricalAccuracy(name="accuracy")]},
        # XLA made TensorFlow three times slower on a CPU; JAX requires it.
        jit_compile=keras.backend.backend() == "jax",
    )


def build_losses(model: keras.Model) -> None:
    """Compute one loss of zeros, so that Keras creates the variables in which it sums losses.

    Otherwise it creates them in the first training step, and TensorFlow traces a step that creates
    variables twice, which takes seconds.
    """
    zeros = {
        name: keras.ops.zeros((1, output.shape[-1]))
        for name, output in zip(model.output_names, model.outputs, strict=True)
    }
    model.compute_loss(y=zeros, y_pred=zeros)


def _optimizer(preset: Preset, steps_per_epoch: int) -> keras.optimizers.Optimizer:
    average = {"use_ema": True, "ema_momentum": preset.ema_momentum} if preset.ema_momentum else {}
    rate: float | keras.optimizers.schedules.LearningRateSchedule = preset.learning_rate
    if preset.schedule == "cosine":
        total = preset.epochs * steps_per_epoch
        warmup = min(round(preset.warmup_epochs * steps_per_epoch), total // 2)
        rate = keras.optimizers.schedules.CosineDecay(
            preset.learning_rate / (warmup or 1),
            decay_steps=total - warmup,
            warmup_target=preset.learning_rate if warmup else None,
            warmup_steps=warmup,
        )
    if preset.optimizer == "adam":
        optimizer = keras.optimizers.Adam(rate, weight_decay=preset.weight_decay or None, **average)
    else:
        optimizer = keras.optimizers.SGD(
            rate,
            momentum=preset.momentum,
            nesterov=True,
            # Keras applies weight decay outside the momentum, whereas L2 regularisation is
            # amplified by momentum by 1 / (1 - momentum). This factor makes them equivalent.
            weight_decay=preset.weight_decay / (1 - preset.momentum) or None,
            **average,
        )
    if preset.weight_decay:
        optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimizer


def distribute() -> int:
    """Split every batch over all devices of this process; return the number of devices."""
    if keras.backend.backend() != "jax":
        raise DataError(
            "--distribute needs Keras's JAX backend: `pip install -r requirements-jax.txt`, then "
            "set KERAS_BACKEND=jax."
        )
    devices = keras.distribution.list_devices()
    keras.distribution.set_distribution(keras.distribution.DataParallel(devices=devices))
    return len(devices)
