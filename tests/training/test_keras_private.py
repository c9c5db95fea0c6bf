from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from training.keras_private import made_by, start_averages


def public(thing: object) -> dict[str, Any]:
    return {n: getattr(thing, n, None) for n in dir(thing) if not n.startswith("_")}


def test_every_tensor_leads_to_what_made_it_and_has_no_public_way_to_it() -> None:
    """In a model in a model, with an addition that is no layer."""
    image, inside = keras.Input((4,), name="image"), keras.Input((4,))
    inner = keras.Model(inside, layers.Dense(3)(inside), name="inner")
    features = layers.Dropout(0.5, name="dropout")(inner(image))
    model = keras.Model(image, layers.Dense(2, name="head")(features + 1.0))
    inner, dropout, head = (model.get_layer(n) for n in ("inner", "dropout", "head"))
    assert made_by(model.input) is model.get_layer("image")
    assert made_by(dropout.input) is inner
    assert made_by(model.output) is head
    addition = made_by(head.input)
    assert not isinstance(addition, keras.layers.Layer)
    assert made_by(addition.input) is dropout
    known = public(model.output).values()
    assert not any(head is one or head in public(one).values() for one in known)
    assert inner.output is not dropout.input, "the output of a model is not what follows it takes"


@pytest.mark.parametrize(("started", "share"), [(True, 1), (False, 0.5)])
def test_averages_begin_with_the_weights_and_by_themselves_with_zeros(
    started: bool, share: float
) -> None:
    """Told from a step in a later phase that changes nothing."""
    weights = [keras.Variable([3.0, -5.0]), keras.Variable([8.0])]
    optimizer = keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5)
    optimizer.build(weights)
    optimizer.iterations.assign(7)
    if started:
        start_averages(optimizer, weights)
    (first, _) = optimizer._model_variables_moving_average
    ways = {
        name
        for name, value in public(optimizer).items()
        if isinstance(value, list | tuple) and any(one is first for one in value)
    }
    assert ways == {"variables"}  # all of them, told apart by their names alone
    optimizer.apply([keras.ops.zeros_like(weight) for weight in weights], weights)
    optimizer.finalize_variable_values(weights)
    averages = np.concatenate([np.asarray(weight) for weight in weights])
    assert averages.tolist() == [share * weight for weight in (3.0, -5.0, 8.0)]
    with pytest.raises(ValueError, match="shorter"):
        start_averages(optimizer, [])
