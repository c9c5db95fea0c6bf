"""The layer table of a report, read from a Keras model."""

from __future__ import annotations

from typing import Any

import keras

from fer.evaluation.report import Layer
from training.keras_private import made_by


def layer_table(model: keras.Model) -> tuple[Layer, ...]:
    """Return one row per layer in order of computation; nested models are expanded."""
    rows: list[Layer] = []
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            rows += layer_table(layer)
            continue
        rows.append(
            Layer(
                name=layer.name,
                kind=type(layer).__name__,
                shape=tuple(int(n) for n in _output_shape(layer)),
                parameters=layer.count_params(),
                inputs=_inputs(layer),
                **_settings(layer),
            )
        )
    return tuple(rows)


def _output_shape(layer: keras.layers.Layer) -> tuple[Any, ...]:
    output = layer.output
    tensor = output[0] if isinstance(output, list | tuple) else output
    return tuple(n or 0 for n in tensor.shape[1:])


def _inputs(layer: keras.layers.Layer) -> tuple[str, ...]:
    if isinstance(layer, keras.layers.InputLayer):
        return ()
    tensors = layer.input if isinstance(layer.input, list | tuple) else [layer.input]
    return tuple(made_by(tensor).name for tensor in tensors)


def _settings(layer: keras.layers.Layer) -> dict[str, Any]:
    """Return what tells a layer from others of its kind, as fields of `Layer`."""
    match layer:
        case keras.layers.Conv2D():
            return {
                "kernel": layer.kernel_size,
                "stride": layer.strides[0],
                "width": layer.filters,
            }
        case keras.layers.MaxPooling2D():
            return {"kernel": layer.pool_size}
        case keras.layers.Dense():
            return {"width": layer.units}
        case keras.layers.Dropout():
            return {"rate": layer.rate}
        case keras.layers.Activation():
            return {"activation": layer.activation.__name__}
    return {}
