"""What is read from a network's layers: class activation maps and the table of a report."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers

from fer.evaluation.report import Layer
from training.keras_private import made_by

#: The map of a head is the output named by this prefix and the head's name.
MAP_PREFIX = "activation_map_"


def with_activation_maps(model: keras.Model) -> keras.Model:
    """Add a class activation map per head (Zhou et al. 2016, section 2).

    A logit is the product of the dense weights with the mean of the features over all positions,
    plus a bias. The product is linear, so the logit is also the mean of the products at all
    positions, plus the bias. These products are the map, without any approximation.

    Returns:
        The same network with one more output ``activation_map_<head>`` per head,
        ``(n, rows, columns, classes)``; the unchanged model if its heads do not follow one global
        average pooling layer.
    """
    pool = _pool(model)
    if pool is None:
        return model
    outputs = dict(zip(model.output_names, model.outputs, strict=True))
    for head in model.output_names:
        dense, name = model.get_layer(head), f"{MAP_PREFIX}{head}"
        layer = layers.Conv2D(dense.units, 1, use_bias=False, dtype="float32", name=name)
        outputs[name] = layer(pool.input)
        layer.set_weights([np.asarray(dense.kernel)[None, None]])
    return keras.Model(model.inputs[0], outputs, name=model.name)


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


def layer_table(model: keras.Model) -> tuple[Layer, ...]:
    """Return one row per layer in order of computation; nested models are expanded."""
    rows: list[Layer] = []
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            rows += layer_table(layer)
            continue
        output = layer.output[0] if isinstance(layer.output, list | tuple) else layer.output
        tensors = layer.input if isinstance(layer.input, list | tuple) else [layer.input]
        is_input = isinstance(layer, keras.layers.InputLayer)
        rows.append(
            Layer(
                name=layer.name,
                kind=type(layer).__name__,
                shape=tuple(int(n or 0) for n in output.shape[1:]),
                parameters=layer.count_params(),
                inputs=() if is_input else tuple(made_by(tensor).name for tensor in tensors),
                **_settings(layer),
            )
        )
    return tuple(rows)


def _settings(layer: keras.layers.Layer) -> dict[str, Any]:
    """Return what tells a layer from others of its kind, as fields of `Layer`."""
    match layer:
        case keras.layers.Conv2D():
            stride, width = layer.strides[0], layer.filters
            return {"kernel": layer.kernel_size, "stride": stride, "width": width}
        case keras.layers.MaxPooling2D():
            return {"kernel": layer.pool_size}
        case keras.layers.Dense():
            return {"width": layer.units}
        case keras.layers.Dropout():
            return {"rate": layer.rate}
        case keras.layers.Activation():
            return {"activation": layer.activation.__name__}
    return {}
