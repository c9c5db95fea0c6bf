"""``python -m training evaluate``: evaluate a model on a split with the app's own classifier."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from fer.errors import DataError
from fer.evaluation.measurements import VOTE_RULES
from fer.evaluation.metrics import Evaluation
from fer.labels import EXPRESSION_HEAD
from fer.model.classifier import ExpressionClassifier
from training.commands.data import add_split_seed
from training.data import load
from training.data.dataset import DataSet, LabelledFaces
from training.data.splits import SPLIT_SEED
from training.evaluation import measure
from training.evaluation.split_predictions import predict_split

HELP = "measure a model on a split of a data set"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("--data", type=Path, required=True, help="folder, .csv or .npz")
    parser.add_argument("--split", default="validation", help="train, validation or test")
    parser.add_argument("--model", type=Path, default=Path("models/compact"))
    add_split_seed(parser)
    parser.add_argument("--json", action="store_true", help="print every figure as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print the metrics; return the exit status."""
    classifier = ExpressionClassifier(arguments.model)
    dataset = load_for_model(classifier, arguments.data, arguments.split_seed)
    record = figures_of(classifier, dataset, arguments.split)
    if arguments.json:
        print(json.dumps(record, indent=1))
        return 0
    print(f"{arguments.model} on {arguments.split}, single view")
    _print("all faces", Evaluation.model_validate(record["evaluation"]))
    if record["ferplus_evaluation"]:
        title = "FER+ head, faces on which the votes have a winner"
        _print(title, Evaluation.model_validate(record["ferplus_evaluation"]))
    _print_further(record)
    return 0


def load_for_model(classifier: ExpressionClassifier, path: Path, seed: int = SPLIT_SEED) -> DataSet:
    """Load a data set in a model's input format, with the model's classes.

    Raises:
        DataError: the data set lacks classes of the model, or cannot be loaded.
    """
    spec = classifier.spec
    dataset = load.load(path, size=spec.input_size, channels=spec.channels, seed=seed)
    names = next(iter(dataset.splits.values())).class_names
    if names != classifier.labels and set(classifier.labels) < set(names):
        dataset = load.load(
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


def figures_of(classifier: ExpressionClassifier, dataset: DataSet, split: str) -> dict[str, Any]:
    """Return all metrics of a split as a JSON-ready object.

    Keys: model, data, split, view, evaluation, and those named as in `Report`: without_duplicates
    (null if no image remains), cross_fitted_calibration_error (null except for validation),
    ferplus_evaluation (null without the FER+ head or votes), tta, selective, robustness and
    ferplus_agreement.
    """
    predictions = predict_split(classifier, dataset, split)
    names = classifier.labels
    without_duplicates = measure.without_duplicates(predictions, names)
    ferplus = measure.ferplus_figures(predictions, classifier.spec)
    return {
        "model": classifier.spec.name,
        "data": dataset.name,
        "split": split,
        "view": "single",
        "evaluation": measure.plain_figures(predictions, names).model_dump(),
        "without_duplicates": without_duplicates.model_dump() if without_duplicates else None,
        "cross_fitted_calibration_error": _cross_fitted(classifier, dataset.split(split))
        if split == "validation"
        else None,
        "ferplus_evaluation": ferplus.model_dump() if ferplus else None,
        "tta": measure.tta(predictions, names).model_dump(),
        "selective": [
            s.model_dump() for s in measure.selective_predictions(predictions, classifier.spec)
        ],
        "robustness": [s.model_dump() for s in measure.robustness(predictions, names)],
        "ferplus_agreement": [a.model_dump() for a in measure.agreement(predictions)],
    }


def _cross_fitted(classifier: ExpressionClassifier, faces: LabelledFaces) -> float:
    logits = classifier.logits(faces.images)[EXPRESSION_HEAD]
    return measure.cross_fitted_calibration_error(logits, faces.labels)


def _print(title: str, result: Evaluation) -> None:
    low, high = result.accuracy_low, result.accuracy_high
    print(f"\n{title} ({result.count:,})")
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


def _print_further(record: dict[str, Any]) -> None:
    error, tta = record["cross_fitted_calibration_error"], record["tta"]["evaluation"]
    print(f"\n  ten views          {tta['accuracy']:.2%}")
    if again := record["without_duplicates"]:
        print(f"  without duplicates {again['accuracy']:.2%} of {again['count']:,}")
    if error is not None:
        print(f"  cross-fitted calibration error  {error:.3f}")
    for s in record["selective"]:
        print(
            f"  {s['head']}, {_pictures(s)}: answers {s['coverage']:.1%} at {s['threshold']:.3f}, "
            f"{s['accuracy']:.1%} of them right"
        )
    for s in record["robustness"]:
        print(f"  {s['name']:<19}{s['evaluation']['accuracy']:.2%}")
    for c in record["ferplus_agreement"]:
        print(f"  {c['head']}: {c['accuracy']:.1%} of {c['count']:,} where {VOTE_RULES[c['rule']]}")


def _pictures(selective: dict[str, Any]) -> str:
    return f"degraded ({', '.join(c)})" if (c := selective["corruptions"]) else "as they are"
