"""``python -m training recompute``: thresholds and figures again, from stored predictions."""

from __future__ import annotations

import argparse
from pathlib import Path

from fer.errors import DataError, ModelError
from fer.evaluation.report import Report
from fer.model.spec import ModelSpec
from training.data.load import load
from training.evaluation import measure
from training.evaluation.balance import add_balanced_head
from training.evaluation.split_predictions import load_splits, predict_splits, save_splits
from training.evaluation.spread import SpreadClassifier

HELP = "choose the thresholds of a model again and write its figures, from its stored predictions"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("model", type=Path, help="model directory, such as models/compact")
    parser.add_argument(
        "--data",
        type=Path,
        help="the data set of its report: predict it again, and blend the heads anew, for what "
        "older predictions lack",
    )


def run(arguments: argparse.Namespace) -> int:
    """Rewrite ``spec.json`` and ``report.json``; return the exit status.

    Network and temperatures stay as they are, so no new training is needed when a rule for
    "uncertain" or a figure of the report changes, and no data set unless that figure needs
    predictions that were not stored.
    """
    report = recomputed(arguments.model, arguments.data)
    for one in report.selective:
        pictures = "poor pictures" if one.degraded else "pictures as they are"
        print(
            f"{one.head}, {pictures} of {one.split}: answers {one.coverage:.1%} from "
            f"{one.threshold:.3f} on, {one.accuracy:.1%} of them right"
        )
    return 0


def recomputed(directory: Path, path: Path | None = None) -> Report:
    """Rewrite the thresholds and figures of a model directory, and return its report.

    Args:
        directory: the model directory.
        path: its data set, to predict again; None to use the stored predictions.

    Raises:
        DataError: that is another data set than the one of the report.
        ModelError: a file is missing, or the report is of another network than the specification.
    """
    from training.export.litert import update_heads  # TensorFlow takes seconds to load

    spec, report = ModelSpec.load(directory), Report.load(directory)
    if not report.describes(spec):
        raise ModelError(
            f"{directory / Report.filename} is about another network than "
            f"{directory / ModelSpec.filename}. Train the model again."
        )
    if path:
        report = _predicted_again(directory, report, path)
    predictions = load_splits(directory)
    spec = update_heads(directory, abstentions=measure.abstentions(predictions["validation"]))
    floored = measure.with_floors(predictions["validation"], spec)
    spec = update_heads(directory, abstentions=floored)
    figures = measure.report_figures(predictions, spec, spec.labels)
    report = Report.model_validate(dict(report) | figures)
    report.save(directory)
    return report


def _predicted_again(directory: Path, report: Report, path: Path) -> Report:
    """Blend the heads, store new predictions, and return the report with the new files' hashes."""
    from training.model_writer import file_cards  # TensorFlow takes seconds to load

    classifier = SpreadClassifier(directory)
    size, channels = classifier.spec.input_size, classifier.spec.channels
    data = load(path, size=size, channels=channels, classes=classifier.labels)
    if data.sha256 != report.data.sha256:
        raise DataError(
            f"{path} is not the data set of {report.name}'s report, {report.data.name} with "
            f"SHA-256 {report.data.sha256}; got {data.sha256}."
        )
    validation = data.split("validation")
    add_balanced_head(directory, classifier.logits(validation.images), validation)
    save_splits(predict_splits(SpreadClassifier(directory), data), directory)
    return report.model_copy(update={"files": file_cards(directory)})
