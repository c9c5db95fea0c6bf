"""Use the weights of trained models for initialisation and for weight averaging."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from fer.errors import DataError
from fer.labels import EXPRESSION_HEAD
from fer.model.spec import ModelSpec
from fer.types import Floats
from training.data.dataset import check_known
from training.export.litert import keras_file

Weights = list[Floats]


def initialise_from(directory: Path, model: keras.Model, class_names: tuple[str, ...]) -> None:
    """Copy the weights of a trained model, layer by layer.

    The expression head is not copied if the trained model has other classes. Heads that the trained
    model lacks are not changed either.

    Args:
        directory: model directory of the trained model.
        model: network to initialise, changed in place.
        class_names: classes of its expression head.

    Raises:
        DataError: there is no trained network, or its layers do not match.
    """
    file = keras_file(directory, "a training can begin with a trained model only")
    trained, spec = keras.models.load_model(file), ModelSpec.load(directory)
    same_classes = spec.labels == class_names
    heads, old_heads = set(model.output_names), {head.name: head.output for head in spec.heads}
    for name in heads & old_heads.keys():
        if same_classes or name != EXPRESSION_HEAD:
            _copy(trained.get_layer(old_heads[name]), model.get_layer(name), directory)
    # Matched by position, because Keras numbers unnamed layers differently each time.
    theirs = [x for x in trained.layers if x.weights and x.name not in trained.output_names]
    ours = [x for x in model.layers if x.weights and x.name not in heads]
    if len(theirs) != len(ours):
        raise DataError(
            f"{directory} is another network: {len(theirs)} layers with weights below its heads, "
            f"expected {len(ours)}."
        )
    for old, new in zip(theirs, ours, strict=True):
        _copy(old, new, directory)


def _copy(old: keras.Layer, new: keras.Layer, directory: Path) -> None:
    old_shapes, new_shapes = ([tuple(w.shape) for w in layer.weights] for layer in (old, new))
    if old_shapes != new_shapes:
        raise DataError(
            f"{directory} is another network: its layer {old.name!r} has the weights {old_shapes}, "
            f"expected {new_shapes}."
        )
    new.set_weights(old.get_weights())


def weights_of(directory: Path, model: keras.Model, class_names: tuple[str, ...]) -> Weights:
    """Return the weights of a trained model for weight averaging.

    Args:
        directory: model directory of the trained model.
        model: network with whose weights they will be averaged; only its weight shapes matter here.
        class_names: classes that both models must have.

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
