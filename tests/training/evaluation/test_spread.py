"""The classifier on every core answers as the one on one."""

import numpy as np
import pytest

from fer.model.classifier import ExpressionClassifier
from tests.samples import SHIPPED_MODEL
from tests.training.samples import random_faces
from training.evaluation.spread import SpreadClassifier


@pytest.mark.parametrize("count", [0, 1, 70])
@pytest.mark.parametrize("threads", [1, 3])
def test_it_answers_as_one_network_does_and_says_how_far_it_is(count: int, threads: int) -> None:
    spread, told = SpreadClassifier(SHIPPED_MODEL, threads), []
    spread.advance = told.append
    faces = random_faces(count, side=48)[..., None]
    expected = ExpressionClassifier(SHIPPED_MODEL).all_heads(faces)
    found = spread.all_heads(faces)
    assert found.keys() == expected.keys()
    for head, shares in expected.items():
        np.testing.assert_allclose(found[head], shares, atol=1e-6)
    assert sum(told) == count
