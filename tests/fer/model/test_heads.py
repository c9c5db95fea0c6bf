import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fer.errors import ModelError
from fer.labels import EXPRESSION_HEAD
from fer.model.classifier import ExpressionClassifier
from fer.model.heads import blended, calibrated, head_logits, softmax
from fer.model.spec import Head, ModelSpec
from tests.samples import SHIPPED_MODEL, fake_spec

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


@pytest.mark.parametrize("faces", [0, 1, 3])
def test_every_head_says_the_same_as_in_the_classifier(faces: int) -> None:
    classifier = ExpressionClassifier(SHIPPED_MODEL)
    spec, rng = classifier.spec, np.random.default_rng(0)
    shape = (faces, spec.input_size, spec.input_size, spec.channels)
    crops = rng.integers(0, 256, shape).astype(np.uint8)
    by_head = classifier.logits(crops)
    outputs = {head.output: by_head[head.name] for head in spec.network_heads}
    probabilities = classifier.all_heads(crops)
    assert any(head.blend for head in spec.heads)
    for head in spec.heads:
        said = calibrated(head, head_logits(spec, head, outputs))
        assert said == pytest.approx(probabilities[head.name])


@pytest.mark.parametrize(
    "outputs",
    [
        {},
        {"ferplus": np.zeros((1, 3), np.float32)},
        {EXPRESSION_HEAD: np.zeros((1, 4), np.float32)},
        {EXPRESSION_HEAD: np.zeros(1, np.float32)},
    ],
)
def test_scores_of_another_network_are_refused(
    spec: ModelSpec, outputs: dict[str, np.ndarray]
) -> None:
    with pytest.raises(ModelError, match="needs 3 scores of the output 'expression', got"):
        head_logits(spec, spec.head(), outputs)
