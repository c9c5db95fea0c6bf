"""Stored answers: from them anybody can compute every figure of a report again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fer.errors import ModelError
from fer.types import Floats

#: Name of the file in a model directory with the answers for each split.
PREDICTIONS_FILE = "predictions.npz"

#: Name of the file with the answers behind every other figure; see `training.evaluation.measure`
#: for the names in it.
FURTHER_FILE = "further_predictions.npz"


@dataclass(frozen=True)
class Predictions:
    """Truth and answers of one split: ``labels`` (n,) int64, ``probabilities`` (n, k) float32."""

    labels: NDArray[np.int64]
    probabilities: Floats


def save_predictions(
    predictions: dict[str, Predictions], directory: Path, file: str = PREDICTIONS_FILE
) -> None:
    """Write answers by name; those for each split, or those of another file."""
    arrays: dict[str, NDArray] = {}
    for split, made in predictions.items():
        arrays[f"{split}_labels"] = made.labels
        arrays[f"{split}_probabilities"] = made.probabilities
    np.savez_compressed(directory / file, allow_pickle=False, **arrays)


def load_predictions(directory: Path, name: str = PREDICTIONS_FILE) -> dict[str, Predictions]:
    """Read answers by name.

    Raises:
        ModelError: the directory has none.
    """
    file = directory / name
    if not file.is_file():
        raise ModelError(f"{file} is missing; `python -m training train` writes it.")
    with np.load(file) as arrays:
        splits = [key.removesuffix("_labels") for key in arrays.files if key.endswith("_labels")]
        return {s: Predictions(arrays[f"{s}_labels"], arrays[f"{s}_probabilities"]) for s in splits}
