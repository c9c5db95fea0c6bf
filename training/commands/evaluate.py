"""``python -m training evaluate``: measure a model on labelled data, as the app runs it.

With ``--photos`` the images are whole photographs, any size, in folders that are called after
expressions, or in a ZIP of them: each is looked at as the Photo page does it, and the largest face
counts. An image without a face that is found is a miss. Small squares, such as FER2013's, are
cut-out faces: their border is repeated outwards, and they are enlarged.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

from fer.analyzer import FaceAnalyzer
from fer.errors import DataError
from fer.evaluation.measurements import VOTE_RULES
from fer.evaluation.metrics import Evaluation
from fer.labelled.cut_outs import CUT_OUT_SIDE
from fer.labels import EXPRESSION_HEAD
from fer.model.classifier import ExpressionClassifier
from training.commands.data import add_split_seed
from training.data import load
from training.data.dataset import DataSet, LabelledFaces
from training.data.photographs import open_photographs
from training.data.splits import SPLIT_SEED
from training.evaluation import measure
from training.evaluation.photos import answers, measured
from training.evaluation.split_predictions import predict_split
from training.evaluation.text import evaluation_text, photo_text
from training.progress import progress

HELP = "measure a model on a split of a data set"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument(
        "directory", nargs="?", type=Path, metavar="MODEL", help="a model directory, as --model"
    )
    parser.add_argument(
        "--data", type=Path, required=True, help="folder, .csv or .npz; with --photos also .zip"
    )
    parser.add_argument(
        "--split",
        default="validation",
        help="train, validation or test (default: validation); photographs without splits are "
        "measured together",
    )
    parser.add_argument("--model", type=Path, default=Path("models/compact"))
    add_split_seed(parser)
    parser.add_argument("--json", action="store_true", help="print every figure as JSON")
    photos = parser.add_argument_group("whole photographs")
    photos.add_argument(
        "--photos",
        action="store_true",
        help="find and align the faces as the Photo page does; the largest one counts. Square "
        f"images of at most {CUT_OUT_SIDE} pixels are cut-out faces: they get a border and are "
        "enlarged",
    )
    photos.add_argument("--limit", type=int, help="measure so many images, spread over all")
    photos.add_argument("--threads", type=int, help="images at once (default: one per core)")


def run(arguments: argparse.Namespace) -> int:
    """Print the metrics; return the exit status."""
    model = arguments.directory or arguments.model
    if arguments.photos:
        return _run_photos(model, arguments)
    if arguments.limit is not None or arguments.threads is not None:
        raise DataError("--limit and --threads are for --photos; add it, or leave them out.")
    classifier = ExpressionClassifier(model)
    dataset = load_for_model(classifier, arguments.data, arguments.split_seed)
    record = figures_of(classifier, dataset, arguments.split)
    if arguments.json:
        print(json.dumps(record, indent=1))
        return 0
    print(f"{model} on {arguments.split}, single view")
    print(evaluation_text("all faces", Evaluation.model_validate(record["evaluation"])))
    if record["ferplus_evaluation"]:
        title = "FER+ head, faces on which the votes have a winner"
        print(evaluation_text(title, Evaluation.model_validate(record["ferplus_evaluation"])))
    _print_further(record)
    return 0


def _run_photos(model: Path, arguments: argparse.Namespace) -> int:
    """Print the metrics on photographs; return the exit status."""
    classifier = ExpressionClassifier(model)
    threads = arguments.threads if arguments.threads is not None else os.cpu_count() or 1
    if threads < 1:
        raise DataError(f"expected at least 1 thread, got {threads}.")
    opened = open_photographs(
        arguments.data, classifier.labels, split=arguments.split, seed=arguments.split_seed
    )
    with opened as data:
        some = data if arguments.limit is None else data.some(arguments.limit)
        count = len(some.photographs)
        analyzers = [FaceAnalyzer.for_photos(model) for _ in range(min(threads, count))]
        shown = progress(answers(some.photographs, analyzers, classifier), count, "images")
        result = measured(some, shown, classifier.spec, analyzers[0].detector_version)
    print(result.model_dump_json(indent=1) if arguments.json else photo_text(result))
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
