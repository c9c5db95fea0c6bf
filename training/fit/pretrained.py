"""What a network starts with: weights of trained models, losses, optimizer and schedule."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from fer.errors import DataError
from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD
from fer.model.spec import ModelSpec
from fer.types import Floats
from training.data.dataset import check_known
from training.export import keras_file
from training.keras_private import start_averages
from training.presets.schema import Preset


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


Weights = list[Floats]


def initialise_from(directory: Path, model: keras.Model, class_names: tuple[str, ...]) -> None:
    """Copy the weights of a trained model, layer by layer.

    The expression head is not copied if the trained model has other classes. Heads that the trained
    model lacks are not changed either.

    Raises:
        DataError: there is no trained network, or its layers do not match.
    """
    file = keras_file(directory, "a training can begin with a trained model only")
    trained, spec = keras.models.load_model(file), ModelSpec.load(directory)
    same_classes = spec.labels == class_names
    heads, old_heads = set(model.output_names), {head.name: head.output for head in spec.heads}
    pairs = [
        (trained.get_layer(old_heads[name]), model.get_layer(name))
        for name in heads & old_heads.keys()
        if same_classes or name != EXPRESSION_HEAD
    ]
    # Matched by position, because Keras numbers unnamed layers differently each time.
    theirs = [x for x in trained.layers if x.weights and x.name not in trained.output_names]
    ours = [x for x in model.layers if x.weights and x.name not in heads]
    if len(theirs) != len(ours):
        raise DataError(
            f"{directory} is another network: {len(theirs)} layers with weights below its heads, "
            f"expected {len(ours)}."
        )
    for old, new in (*pairs, *zip(theirs, ours, strict=True)):
        old_shapes, new_shapes = ([tuple(w.shape) for w in one.weights] for one in (old, new))
        if old_shapes != new_shapes:
            raise DataError(
                f"{directory} is another network: its layer {old.name!r} has the weights "
                f"{old_shapes}, expected {new_shapes}."
            )
        new.set_weights(old.get_weights())


def weights_of(directory: Path, model: keras.Model, class_names: tuple[str, ...]) -> Weights:
    """Return the weights of a trained model for weight averaging.

    Raises:
        DataError: there is no trained model, or it has other classes or other weight shapes.
    """
    file = keras_file(directory, "only a trained model can be averaged with")
    check_known(str(directory), ModelSpec.load(directory).labels, class_names)
    weights: Weights = keras.models.load_model(file, compile=False).get_weights()
    if [w.shape for w in weights] != [w.shape for w in model.get_weights()]:
        raise DataError(f"{directory} is another network; its weights have no mean with these.")
    return weights


def average(model: keras.Model, others: Sequence[Weights], share: float | None = None) -> None:
    """Replace the weights of a network by a mean of its own and other weights.

    If one training started from the result of another, both results can lie in the same wide
    minimum of the loss, and their mean is then closer to its centre (Wortsman et al. 2022).
    Batch-norm statistics must be recalibrated afterwards.

    Args:
        model: network, changed in place.
        others: weights of the other models, see `weights_of`.
        share: weight of its own in the mean, 0…1, the others sharing the rest alike; None if all
            count alike.
    """
    if not others:
        return
    shares = None if share is None else [share, *[(1 - share) / len(others)] * len(others)]
    parts = zip(model.get_weights(), *others, strict=True)
    model.set_weights(
        [np.average(part, axis=0, weights=shares).astype(part[0].dtype) for part in parts]
    )
