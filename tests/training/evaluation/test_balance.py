"""The balanced head of a model directory."""

from pathlib import Path

import numpy as np
import pytest

from fer.labels import BALANCED_HEAD, EXPRESSION_HEAD, FER2013_LABELS, FERPLUS_HEAD, FERPLUS_LABELS
from fer.model.spec import Head, ModelSpec
from fer.types import Floats
from tests.training.samples import bars
from training.data.dataset import LabelledFaces
from training.evaluation.calibration import add_balanced_head

EXPRESSION = Head(name=EXPRESSION_HEAD, output="a", labels=FER2013_LABELS, meaning="")
FERPLUS = Head(name=FERPLUS_HEAD, output="b", labels=FERPLUS_LABELS, meaning="")


def faces() -> LabelledFaces:
    """Faces on most of which labels and votes agree."""
    found = bars(200, 1)
    votes = np.zeros((200, 10), np.uint8)
    for i, label in enumerate(found.labels.tolist()):
        voted = FER2013_LABELS[label if i % 4 else (label + 1) % 7]
        votes[i, FERPLUS_LABELS.index(voted)] = 8
    return LabelledFaces(found.images, found.labels, FER2013_LABELS, votes)


def scores(right: np.ndarray, names: tuple[str, ...], noise: float) -> Floats:
    """Return scores of a head that sees `right`, FER2013's labels, with some noise."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0, noise, (len(right), len(names)))
    for i, label in enumerate(right.tolist()):
        logits[i, names.index(FER2013_LABELS[label])] += 3
    return logits.astype(np.float32)


def directory(path: Path, spec: ModelSpec, *heads: Head) -> Path:
    spec.model_copy(update={"heads": heads}).save(path)
    return path


def test_the_better_head_has_the_greater_weight(tmp_path: Path, spec: ModelSpec) -> None:
    data = faces()
    model = directory(tmp_path, spec, EXPRESSION, FERPLUS)
    noisy, clear = (noise * np.ones(2) for noise in (3, 0.5))
    for first, second, heavier in (
        (clear, noisy, EXPRESSION_HEAD),
        (noisy, clear, FERPLUS_HEAD),
    ):
        logits = {
            EXPRESSION_HEAD: scores(data.labels, FER2013_LABELS, first[0]),
            FERPLUS_HEAD: scores(data.labels, FERPLUS_LABELS, second[0]),
        }
        found = add_balanced_head(model, logits, data)
        assert found == ModelSpec.load(model)
        assert found.head_names == (BALANCED_HEAD, EXPRESSION_HEAD, FERPLUS_HEAD)
        weights = found.heads[0].blend
        assert sum(weights.values()) == pytest.approx(1)
        assert max(weights, key=lambda name: weights[name]) == heavier


@pytest.mark.parametrize(
    ("heads", "votes"), [((EXPRESSION,), True), ((EXPRESSION, FERPLUS), False)]
)
def test_without_both_heads_or_votes_there_is_none(
    tmp_path: Path, spec: ModelSpec, heads: tuple[Head, ...], votes: bool
) -> None:
    data = faces()
    if not votes:
        data = LabelledFaces(data.images, data.labels, data.class_names)
    logits = {head.name: np.zeros((200, len(head.labels)), np.float32) for head in heads}
    found = add_balanced_head(directory(tmp_path, spec, *heads), logits, data)
    assert found.head_names == tuple(head.name for head in heads)
