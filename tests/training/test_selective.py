"""How sure an answer is, and when it is "uncertain"; and the balanced head."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer.labels import BALANCED_HEAD, EXPRESSION_HEAD, FER2013_LABELS, FERPLUS_HEAD, FERPLUS_LABELS
from fer.model.classifier import softmax
from fer.model.spec import Head, ModelSpec
from tests.training.samples import HEADS, bars
from training.data.dataset import LabelledFaces
from training.evaluation.predictions import Predictions
from training.evaluation.selective import (
    FLOOR,
    MARGIN,
    add_balanced_head,
    cross_fitted,
    fit_margin,
    fit_temperature,
    fit_threshold,
    folds,
    risk_coverage,
    selective,
)

#: What is said with every measurement here.
KNOWN = {"head": "h", "labels": ("a", "b", "c"), "split": "s", "truth": "label"}

SURE_AND_RIGHT = np.r_[np.linspace(0.99, 0.8, 400), np.linspace(0.79, 0.4, 400)]
FIRST_HALF = np.arange(800) < 400
SMALL = np.linspace(1, 0, 41)[:40]


@pytest.mark.parametrize(
    ("confidence", "right", "expected"),
    [
        ([], [], FLOOR),
        ([0.3, 0.4], [True, True], FLOOR),
        (SURE_AND_RIGHT, np.ones(800, bool), FLOOR),
        (SURE_AND_RIGHT, np.zeros(800, bool), 1.0),
        # 500 of the surest may be answered: 400 of them, four of five, are right.
        (SURE_AND_RIGHT, FIRST_HALF, SURE_AND_RIGHT[499]),
        (np.full(800, 0.5), FIRST_HALF, 1.0),
        (np.linspace(1, 0, 100), np.arange(100) < 10, 1.0),
        (SMALL, np.arange(40) < 12, SMALL[14]),
        (SMALL, np.arange(40) < 7, 1.0),
    ],
    ids=[
        *("nothing", "all below", "always right", "never right", "surer is righter", "all alike"),
        *("it would rest on a handful", "a small split", "a handful of a small split"),
    ],
)
def test_a_threshold_answers_as_much_as_the_target_allows(
    confidence: list, right: list, expected: float
) -> None:
    found = fit_threshold(np.array(confidence), np.array(right, bool))
    assert found == pytest.approx(expected)


@given(st.integers(0, 10_000), st.integers(60, 400))
def test_of_the_answers_given_enough_are_right(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    confidence = rng.uniform(0.2, 1, count).round(2)  # with ties
    right = rng.uniform(size=count) < confidence
    threshold = fit_threshold(confidence, right)
    answered = confidence >= threshold
    assert threshold >= FLOOR
    assert threshold == 1.0 or not answered.any() or right[answered].mean() >= 0.8


def test_a_risk_coverage_curve_ends_with_every_answer() -> None:
    assert risk_coverage(np.zeros(0), np.zeros(0, bool)) == ()
    curve = risk_coverage(SURE_AND_RIGHT, FIRST_HALF)
    assert (curve[-1].coverage, curve[-1].accuracy) == (1.0, 0.5)
    assert curve[0].accuracy == 1.0
    assert [p.coverage for p in curve] == sorted(p.coverage for p in curve)


def answers(seed: int, count: int = 500) -> Predictions:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, count)
    scores = rng.normal(size=(count, 3))
    scores[np.arange(count), labels] += 1.2
    shares = np.exp(scores)
    return Predictions(labels, (shares / shares.sum(axis=1, keepdims=True)).astype(np.float32))


@pytest.mark.parametrize(
    ("right", "expected"),
    [
        (lambda margin: margin >= 0, 0.15),
        (lambda margin: margin >= 0.25, 0.3),
        (lambda margin: margin >= 2, 0.4),
    ],
    ids=["always", "from a quarter on", "never"],
)
def test_mild_cases_say_how_great_a_margin_must_be(
    right: Callable[[np.ndarray], np.ndarray], expected: float
) -> None:
    """A mild smile, happy 0.4 and neutral 0.5, is uncertain in any case."""
    margin = np.linspace(0, 0.8, 400)
    shares = np.stack([0.5 - margin / 2, 0.5 + margin / 2, np.zeros(400)], 1).astype(np.float32)
    mild = Predictions(right(margin).astype(np.int64), shares)
    labels = ("happy", "neutral", "sad")
    assert fit_margin([mild], labels) == expected
    other = Predictions(mild.labels, shares[:, [2, 1, 0]])
    assert fit_margin([other], labels) == MARGIN, "neutral or sad is no mild smile"
    assert fit_margin([], labels) == MARGIN


def test_an_answer_needs_a_margin() -> None:
    close, clear = (0.53, 0.45, 0.02), (0.53, 0.24, 0.23)
    made = Predictions(np.array([0, 0, 1]), np.array([close, clear, clear], np.float32))
    assert selective(made, 0.5, **KNOWN).coverage == 1
    found = selective(made, 0.5, margin=0.1, **KNOWN)
    assert (found.margin, found.coverage, found.accuracy) == (0.1, pytest.approx(2 / 3), 0.5)
    assert found.cross_fitted_coverage <= found.coverage
    assert np.sum(found.predicted) == 3, "whether answered or not"


def test_counts_by_confidence_are_of_all_faces() -> None:
    """Those that are held out are counted if there are any."""
    made = answers(1)
    found = selective(made, 0.7, **KNOWN)
    answered = made.probabilities.max(axis=1) >= 0.7
    right = made.probabilities.argmax(axis=1) == made.labels
    assert found.coverage == pytest.approx(answered.mean())
    assert found.accuracy == pytest.approx(right[answered].mean())
    assert found.cross_fitted_accuracy == pytest.approx(0.8, abs=0.05)
    assert np.sum(found.confusion) == answered.sum()
    assert np.trace(found.confusion) == right[answered].sum()
    assert sum(b.count for b in found.calibration) == len(made.labels)
    guesses = made.probabilities.argmax(axis=1)
    assert np.sum(found.predicted, axis=1).tolist() == np.bincount(guesses, minlength=3).tolist()
    assert np.sum(found.correct) == (guesses == made.labels).sum()
    assert np.sum(found.predicted, axis=0)[:6].sum() == 0, "no confidence is below a third"
    certain = Predictions(made.labels, np.eye(3, dtype=np.float32)[guesses])
    other = selective(made, 0.7, held_out=certain, **KNOWN)
    assert np.sum(other.predicted, axis=0)[-1] == 500
    assert other.confusion == found.confusion


def test_all_pictures_of_a_face_are_in_one_fold() -> None:
    """Otherwise a threshold is judged on faces that it was chosen on."""
    once = answers(1)
    twice = Predictions.pooled([once, once])
    alone = selective(once, 0.7, **KNOWN)
    both = selective(twice, 0.7, **KNOWN, corruptions=("x", "y"))
    assert both.count == 2 * alone.count
    assert both.cross_fitted_coverage == alone.cross_fitted_coverage
    assert both.cross_fitted_accuracy == alone.cross_fitted_accuracy


def test_no_face_has_a_say_in_its_own_cross_fitted_threshold() -> None:
    """In one fold every answer is wrong, in the others every answer is right.

    If folds chose for themselves, exactly the right answers would be given. The others know no
    better: by their thresholds the wrong fold answers, and the right ones do not.
    """
    wrong = folds(400) == 0
    shares = np.tile(np.array([0.6, 0.4], np.float32), (400, 1))
    made = Predictions(wrong.astype(np.int64), shares)
    found = selective(made, 0.5, **KNOWN | {"labels": ("a", "b")})
    assert (found.coverage, found.accuracy) == (1.0, 0.8)
    assert (found.cross_fitted_coverage, found.cross_fitted_accuracy) == (0.2, 0.0)


@pytest.mark.parametrize("true_temperature", [0.5, 1.0, 3.0])
def test_the_temperature_that_made_the_labels_is_found(true_temperature: float) -> None:
    rng = np.random.default_rng(0)
    calibrated = rng.normal(0, 2, (8_000, 5)).astype(np.float32)
    shares = softmax(calibrated)
    labels = (shares.cumsum(axis=1) < rng.random((len(shares), 1))).sum(axis=1)
    seen = calibrated * np.float32(true_temperature)
    assert fit_temperature(seen, labels) == pytest.approx(true_temperature, rel=0.05)
    (found,) = cross_fitted([Predictions(labels, seen)])
    assert found == pytest.approx(shares, abs=0.05)


def test_no_face_has_a_say_in_its_own_cross_fitted_temperature() -> None:
    """In one part every answer is wrong, in the others every answer is right.

    If parts chose for themselves, the wrong one would be unsure and the right ones sure.
    """
    wrong = folds(400) == 0
    logits = np.tile(np.array([2, 0], np.float32), (400, 1))
    sure = cross_fitted([Predictions(wrong.astype(np.int64), logits)])[0][:, 0]
    # The wrong part sees right answers alone; the others see that a quarter is wrong.
    assert sure[wrong] == pytest.approx(np.ones(80), abs=0.01)
    assert sure[~wrong] == pytest.approx(np.full(320, 0.75), abs=0.01)


def voted_otherwise() -> LabelledFaces:
    """Faces on most of which labels and votes agree."""
    faces = bars(200, 1)
    votes = np.zeros((200, 10), np.uint8)
    for i, label in enumerate(faces.labels.tolist()):
        voted = FER2013_LABELS[label if i % 4 else (label + 1) % 7]
        votes[i, FERPLUS_LABELS.index(voted)] = 8
    return replace(faces, votes=votes)


@pytest.mark.parametrize(("noise", "heavier"), [((0.5, 3), 0), ((3, 0.5), 1)])
def test_the_better_head_has_the_greater_weight(
    noise: tuple[float, float], heavier: int, tmp_path: Path, spec: ModelSpec
) -> None:
    faces, logits = voted_otherwise(), {}
    for head, strength in zip(HEADS, noise, strict=True):
        scores = np.random.default_rng(0).normal(0, strength, (200, len(head.labels)))
        scores[np.arange(200), [head.labels.index(name) for name in faces.names]] += 3
        logits[head.name] = scores.astype(np.float32)
    spec.model_copy(update={"heads": HEADS}).save(tmp_path)
    found = add_balanced_head(tmp_path, logits, faces)
    assert found == ModelSpec.load(tmp_path)
    assert found.head_names == (BALANCED_HEAD, EXPRESSION_HEAD, FERPLUS_HEAD)
    weights = found.heads[0].blend
    assert sum(weights.values()) == pytest.approx(1)
    assert max(weights, key=lambda name: weights[name]) == HEADS[heavier].name


@pytest.mark.parametrize(("heads", "votes"), [(HEADS[:1], True), (HEADS, False)])
def test_without_both_heads_or_votes_there_is_none(
    tmp_path: Path, spec: ModelSpec, heads: tuple[Head, ...], votes: bool
) -> None:
    faces = voted_otherwise() if votes else replace(voted_otherwise(), votes=None)
    logits = {head.name: np.zeros((200, len(head.labels)), np.float32) for head in heads}
    spec.model_copy(update={"heads": heads}).save(tmp_path)
    found = add_balanced_head(tmp_path, logits, faces)
    assert found.head_names == tuple(head.name for head in heads)
