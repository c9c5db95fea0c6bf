"""What a network is asked about each face, and that every core gives the same answers."""

from collections import Counter

import cv2
import numpy as np
import pytest

from fer.evaluation.report import Mistakes
from fer.labels import FERPLUS_LABELS
from fer.model.classifier import ExpressionClassifier
from tests.samples import SHIPPED_MODEL
from tests.training.samples import bars, data_set, random_faces
from training.commands.models import EXAMPLES, find_mistakes
from training.data.dataset import DataSet
from training.evaluation.predict import (
    CORRUPTIONS,
    DEGRADATIONS,
    SpreadClassifier,
    passes,
    predict_validation,
    ten_views,
)


@pytest.mark.parametrize("count", [0, 3])
def test_ten_views_are_a_face_moved_and_mirrored(count: int) -> None:
    seen = []

    def classifier(images: np.ndarray) -> np.ndarray:
        seen.append(images)
        return np.full((len(images), 2), len(seen), np.float32)

    faces = bars(count, 1).images
    assert ten_views(classifier, faces) == pytest.approx(np.full((count, 2), 5.5))
    assert [view.shape for view in seen] == [faces.shape] * 10
    assert (seen[0] == faces).all()
    assert (seen[5] == faces[:, :, ::-1]).all()
    if count:
        assert (seen[1][:, 3:, 3:] == faces[:, :-3, :-3]).all()
        assert (seen[4][:, :-3, :-3] == faces[:, 3:, 3:]).all()


@pytest.mark.parametrize("size", [48, 96])
def test_a_corruption_is_as_strong_as_it_says(size: int) -> None:
    """The share of light that is left, and the change in grey levels, on a disc."""
    y, x = (np.mgrid[:size, :size] - (size - 1) / 2) * 48 / size
    disc = np.where(np.hypot(x, y) < 15, 120, 40).astype(np.uint8)[None, ..., None]
    expected = {
        "darker": (0.3, 45.3), "brighter": (1.6, 38.8), "blurred": (1, 2.56), "24 px": (1, 2.6),
        "JPEG 30": (1, 2.78), "off centre": (1, 14.1), "very dark": (0.2, 51.7),
        "very blurred": (1, 4.14), "18 px": (1, 3.89), "rotated": (1, 0.95),
    }  # fmt: skip
    for corrupt in (*CORRUPTIONS, *DEGRADATIONS):
        assert (corrupt(disc) == corrupt(disc)).all(), "the same each time"
        assert corrupt(disc[:0]).shape == (0, size, size, 1)
        changed = corrupt(disc).astype(float)
        light, change = expected[corrupt.name]
        assert changed.mean() / disc.mean() == pytest.approx(light, abs=0.01), corrupt.name
        smaller = size > 48 and change < 4 and "blurred" not in corrupt.name  # an edge is finer
        difference = np.abs(changed - disc).mean()
        assert difference == pytest.approx(change, rel=0.6 if smaller else 0.05), corrupt.name


@pytest.mark.parametrize("count", [0, 1, 70])
@pytest.mark.parametrize("threads", [1, 3])
def test_every_core_answers_as_one_network_does_and_says_how_far_it_is(
    count: int, threads: int
) -> None:
    spread, told = SpreadClassifier(SHIPPED_MODEL, threads), []
    spread.advance = told.append
    faces = random_faces(count, side=48)[..., None]
    expected = ExpressionClassifier(SHIPPED_MODEL).all_heads(faces)
    found = spread.all_heads(faces)
    assert found.keys() == expected.keys()
    for head, shares in expected.items():
        np.testing.assert_allclose(found[head], shares, atol=1e-6)
    assert sum(told) == count


@pytest.mark.parametrize("quick", [False, True])
def test_as_many_views_are_asked_about_as_was_said(quick: bool) -> None:
    data, told = data_set("d", {"train": 4, "validation": 3, "test": 2}), []
    classifier = SpreadClassifier(SHIPPED_MODEL, 1)
    classifier.advance = told.append
    found = predict_validation(classifier, data, quick=quick)
    assert sum(told) == passes(data, quick=quick) == 3 * (4 if quick else 21)
    # Test faces are measured by `evaluate --split test` only.
    assert {name: "tta" in part.parts for name, part in found.items()} == {"validation": not quick}


@pytest.fixture(scope="module")
def found() -> Mistakes:
    data = DataSet("bars", "0" * 64, {"validation": bars(60, 2)})
    return find_mistakes(ExpressionClassifier(SHIPPED_MODEL), data, "validation")


@pytest.mark.parametrize("head", ["expression", "ferplus", "balanced"])
def test_the_most_confident_mistakes_of_each_kind_are_kept(found: Mistakes, head: str) -> None:
    classifier, faces = ExpressionClassifier(SHIPPED_MODEL), bars(60, 2)
    mine = [m for m in found.mistakes if m.head == head]
    assert mine
    assert all(m.truth != m.answer for m in mine)
    assert max(Counter((m.truth, m.answer) for m in mine).values()) <= EXAMPLES
    assert [m.confidence for m in mine] == sorted((m.confidence for m in mine), reverse=True)
    labels, shares = classifier.spec.head(head).labels, classifier(faces.images, head)
    voted = np.array(FERPLUS_LABELS)[faces.labels]  # the column of nine votes of ten
    truth = faces.names if head == "expression" else voted
    for answer in labels:
        for true in set(labels) - {answer}:
            wrong = (truth == true) & (shares.argmax(axis=1) == labels.index(answer))
            expected = np.sort(shares[wrong].max(axis=1))[::-1][:EXAMPLES]
            kept = [m.confidence for m in found.of(head, true, answer)]
            np.testing.assert_allclose(kept, expected, rtol=1e-5)


def test_pictures_of_mistakes_are_those_that_were_read(found: Mistakes, tmp_path: object) -> None:
    read = cv2.imdecode(np.frombuffer(found.mistakes[0].png, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert any(np.array_equal(read, image[..., 0]) for image in bars(60, 2).images)
    found.save(tmp_path)
    assert Mistakes.load(tmp_path) == found
    assert found.describes(ExpressionClassifier(SHIPPED_MODEL).spec)
