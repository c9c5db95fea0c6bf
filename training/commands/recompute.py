"""``python -m training recompute``: thresholds and figures again, from stored predictions."""

from __future__ import annotations

import argparse
from pathlib import Path

from fer.errors import ModelError
from fer.evaluation.report import Report
from fer.model.spec import ModelSpec
from training.evaluation import measure
from training.evaluation.split_predictions import load_splits

HELP = "choose the thresholds of a model again and write its figures, from its stored predictions"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("model", type=Path, help="model directory, such as models/compact")


def run(arguments: argparse.Namespace) -> int:
    """Rewrite ``spec.json`` and ``report.json``; return the exit status.

    Network, temperatures and predictions stay as they are, so neither the data set nor a new
    training is needed when a rule for "uncertain" or a figure of the report changes.
    """
    report = recomputed(arguments.model)
    for one in report.selective:
        pictures = "poor pictures" if one.degraded else "pictures as they are"
        print(
            f"{one.head}, {pictures} of {one.split}: answers {one.coverage:.1%} from "
            f"{one.threshold:.3f} on, {one.accuracy:.1%} of them right"
        )
    return 0


def recomputed(directory: Path) -> Report:
    """Rewrite the thresholds and figures of a model directory, and return its report.

    Raises:
        ModelError: a file is missing, or the report is of another network than the specification.
    """
    from training.export.litert import update_heads  # TensorFlow takes seconds to load

    spec, report = ModelSpec.load(directory), Report.load(directory)
    if not report.describes(spec):
        raise ModelError(
            f"{directory / Report.filename} is about another network than "
            f"{directory / ModelSpec.filename}. Train the model again."
        )
    predictions = load_splits(directory)
    spec = update_heads(directory, abstentions=measure.abstentions(predictions["validation"]))
    figures = measure.report_figures(predictions, spec, spec.labels)
    report = Report.model_validate(dict(report) | figures)
    report.save(directory)
    return report
