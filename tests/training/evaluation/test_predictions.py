"""Stored predictions: what was written is read, and nothing else."""

from pathlib import Path

import numpy as np
import pytest

from fer.errors import ModelError
from training.evaluation.predictions import Predictions, load_predictions, save_predictions

FILE = "predictions.npz"


def test_what_is_saved_is_what_is_loaded(tmp_path: Path) -> None:
    made = Predictions(np.array([0, 2]), np.full((2, 3), 1 / 3, np.float32))
    save_predictions({"test": made}, tmp_path)
    [(split, found)] = load_predictions(tmp_path).items()
    assert split == "test"
    assert (found.labels == made.labels).all()
    assert (found.probabilities == made.probabilities).all()


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="missing"):
        load_predictions(tmp_path)


@pytest.mark.parametrize("kept", [0, 10, 200, -30])
def test_a_damaged_file_is_told(tmp_path: Path, kept: int) -> None:
    made = Predictions(np.zeros(50, np.int64), np.ones((50, 3), np.float32))
    save_predictions({"test": made}, tmp_path)
    content = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(content[:kept])
    with pytest.raises(ModelError, match="damaged"):
        load_predictions(tmp_path)


@pytest.mark.parametrize(
    "arrays",
    [
        {"a_labels": np.zeros(2, int)},
        {"a_labels": np.zeros(2, int), "a_probabilities": np.zeros((3, 4))},
        {"a_labels": np.zeros((2, 2), int), "a_probabilities": np.zeros((2, 4))},
        {"a_labels": np.zeros(2), "a_probabilities": np.zeros((2, 4))},
        {"a_labels": np.array([0, 4]), "a_probabilities": np.zeros((2, 4))},
        {"a_labels": np.array([0, -1]), "a_probabilities": np.zeros((2, 4))},
        {"a_labels": np.array([None]), "a_probabilities": np.zeros((1, 4))},
    ],
)
def test_what_is_no_prediction_is_told(tmp_path: Path, arrays: dict) -> None:
    np.savez(tmp_path / FILE, **arrays)
    with pytest.raises(ModelError):
        load_predictions(tmp_path)
