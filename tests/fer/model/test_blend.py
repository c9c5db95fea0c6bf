"""Heads that blend others."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fer.model.blend import blended
from fer.model.heads import softmax
from fer.model.spec import Head, ModelSpec
from tests.samples import fake_spec

FIRST = Head(name="first", output="a", labels=("happy", "sad"), meaning="", temperature=2.0)
SECOND = Head(name="second", output="b", labels=("sad", "awe", "happy"), meaning="")

LOGITS = st.floats(-8, 8, width=32)


def model(weight: float) -> ModelSpec:
    both = Head(
        name="both",
        labels=("happy", "sad"),
        meaning="",
        blend={"first": weight, "second": 1 - weight},
    )
    return fake_spec(both, FIRST, SECOND)


@given(arrays(np.float32, (3, 2), elements=LOGITS), arrays(np.float32, (3, 3), elements=LOGITS))
def test_a_blend_is_the_weighted_geometric_mean_of_probabilities(
    first: np.ndarray, second: np.ndarray
) -> None:
    spec = model(0.75)
    found = softmax(blended(spec, spec.heads[0], {"first": first, "second": second}))
    mean = softmax(first / 2) ** 0.75 * softmax(second)[:, [2, 0]] ** 0.25
    assert found == pytest.approx(mean / mean.sum(axis=1, keepdims=True), abs=1e-5)


@pytest.mark.parametrize("shape", [(0,), (4,), (2, 5, 5)])
def test_a_blend_of_maps_has_their_shape(shape: tuple[int, ...]) -> None:
    spec = model(0.5)
    parts = {"first": np.ones((*shape, 2), np.float32), "second": np.ones((*shape, 3), np.float32)}
    found = blended(spec, spec.heads[0], parts)
    assert found.shape == (*shape, 2)
    assert found == pytest.approx(np.full((*shape, 2), 0.75))
