"""``python -m training evaluate``: measure a model on labelled data, as the app runs it.

The classes of the data need not be those of the model: measured is what they share, as the model
answers and among these classes only. What is left out is said.

With ``--photos`` the images are whole photographs, any size, in folders that are called after
expressions, or in a ZIP of them: each is looked at as the Photo page does it, and the largest face
counts. An image without a face that is found is a miss. Small squares, such as FER2013's, are
cut-out faces: their border is repeated outwards, and they are enlarged.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import fer
from fer.analyzer import FaceAnalyzer
from fer.errors import DataError
from fer.evaluation.measurements import VOTE_RULES
from fer.evaluation.other_data import OtherDataFile
from fer.images import CUT_OUT_SIDE
from fer.labels import EXPRESSION_HEAD
from fer.model.classifier import ExpressionClassifier
from fer.records import Record
from training.commands.arguments import Command, add_domains, add_model, add_split_seed
from training.data import load
from training.data.dataset import DataSet
from training.data.load import SPLIT_SEED
from training.data.photographs import open_photographs
from training.evaluation import measure
from training.evaluation.faces import FaceEvaluation, measure_faces
from training.evaluation.photos import PhotoEvaluation, answers, measured
from training.evaluation.recording import data_of_training, data_to_record, record
from training.evaluation.split_predictions import PASSES, predict_split
from training.evaluation.spread import SpreadClassifier
from training.evaluation.text import DOMAIN, face_text, photo_text
from training.progress import Progress


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument(
        "directory", nargs="?", type=Path, metavar="MODEL", help="a model directory, as --model"
    )
    add_domains(
        parser,
        "folder, .csv, .npz or .zip; of several, each is a domain that is measured apart too",
    )
    parser.add_argument(
        "--by",
        metavar="COLUMN",
        help="measure each value of a column apart too, such as sex, with its interval; the data "
        "are a table, or an .npz with an array of that name",
    )
    parser.add_argument(
        "--split",
        help="train, validation or test (default: validation; data that names no splits is "
        "measured whole, unless the model was trained on it)",
    )
    add_model(parser)
    parser.add_argument("--head", help="the head that answers (default: the usual one)")
    add_split_seed(parser)
    parser.add_argument("--json", action="store_true", help="print every figure as JSON")
    parser.add_argument(
        "--full",
        action="store_true",
        help="measure ten views, robustness and abstention too, which takes more than twenty times "
        "as long; the data must have all classes of the model",
    )
    recorded = parser.add_argument_group("other data")
    recorded.add_argument(
        "--record",
        action="store_true",
        help="add the result to other_data.json of the model, which the dashboard shows",
    )
    recorded.add_argument("--who", help="who measured it, for --record")
    recorded.add_argument("--note", default="", help="what else a reader must know, for --record")
    photos = parser.add_argument_group("whole photographs")
    photos.add_argument(
        "--photos",
        action="store_true",
        help="find and align the faces as the Photo page does; the largest one counts. Square "
        f"images of at most {CUT_OUT_SIDE} pixels are cut-out faces: they get a border and are "
        "enlarged",
    )
    photos.add_argument("--limit", type=int, help="measure so many images, spread over all")
    parser.add_argument("--threads", type=int, help="images at once (default: one per core)")


def run(arguments: argparse.Namespace) -> int:
    """Print the metrics; return the exit status."""
    model = arguments.directory or arguments.model
    _check(arguments)
    kind, sha256 = (
        data_to_record(load.domain_of(arguments.data[0])[1], model, arguments.split)
        if arguments.record
        else ("other", "")
    )
    result, further = (
        (_photos(model, arguments), {}) if arguments.photos else _faces(model, arguments)
    )
    if arguments.record:
        who = arguments.who or f"python -m training evaluate, FER Lens {fer.__version__}"
        record(model, result, kind=kind, data_sha256=sha256, measured_by=who, note=arguments.note)
    if arguments.json:
        print(json.dumps(result.model_dump() | further, indent=1))
    else:
        print(photo_text(result) if isinstance(result, PhotoEvaluation) else face_text(result))
        _print_further(further)
        if arguments.record:
            print(f"\nrecorded in {model / OtherDataFile.filename}, which the Dashboard shows")
    return 0


def _check(arguments: argparse.Namespace) -> None:
    if arguments.limit is not None and not arguments.photos:
        raise DataError("--limit is for --photos; add it, or leave it out.")
    if arguments.full and arguments.photos:
        raise DataError("--full is for cut-out faces; leave out --photos or --full.")
    if arguments.record and arguments.limit is not None:
        raise DataError("--record is for all images; leave out --limit.")
    if (arguments.who or arguments.note) and not arguments.record:
        raise DataError("--who and --note are for --record; add it, or leave them out.")
    if arguments.by and arguments.photos:
        raise DataError("--by is for cut-out faces; leave out --photos or --by.")
    if len(arguments.data) > 1 and (arguments.by or arguments.photos or arguments.record):
        raise DataError("--by, --photos and --record are for one data set at a time.")
    if arguments.threads is not None and arguments.threads < 1:
        raise DataError(f"expected at least 1 thread, got {arguments.threads}.")


def _faces(model: Path, arguments: argparse.Namespace) -> tuple[FaceEvaluation, dict[str, Any]]:
    """Return the measurements on cut-out faces, and those of ``--full``."""
    classifier = SpreadClassifier(model, arguments.threads)
    head = classifier.spec.head(arguments.head).name
    spec = classifier.spec
    data = load.load_domains(
        arguments.data,
        size=spec.input_size,
        channels=spec.channels,
        seed=arguments.split_seed,
        column=arguments.by,
    )
    own = data.names_splits or data.sha256 in data_of_training(model)
    split = arguments.split or ("validation" if own else "")
    faces = data.split(split) if split else data.all_faces()
    classifier.advance = Progress(len(faces), "faces").advance
    by = arguments.by or (DOMAIN if len(arguments.data) > 1 else "")
    result = measure_faces(classifier, data, split, head, by)
    if not arguments.full:
        return result, {}
    data = _with_classes_of(classifier, data, arguments.data, arguments.split_seed)
    split = split or "validation"
    passes = PASSES + (split == "validation")  # once more for cross-fitting
    classifier.advance = Progress(passes * len(data.held_out()[split]), "views of faces").advance
    return result, figures_of(classifier, data, split)


def _photos(model: Path, arguments: argparse.Namespace) -> PhotoEvaluation:
    """Return the measurements on photographs."""
    classifier = ExpressionClassifier(model)
    head = classifier.spec.head(arguments.head)
    opened = open_photographs(
        Path(arguments.data[0]),
        head.labels,
        split=arguments.split or "validation",
        seed=arguments.split_seed,
    )
    with opened as data:
        some = data if arguments.limit is None else data.some(arguments.limit)
        count = len(some.photographs)
        threads = min(arguments.threads or os.cpu_count() or 1, count)
        analyzers = [FaceAnalyzer.for_photos(model) for _ in range(threads)]
        found = answers(some.photographs, analyzers, classifier, head.name)
        shown = Progress(count, "images").over(found)
        return measured(some, shown, classifier.spec, analyzers[0].detector_version, head.name)


def load_for_model(classifier: ExpressionClassifier, path: Path, seed: int = SPLIT_SEED) -> DataSet:
    """Load a data set in a model's input format, with the model's classes.

    Raises:
        DataError: the data set lacks classes of the model, or cannot be loaded.
    """
    spec = classifier.spec
    dataset = load.load(path, size=spec.input_size, channels=spec.channels, seed=seed)
    return _with_classes_of(classifier, dataset, [str(path)], seed)


def _with_classes_of(
    classifier: ExpressionClassifier, dataset: DataSet, places: Sequence[str], seed: int
) -> DataSet:
    """Return a data set without classes that a model does not know; see `load_for_model`."""
    spec = classifier.spec
    names = next(iter(dataset.splits.values())).class_names
    if names != classifier.labels and set(classifier.labels) < set(names):
        dataset = load.load_domains(
            places,
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

    Keys: model, data, split, view, cross_fitted_calibration_error (null except for validation),
    selective, and those of `measure.split_figures`.
    """
    predictions, spec = predict_split(classifier, dataset, split), classifier.spec
    figures = measure.split_figures(predictions, spec, classifier.labels)
    figures["selective"] = measure.selective_predictions(predictions, spec)
    error = None
    if split == "validation":
        faces = dataset.held_out()[split]
        logits = classifier.logits(faces.images)[EXPRESSION_HEAD]
        error = measure.cross_fitted_calibration_error(logits, faces)
    return {
        "model": spec.name,
        "data": dataset.name,
        "split": split,
        "view": "single",
        "cross_fitted_calibration_error": error,
        **{name: _json(value) for name, value in figures.items()},
    }


def _json(value: Record | tuple[Record, ...] | None) -> object:
    if isinstance(value, tuple):
        return [one.model_dump() for one in value]
    return value.model_dump() if value else None


def _print_further(record: dict[str, Any]) -> None:
    if not record:
        return
    error, tta = record["cross_fitted_calibration_error"], record["tta"]
    print(f"\n  ten views          {tta['evaluation']['accuracy']:.2%}")
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


COMMAND = Command("measure a model on labelled data", __doc__, _add_arguments, run)
