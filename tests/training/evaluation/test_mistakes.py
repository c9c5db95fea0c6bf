"""The most confident mistakes of each kind are kept, with the picture that was read."""

from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from fer.evaluation.report import Mistakes
from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD
from fer.model.classifier import ExpressionClassifier
from tests.samples import SHIPPED_MODEL
from tests.training.samples import bars
from training.data.dataset import DataSet, LabelledFaces
from training.evaluation.mistakes import EXAMPLES, find_mistakes


@pytest.fixture(scope="module")
def faces() -> LabelledFaces:
    return bars(60, seed=2)


@pytest.fixture(scope="module")
def found(faces: LabelledFaces) -> Mistakes:
    data = DataSet("bars", "0" * 64, {"validation": faces})
    return find_mistakes(ExpressionClassifier(SHIPPED_MODEL), data, "validation")


@pytest.mark.parametrize("head", [EXPRESSION_HEAD, FERPLUS_HEAD])
def test_only_mistakes_are_kept_and_not_many_of_a_kind(found: Mistakes, head: str) -> None:
    mine = [m for m in found.mistakes if m.head == head]
    assert mine
    assert all(m.truth != m.answer for m in mine)
    assert max(Counter((m.truth, m.answer) for m in mine).values()) <= EXAMPLES
    assert [m.confidence for m in mine] == sorted((m.confidence for m in mine), reverse=True)


def test_the_most_confident_ones_are_kept(found: Mistakes, faces: LabelledFaces) -> None:
    classifier = ExpressionClassifier(SHIPPED_MODEL)
    probabilities = classifier(faces.images)
    for truth in range(len(classifier.labels)):
        for answer in set(range(len(classifier.labels))) - {truth}:
            wrong = (faces.labels == truth) & (probabilities.argmax(axis=1) == answer)
            expected = np.sort(probabilities[wrong, answer])[::-1][:EXAMPLES]
            kept = found.of(EXPRESSION_HEAD, classifier.labels[truth], classifier.labels[answer])
            np.testing.assert_allclose([m.confidence for m in kept], expected, rtol=1e-5)


def test_pictures_are_those_that_were_read(found: Mistakes, faces: LabelledFaces) -> None:
    first = found.mistakes[0]
    read = cv2.imdecode(np.frombuffer(first.png, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert any(np.array_equal(read, image[..., 0]) for image in faces.images)


def test_what_was_written_is_read(found: Mistakes, tmp_path: Path) -> None:
    found.save(tmp_path)
    assert Mistakes.load(tmp_path) == found
    assert found.describes(ExpressionClassifier(SHIPPED_MODEL).spec)
