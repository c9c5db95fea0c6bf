"""Store predictions, from which every metric of a report can be recomputed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fer.errors import ModelError, failures_as
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
        ModelError: the file is missing, damaged, or holds something else.
    """
    file = directory / name
    if not file.is_file():
        raise ModelError(f"{file} is missing; `python -m training train` writes it.")
    with (
        failures_as(lambda error: ModelError(f"{file} is damaged ({error}). {_AGAIN}")),
        file.open("rb") as content,
        np.load(content) as arrays,
    ):
        splits = [k.removesuffix("_labels") for k in arrays.files if k.endswith("_labels")]
        found = {
            split: Predictions(arrays[f"{split}_labels"], arrays[f"{split}_probabilities"])
            for split in splits
        }
    for split, part in found.items():
        if not _fit(part):
            raise ModelError(
                f"{file}: expected labels (n,) and probabilities (n, k) of {split}, got "
                f"{part.labels.shape} {part.labels.dtype} and {part.probabilities.shape} "
                f"{part.probabilities.dtype}. {_AGAIN}"
            )
    return found


#: What to do about it.
_AGAIN = "Copy the whole model directory again."


def _fit(part: Predictions) -> bool:
    labels, probabilities = part.labels, part.probabilities
    return (
        labels.ndim == 1
        and labels.dtype.kind in "iu"
        and probabilities.ndim == 2
        and probabilities.dtype.kind == "f"
        and len(labels) == len(probabilities)
        and bool(((labels >= 0) & (labels < probabilities.shape[1])).all())
    )
