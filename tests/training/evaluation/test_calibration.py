import numpy as np
import pytest

from fer.evaluation.metrics import evaluate
from fer.model.heads import softmax
from training.evaluation.calibration import cross_fitted, fit_temperature
from training.evaluation.predictions import Predictions
from training.evaluation.selective import folds


@pytest.mark.parametrize("true_temperature", [0.5, 1.0, 3.0])
def test_the_temperature_that_made_the_labels_is_found(true_temperature: float) -> None:
    rng = np.random.default_rng(0)
    calibrated = rng.normal(0, 2, (20_000, 5)).astype(np.float32)
    shares = softmax(calibrated)
    labels = (shares.cumsum(axis=1) < rng.random((len(shares), 1))).sum(axis=1)
    seen = calibrated * np.float32(true_temperature)
    found = fit_temperature(seen, labels)
    assert found == pytest.approx(true_temperature, rel=0.05)
    result = evaluate(labels, softmax(seen / found), tuple("abcde"))
    assert result.calibration_error < 0.015


def test_cross_fitting_finds_the_temperature_from_other_faces() -> None:
    rng = np.random.default_rng(0)
    calibrated = rng.normal(0, 2, (5_000, 5)).astype(np.float32)
    labels = (softmax(calibrated).cumsum(axis=1) < rng.random((5_000, 1))).sum(axis=1)
    (found,) = cross_fitted([Predictions(labels, calibrated * np.float32(2))])
    assert found == pytest.approx(softmax(calibrated), abs=0.05)
    assert found.argmax(axis=1) == pytest.approx(calibrated.argmax(axis=1))


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
