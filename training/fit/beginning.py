"""Beginning with what another training has learnt."""

from __future__ import annotations

from pathlib import Path

import keras

from fer.errors import DataError
from fer.model.spec import EXPRESSION_HEAD, ModelSpec
from training.export.litert import keras_file


def take_over(directory: Path, model: keras.Model, class_names: tuple[str, ...]) -> None:
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
    trained = keras.models.load_model(file)
    same_classes = ModelSpec.load(directory).labels == class_names
    heads, old_heads = set(model.output_names), set(trained.output_names)
    for name in heads & old_heads:
        if same_classes or name != EXPRESSION_HEAD:
            _copy(trained.get_layer(name), model.get_layer(name), directory)
    # Keras numbers layers without a name of their own, so the place counts.
    theirs = [x for x in trained.layers if x.weights and x.name not in old_heads]
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
