"""Class activation maps as further outputs of a network, so that the app needs no gradients."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers

from training.keras_private import made_by

#: A head's map is the output of this name with the head's own behind it.
MAP_PREFIX = "activation_map_"


def with_activation_maps(model: keras.Model) -> keras.Model:
    """Add a class activation map per head (Zhou et al. 2016, section 2).

    A logit is the dense layer's product with the mean of the features over all places, plus a
    bias; so it is as well the mean over all places of the product there, plus the bias. The product
    at each place is the map: nothing about it is an approximation.

    Args:
        model: from images to a dictionary of logits.

    Returns:
        The same network with an output ``activation_map_<head>`` per head,
        ``(n, rows, columns, classes)``; the model itself where its heads do not stand on a global
        average pool.
    """
    pool = _pool(model)
    if pool is None:
        return model
    outputs = dict(zip(model.output_names, model.outputs, strict=True))
    projections = {head: _projection(model, head, pool.input) for head in model.output_names}
    maps = {f"{MAP_PREFIX}{head}": made[1] for head, made in projections.items()}
    extended = keras.Model(model.inputs[0], outputs | maps, name=model.name)
    for head, (layer, _) in projections.items():
        layer.set_weights([np.asarray(model.get_layer(head).kernel)[None, None]])
    return extended


def _pool(model: keras.Model) -> keras.layers.Layer | None:
    """Return the pooling layer under all heads, with at most dropout between, which is idle."""
    found = set()
    for head in model.output_names:
        below = made_by(model.get_layer(head).input)
        while isinstance(below, layers.Dropout):
            below = made_by(below.input)
        found.add(below)
    (below,) = found if len(found) == 1 else (None,)
    return below if isinstance(below, layers.GlobalAveragePooling2D) else None


def _projection(
    model: keras.Model, head: str, features: keras.KerasTensor
) -> tuple[keras.layers.Layer, keras.KerasTensor]:
    classes = model.get_layer(head).units
    name = f"{MAP_PREFIX}{head}"
    layer = layers.Conv2D(classes, 1, use_bias=False, dtype="float32", name=name)
    return layer, layer(features)
