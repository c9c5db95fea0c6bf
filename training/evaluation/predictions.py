"""Store predictions, from which every metric of a report can be recomputed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fer.errors import ModelError
from fer.types import Floats

#: File in a model directory with the predictions for each split.
PREDICTIONS_FILE = "predictions.npz"

#: File with the predictions behind all other metrics; `training.evaluation.measure` defines the
#: names in it.
FURTHER_FILE = "further_predictions.npz"


@dataclass(frozen=True)
class Predictions:
    """Ground truth and predictions: ``labels`` (n,) int64, ``probabilities`` (n, k) float32."""

    labels: NDArray[np.int64]
    probabilities: Floats


def save_predictions(
    predictions: dict[str, Predictions], directory: Path, file: str = PREDICTIONS_FILE
) -> None:
    """Write predictions by name to a file of a model directory."""
    arrays: dict[str, NDArray] = {}
    for split, split_predictions in predictions.items():
        arrays[f"{split}_labels"] = split_predictions.labels
        arrays[f"{split}_probabilities"] = split_predictions.probabilities
    np.savez_compressed(directory / file, allow_pickle=False, **arrays)


def load_predictions(directory: Path, name: str = PREDICTIONS_FILE) -> dict[str, Predictions]:
    """Read predictions by name.

    Raises:
        ModelError: the file is missing.
    """
    file = directory / name
    if not file.is_file():
        raise ModelError(f"{file} is missing; `python -m training train` writes it.")
    with np.load(file) as arrays:
        splits = [key.removesuffix("_labels") for key in arrays.files if key.endswith("_labels")]
        return {s: Predictions(arrays[f"{s}_labels"], arrays[f"{s}_probabilities"]) for s in splits}
