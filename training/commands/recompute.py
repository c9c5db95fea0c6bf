"""``python -m training recompute``: thresholds and figures again, from stored predictions."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from fer.errors import DataError, ModelError
from fer.evaluation.report import Report
from fer.labels import EXPRESSION_HEAD
from fer.model.spec import ModelSpec
from training.commands.arguments import Command, add_domains
from training.data.load import load_domains
from training.evaluation import measure
from training.evaluation.calibration import add_balanced_head
from training.evaluation.split_predictions import load_splits, predict_splits, save_splits
from training.evaluation.spread import SpreadClassifier


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("model", type=Path, help="model directory, such as models/compact")
    add_domains(
        parser,
        "the data of its report: predict it again, and fit temperatures and blend anew, for what "
        "older predictions lack; several as for train",
        required=False,
    )


def run(arguments: argparse.Namespace) -> int:
    """Rewrite ``spec.json`` and ``report.json``; return the exit status.

    The network stays as it is, so no new training is needed when a rule for "uncertain" or a figure
    of the report changes, and no data set unless that figure or the temperatures need predictions
    that were not stored.
    """
    report = recomputed(arguments.model, arguments.data)
    for one in report.selective:
        pictures = "poor pictures" if one.degraded else "pictures as they are"
        print(
            f"{one.head}, {pictures} of {one.split}: answers {one.coverage:.1%} from "
            f"{one.threshold:.3f} on, {one.accuracy:.1%} of them right"
        )
    return 0


def recomputed(directory: Path, places: Sequence[str] = ()) -> Report:
    """Rewrite the thresholds and figures of a model directory, and return its report.

    Args:
        directory: the model directory.
        places: its data set, or one per domain, to predict again; none to use the stored
            predictions.

    Raises:
        DataError: that is another data set than the one of the report.
        ModelError: a file is missing, or the report is of another network than the specification.
    """
    from training.model_writer import fit_thresholds  # TensorFlow takes seconds to load

    spec, report = ModelSpec.load(directory), Report.load(directory)
    if not report.describes(spec):
        raise ModelError(
            f"{directory / Report.filename} is about another network than "
            f"{directory / ModelSpec.filename}. Train the model again."
        )
    if places:
        report = _predicted_again(directory, report, places)
    predictions = load_splits(directory)
    spec = fit_thresholds(directory, predictions)
    figures = measure.report_figures(predictions, spec, spec.labels)
    report = Report.model_validate(dict(report) | figures)
    report.save(directory)
    return report


def _predicted_again(directory: Path, report: Report, places: Sequence[str]) -> Report:
    """Fit temperatures, blend the heads and store predictions anew; return the new report."""
    from training.export.litert import update_heads  # TensorFlow takes seconds to load
    from training.model_writer import file_cards, uncalibrated

    classifier = SpreadClassifier(directory)
    size, channels = classifier.spec.input_size, classifier.spec.channels
    data = load_domains(places, size=size, channels=channels, classes=classifier.labels)
    if (data.sha256, data.sources) != (report.data.sha256, report.data.domains):
        raise DataError(
            f"{data.name} is not the data set of {report.name}'s report, {report.data.name} with "
            f"SHA-256 {report.data.sha256} and the domains {list(report.data.domains)}; "
            f"got {data.sha256} and {list(data.sources)}."
        )
    validation = data.split("validation")
    logits = classifier.logits(validation.images)
    temperatures = measure.temperatures(logits, classifier.spec, validation)
    update_heads(directory, temperatures=temperatures)
    add_balanced_head(directory, logits, validation)
    save_splits(predict_splits(SpreadClassifier(directory), data), directory)
    fitted = uncalibrated(logits[EXPRESSION_HEAD], validation)
    return report.model_copy(update={"files": file_cards(directory)} | fitted)


COMMAND = Command(
    "choose the thresholds of a model again and write its figures, from its stored predictions",
    __doc__,
    _add_arguments,
    run,
)
