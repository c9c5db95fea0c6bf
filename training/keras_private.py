"""What Keras keeps to itself and training needs; no other file touches Keras's private names.

Each function says where that was seen, what happens without it, and when it can go; its tests fail
as soon as it is needed no more, or does not work any more.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras


def made_by(tensor: keras.KerasTensor) -> keras.Operation:
    """Return the layer, model or other operation that a symbolic tensor came out of.

    Keras notes it in every tensor and has no public way to ask. A search for the layer with this
    `output` does not find a model inside a model, whose `output` is one of its own layers'.

    Seen in Keras 3.15.1. Without it, a report cannot say which layers follow which, and no network
    gets class activation maps. It can go when a tensor has a public way to its operation.
    """
    return tensor._keras_history.operation


def start_averages(optimizer: keras.Optimizer, weights: Sequence[keras.Variable]) -> None:
    """Let the moving average of all trainable weights, in their order, begin with them as they are.

    Keras begins with zeros and makes up for that in step 0 only, which a later phase never has.

    Seen in Keras 3.15.1. Without it, the averages of a later phase rise from zero, and the networks
    of its first epochs are worth nothing. It can go when Keras begins with the weights, or has a
    public way to set the averages.
    """
    for average, weight in zip(optimizer._model_variables_moving_average, weights, strict=True):
        # By way of NumPy: on JAX the two would share a buffer, which a step may not.
        average.assign(keras.ops.convert_to_numpy(weight))
