"""``python -m training evaluate``: a model's figures on a split, by the app's own classifier."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from fer.classifier import ExpressionClassifier
from fer.errors import DataError
from fer.metrics import Evaluation, evaluate
from training import data
from training.crowd import crowd_agreement, crowd_predictions
from training.faces import DataSet, LabelledFaces

HELP = "measure a model on a split of a data set"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("--data", type=Path, required=True, help="folder, .csv or .npz")
    parser.add_argument("--split", default="validation", help="train, validation or test")
    parser.add_argument("--model", type=Path, default=Path("models/compact"))
    parser.add_argument("--seed", type=int, default=1, help="of splits that are drawn")
    parser.add_argument("--json", action="store_true", help="print every figure as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print the figures; return the exit status."""
    classifier = ExpressionClassifier(arguments.model)
    dataset = load_for_model(classifier, arguments.data, arguments.seed)
    record = measure(classifier, dataset, arguments.split)
    if arguments.json:
        print(json.dumps(record, indent=1))
    else:
        _print(arguments, Evaluation.model_validate(record["evaluation"]))
    return 0


def load_for_model(classifier: ExpressionClassifier, path: Path, seed: int) -> DataSet:
    """Load a data set in the form that a model takes, and check that the classes are the same.

    Raises:
        DataError: the data set has other classes than the model.
    """
    spec = classifier.spec
    dataset = data.load(path, size=spec.input_size, channels=spec.channels, seed=seed)
    names = next(iter(dataset.splits.values())).class_names
    if names != classifier.labels and set(classifier.labels) < set(names):
        dataset = data.load(
            path,
            size=spec.input_size,
            channels=spec.channels,
            seed=seed,
            classes=classifier.labels,
        )
        names = next(iter(dataset.splits.values())).class_names
    if names != classifier.labels:
        raise DataError(
            f"model {spec.name} knows {', '.join(classifier.labels)}; "
            f"{dataset.name} has {', '.join(names)}."
        )
    return dataset


def measure(classifier: ExpressionClassifier, dataset: DataSet, split: str) -> dict[str, Any]:
    """Return every figure of a split, ready for JSON.

    Keys: model, data, split, view, evaluation, without_duplicates (images that also stand in train
    left out; null where nothing is left or the split is train), crowd (agreement with FER+).
    """
    faces = dataset.split(split)
    probabilities = classifier(faces.images)
    return {
        "model": classifier.spec.name,
        "data": dataset.name,
        "split": split,
        "view": "single",
        "evaluation": evaluate(faces.labels, probabilities, faces.class_names).model_dump(),
        "without_duplicates": _without_duplicates(dataset, split, faces, probabilities),
        "crowd": [
            record.model_dump() for record in crowd_agreement(crowd_predictions(classifier, faces))
        ],
    }


def _without_duplicates(
    dataset: DataSet, split: str, faces: LabelledFaces, probabilities: np.ndarray
) -> dict[str, Any] | None:
    if split == "train" or "train" not in dataset.splits:
        return None
    new = dataset.new_in(split)
    if not new.any():
        return None
    return evaluate(faces.labels[new], probabilities[new], faces.class_names).model_dump()


def _print(arguments: argparse.Namespace, result: Evaluation) -> None:
    low, high = result.accuracy_low, result.accuracy_high
    print(f"{arguments.model} on {arguments.split} ({result.count:,} faces, single view)")
    print(f"  accuracy           {result.accuracy:.2%}  (95 % interval {low:.1%} to {high:.1%})")
    print(f"  top-2 accuracy     {result.top2_accuracy:.2%}")
    print(f"  balanced accuracy  {result.balanced_accuracy:.2%}")
    print(f"  macro-F1           {result.macro_f1:.3f}")
    print(f"  log loss           {result.log_loss:.3f}")
    print(f"  calibration error  {result.calibration_error:.3f}")
    print(f"\n  {'class':<12}{'precision':>10}{'recall':>8}{'F1':>8}{'faces':>8}")
    for c in result.classes:
        print(f"  {c.label:<12}{c.precision:>10.3f}{c.recall:>8.3f}{c.f1:>8.3f}{c.support:>8}")
    print("\n  confusion (rows are the truth)")
    for c, row in zip(result.classes, result.confusion, strict=True):
        print(f"  {c.label:<12}" + "".join(f"{n:>6}" for n in row))
