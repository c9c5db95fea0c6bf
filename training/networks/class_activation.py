"""Class activation maps as additional network outputs, so that the app needs no gradients."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers

from training.keras_private import made_by

#: The map of a head is the output named by this prefix and the head's name.
MAP_PREFIX = "activation_map_"


def with_activation_maps(model: keras.Model) -> keras.Model:
    """Add a class activation map per head (Zhou et al. 2016, section 2).

    A logit is the product of the dense weights with the mean of the features over all positions,
    plus a bias. The product is linear, so the logit is also the mean of the products at all
    positions, plus the bias. These products are the map, without any approximation.

    Args:
        model: network from images to a dictionary of logits.

    Returns:
        The same network with one more output ``activation_map_<head>`` per head,
        ``(n, rows, columns, classes)``; the unchanged model if its heads do not follow one global
        average pooling layer.
    """
    pool = _pool(model)
    if pool is None:
        return model
    outputs = dict(zip(model.output_names, model.outputs, strict=True))
    projections = {head: _projection(model, head, pool.input) for head in model.output_names}
    maps = {f"{MAP_PREFIX}{head}": projection[1] for head, projection in projections.items()}
    extended = keras.Model(model.inputs[0], outputs | maps, name=model.name)
    for head, (layer, _) in projections.items():
        layer.set_weights([np.asarray(model.get_layer(head).kernel)[None, None]])
    return extended


def _pool(model: keras.Model) -> keras.layers.Layer | None:
    """Return the pooling layer below all heads; only dropout, inactive in inference, may follow."""
    pools = set()
    for head in model.output_names:
        below = made_by(model.get_layer(head).input)
        while isinstance(below, layers.Dropout):
            below = made_by(below.input)
        pools.add(below)
    (below,) = pools if len(pools) == 1 else (None,)
    return below if isinstance(below, layers.GlobalAveragePooling2D) else None


def _projection(
    model: keras.Model, head: str, features: keras.KerasTensor
) -> tuple[keras.layers.Layer, keras.KerasTensor]:
    classes = model.get_layer(head).units
    name = f"{MAP_PREFIX}{head}"
    layer = layers.Conv2D(classes, 1, use_bias=False, dtype="float32", name=name)
    return layer, layer(features)
