import numpy as np
import pytest

from fer.errors import ModelError
from fer.labels import EXPRESSION_HEAD
from fer.model.classifier import ExpressionClassifier
from fer.model.heads import calibrated, head_logits
from fer.model.spec import ModelSpec
from tests.samples import SHIPPED_MODEL


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
