from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from training.keras_private import made_by, start_averages


@pytest.fixture
def model() -> keras.Model:
    """A model in a model, with an addition that is no layer."""
    image = keras.Input((4,), name="image")
    inside = keras.Input((4,))
    inner = keras.Model(inside, layers.Dense(3)(inside), name="inner")
    features = layers.Dropout(0.5, name="dropout")(inner(image))
    return keras.Model(image, layers.Dense(2, name="head")(features + 1.0))


def test_every_tensor_leads_to_what_made_it(model: keras.Model) -> None:
    inner, dropout, head = (model.get_layer(n) for n in ("inner", "dropout", "head"))
    assert made_by(model.input) is model.get_layer("image")
    assert made_by(dropout.input) is inner
    assert made_by(model.output) is head
    addition = made_by(head.input)
    assert not isinstance(addition, keras.layers.Layer)
    assert made_by(addition.input) is dropout


def public(thing: object) -> dict[str, Any]:
    return {n: getattr(thing, n, None) for n in dir(thing) if not n.startswith("_")}


def test_a_tensor_has_no_public_way_to_what_made_it(model: keras.Model) -> None:
    maker = model.get_layer("head")
    ways = {
        name
        for name, value in public(model.output).items()
        if value is maker or maker in public(value).values()
    }
    assert ways == set()


def test_the_output_of_a_model_is_not_what_follows_it_takes(model: keras.Model) -> None:
    assert model.get_layer("inner").output is not model.get_layer("dropout").input


def after_a_step(*, started: bool) -> tuple[list[float], list[float]]:
    """Return weights, and their averages after a step in a later phase that changes nothing."""
    weights = [keras.Variable([3.0, -5.0]), keras.Variable([8.0])]
    optimizer = keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5)
    optimizer.build(weights)
    optimizer.iterations.assign(7)
    if started:
        start_averages(optimizer, weights)
    optimizer.apply([keras.ops.zeros_like(weight) for weight in weights], weights)
    before = np.concatenate([np.asarray(weight) for weight in weights])
    optimizer.finalize_variable_values(weights)
    return before.tolist(), np.concatenate([np.asarray(weight) for weight in weights]).tolist()


def test_averages_that_begin_with_the_weights_are_the_weights_when_nothing_changes() -> None:
    weights, averages = after_a_step(started=True)
    assert averages == weights == [3.0, -5.0, 8.0]


def test_by_itself_keras_begins_with_zeros() -> None:
    weights, averages = after_a_step(started=False)
    assert averages == [weight / 2 for weight in weights]


def test_an_optimizer_has_no_public_way_to_its_averages() -> None:
    weights = [keras.Variable([3.0])]
    optimizer = keras.optimizers.SGD(0.1, use_ema=True)
    optimizer.build(weights)
    start_averages(optimizer, weights)
    (average,) = optimizer._model_variables_moving_average
    ways = {
        name
        for name, value in public(optimizer).items()
        if isinstance(value, list | tuple) and any(one is average for one in value)
    }
    assert ways == {"variables"}  # all of them, told apart by their names alone


def test_averages_of_other_weights_are_refused() -> None:
    optimizer = keras.optimizers.SGD(0.1, use_ema=True)
    optimizer.build([keras.Variable([3.0])])
    with pytest.raises(ValueError, match="shorter"):
        start_averages(optimizer, [])
