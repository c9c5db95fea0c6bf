"""Weights of trained models: to begin with, and to average the outcome with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from fer.errors import DataError
from fer.labels import EXPRESSION_HEAD
from fer.model.spec import ModelSpec
from fer.types import Floats
from training.data.class_names import check_known
from training.export.litert import keras_file

Weights = list[Floats]


def initialise_from(directory: Path, model: keras.Model, class_names: tuple[str, ...]) -> None:
    """Copy the weights of a trained model, layer by layer.

    The expression head stays as it is where the trained one knows other classes, and so does a head
    that the trained model has not.

    Args:
        directory: of the trained model.
        model: changed in place.
        class_names: what its expression head is to learn.

    Raises:
        DataError: there is no trained network, or it is another one.
    """
    file = keras_file(directory, "a training can begin with a trained model only")
    trained, spec = keras.models.load_model(file), ModelSpec.load(directory)
    same_classes = spec.labels == class_names
    heads, old_heads = set(model.output_names), {head.name: head.output for head in spec.heads}
    for name in heads & old_heads.keys():
        if same_classes or name != EXPRESSION_HEAD:
            _copy(trained.get_layer(old_heads[name]), model.get_layer(name), directory)
    # Keras numbers layers without a name of their own, so the place counts.
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
    has, needs = ([tuple(w.shape) for w in layer.weights] for layer in (old, new))
    if has != needs:
        raise DataError(
            f"{directory} is another network: its layer {old.name!r} has the weights {has}, "
            f"expected {needs}."
        )
    new.set_weights(old.get_weights())


def weights_of(directory: Path, model: keras.Model, class_names: tuple[str, ...]) -> Weights:
    """Return the weights of a trained model, to be averaged with those of another.

    Args:
        directory: of the trained model.
        model: what they are to be averaged with; its weights may be any yet.
        class_names: the classes that both have to know.

    Raises:
        DataError: there is no trained model, it knows other classes, or it is another network.
    """
    file = keras_file(directory, "only a trained model can be averaged with")
    check_known(str(directory), ModelSpec.load(directory).labels, class_names)
    weights: Weights = keras.models.load_model(file, compile=False).get_weights()
    if [w.shape for w in weights] != [w.shape for w in model.get_weights()]:
        raise DataError(f"{directory} is another network; its weights have no mean with these.")
    return weights


def average(model: keras.Model, others: Sequence[Weights]) -> None:
    """Replace the weights of a network by their mean with those of others, in equal parts.

    Ends of trainings of which one began where another ended can lie in one wide valley, and their
    mean nearer to its middle (Wortsman et al. 2022). Batch-norm statistics have to be computed anew
    afterwards.

    Args:
        model: changed in place.
        others: see `weights_of`.
    """
    parts = zip(model.get_weights(), *others, strict=True)
    model.set_weights([np.mean(part, axis=0) for part in parts])
