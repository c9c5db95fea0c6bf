"""The layer table of a report, read off a Keras model."""

from __future__ import annotations

from typing import Any

import keras

from fer.evaluation.report import Layer
from training.keras_private import made_by


def layer_table(model: keras.Model) -> tuple[Layer, ...]:
    """Return a row per layer, in the order of computation; nested models are unfolded."""
    rows: list[Layer] = []
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            rows += layer_table(layer)
            continue
        rows.append(
            Layer(
                name=layer.name,
                kind=type(layer).__name__,
                detail=_detail(layer),
                shape=tuple(int(n) for n in _output_shape(layer)),
                parameters=layer.count_params(),
                inputs=_inputs(layer),
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


def _detail(layer: keras.layers.Layer) -> str:
    match layer:
        case keras.layers.Conv2D():
            kernel = "×".join(map(str, layer.kernel_size))
            stride = f", stride {layer.strides[0]}" if layer.strides[0] > 1 else ""
            return f"{kernel}, {layer.filters} filters{stride}"
        case keras.layers.Dense():
            return f"{layer.units} units"
        case keras.layers.Dropout():
            return f"rate {layer.rate:g}"
        case keras.layers.Activation():
            return str(layer.activation.__name__)
        case keras.layers.MaxPooling2D():
            return "×".join(map(str, layer.pool_size))
    return ""
