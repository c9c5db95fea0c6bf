from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.evaluation.predictions import Predictions
from training.evaluation.selective import (
    FLOOR,
    MARGIN,
    fit_margin,
    fit_threshold,
    folds,
    pooled,
    risk_coverage,
    selective,
)

SURE_AND_RIGHT = np.r_[np.linspace(0.99, 0.8, 400), np.linspace(0.79, 0.4, 400)]
FIRST_HALF = np.arange(800) < 400


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
    ],
    ids=[
        "nothing",
        "all below",
        "always right",
        "never right",
        "surer is righter",
        "all alike",
    ],
)
def test_a_threshold_answers_as_much_as_the_target_allows(
    confidence: list, right: list, expected: float
) -> None:
    found = fit_threshold(np.array(confidence), np.array(right, bool))
    assert found == pytest.approx(expected)


def test_a_threshold_never_rests_on_a_handful() -> None:
    right = np.zeros(100, bool)
    right[:10] = True
    assert fit_threshold(np.linspace(1, 0, 100), right) == 1.0


def test_a_small_validation_split_gets_a_threshold_too() -> None:
    confidence, right = np.linspace(1, 0, 41)[:40], np.arange(40) < 12
    assert fit_threshold(confidence, right) == confidence[14]
    assert fit_threshold(confidence, np.arange(40) < 7) == 1.0


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


def test_figures_are_those_of_the_answers() -> None:
    made = answers(1)
    names = ("a", "b", "c")
    found = selective(made, 0.7, head="h", labels=names, split="s", truth="label")
    answered = made.probabilities.max(axis=1) >= 0.7
    right = made.probabilities.argmax(axis=1) == made.labels
    assert found.coverage == pytest.approx(answered.mean())
    assert found.accuracy == pytest.approx(right[answered].mean())
    assert found.cross_fitted_accuracy == pytest.approx(0.8, abs=0.05)
    assert np.sum(found.confusion) == answered.sum()
    assert np.trace(found.confusion) == right[answered].sum()
    assert sum(b.count for b in found.calibration) == len(made.labels)


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
    known = {"head": "h", "labels": ("a", "b", "c"), "split": "s", "truth": "label"}
    assert selective(made, 0.5, **known).coverage == 1
    found = selective(made, 0.5, margin=0.1, **known)
    assert (found.margin, found.coverage, found.accuracy) == (0.1, pytest.approx(2 / 3), 0.5)
    assert found.cross_fitted_coverage <= found.coverage
    assert np.sum(found.predicted) == 3, "whether answered or not"


def test_counts_by_confidence_are_of_all_faces() -> None:
    """Those that are held out are counted if there are any."""
    made = answers(1)
    known = {"head": "h", "labels": ("a", "b", "c"), "split": "s", "truth": "label"}
    found = selective(made, 0.7, **known)
    guesses = made.probabilities.argmax(axis=1)
    assert np.sum(found.predicted, axis=1).tolist() == np.bincount(guesses, minlength=3).tolist()
    assert np.sum(found.correct) == (guesses == made.labels).sum()
    assert np.sum(found.predicted, axis=0)[:6].sum() == 0, "no confidence is below a third"
    certain = Predictions(made.labels, np.eye(3, dtype=np.float32)[guesses])
    other = selective(made, 0.7, held_out=certain, **known)
    assert np.sum(other.predicted, axis=0)[-1] == 500
    assert other.confusion == found.confusion


def test_all_pictures_of_a_face_are_in_one_fold() -> None:
    """Otherwise a threshold is judged on faces that it was chosen on."""
    once = answers(1)
    twice = pooled([once, once])
    names = ("a", "b", "c")
    kept = {"head": "h", "labels": names, "split": "s", "truth": "label"}
    alone, both = (
        selective(once, 0.7, **kept),
        selective(twice, 0.7, **kept, corruptions=("x", "y")),
    )
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
    names = ("a", "b")
    found = selective(made, 0.5, head="h", labels=names, split="s", truth="label")
    assert (found.coverage, found.accuracy) == (1.0, 0.8)
    assert (found.cross_fitted_coverage, found.cross_fitted_accuracy) == (0.2, 0.0)


def test_faces_are_dealt_to_parts_of_equal_size() -> None:
    assert len(folds(0)) == 0
    assert np.bincount(folds(103)).tolist() == [21, 21, 21, 20, 20]


def test_pooled_answers_keep_their_truth() -> None:
    both = pooled([answers(1), answers(2)])
    assert len(both.labels) == 1000
    assert (both.probabilities[500:] == answers(2).probabilities).all()
