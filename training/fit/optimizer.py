"""Losses, optimizer and learning rate schedule of a preset, and its devices."""

from __future__ import annotations

import keras

from fer.errors import DataError
from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD
from training.keras_private import start_averages
from training.presets.schema import Preset


def compile_model(
    model: keras.Model, preset: Preset, steps_per_epoch: int, steps_done: int = 0
) -> None:
    """Compile a network with the losses and the optimizer of a preset.

    Args:
        model: network with one linear output per head.
        preset: the configuration.
        steps_per_epoch: optimizer steps per epoch.
        steps_done: step of the schedule at which to start.
    """
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

    Args:
        model: compiled network.
    """
    zeros = {
        name: keras.ops.zeros((1, output.shape[-1]))
        for name, output in zip(model.output_names, model.outputs, strict=True)
    }
    model.compute_loss(y=zeros, y_pred=zeros)


def _optimizer(preset: Preset, steps_per_epoch: int) -> keras.optimizers.Optimizer:
    average = {"use_ema": True, "ema_momentum": preset.ema_momentum} if preset.ema_momentum else {}
    rate = _learning_rate(preset, steps_per_epoch)
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


def _learning_rate(
    preset: Preset, steps_per_epoch: int
) -> float | keras.optimizers.schedules.LearningRateSchedule:
    if preset.schedule == "constant":
        return preset.learning_rate
    total = preset.epochs * steps_per_epoch
    warmup = min(round(preset.warmup_epochs * steps_per_epoch), total // 2)
    if not warmup:
        return keras.optimizers.schedules.CosineDecay(preset.learning_rate, total)
    return keras.optimizers.schedules.CosineDecay(
        preset.learning_rate / warmup,
        decay_steps=total - warmup,
        warmup_target=preset.learning_rate,
        warmup_steps=warmup,
    )


def distribute() -> int:
    """Split every batch over all devices of this process; return the number of devices.

    Raises:
        DataError: the Keras backend is not JAX.
    """
    if keras.backend.backend() != "jax":
        raise DataError(
            "--distribute needs Keras's JAX backend: `pip install -r requirements-jax.txt`, then "
            "set KERAS_BACKEND=jax."
        )
    devices = keras.distribution.list_devices()
    keras.distribution.set_distribution(keras.distribution.DataParallel(devices=devices))
    return len(devices)
