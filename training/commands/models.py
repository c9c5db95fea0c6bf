"""``presets``, ``compare``, ``export``, ``mistakes``, ``recompute``: about presets and models."""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from fer.atomic_write import check_files
from fer.commands.options import add_overwrite
from fer.errors import DataError, ModelError
from fer.evaluation.report import Report
from fer.labels import EXPRESSION_HEAD
from fer.model.classifier import ExpressionClassifier
from fer.model.spec import ModelSpec
from training.commands.arguments import (
    Commands,
    add_command,
    add_data,
    add_domains,
    add_model,
    add_split_seed,
    load_for_model,
)
from training.data.load import load, load_domains
from training.evaluation import measure
from training.evaluation.predictions import load_splits
from training.evaluation.recording import find_mistakes
from training.evaluation.text import adaptation_text
from training.presets.catalogue import CATALOGUE, PRESETS

#: Row title → function that formats the value of a report.
_ROWS: dict[str, Callable[[Report], str]] = {
    "accuracy": lambda r: f"{r.evaluations['validation'].accuracy:.2%}",
    "95 % interval": lambda r: (
        f"{r.evaluations['validation'].accuracy_low:.1%}–"
        f"{r.evaluations['validation'].accuracy_high:.1%}"
    ),
    "macro-F1": lambda r: f"{r.evaluations['validation'].macro_f1:.3f}",
    "balanced accuracy": lambda r: f"{r.evaluations['validation'].balanced_accuracy:.2%}",
    "log loss": lambda r: f"{r.evaluations['validation'].log_loss:.3f}",
    "calibration error": lambda r: f"{r.evaluations['validation'].calibration_error:.3f}",
    "parameters": lambda r: f"{r.parameters:,}",
    "ms a face": lambda r: f"{r.latency_ms:.2f}",
    "epochs": lambda r: f"{len(r.history)}{_part(r)}",
    "training minutes": lambda r: f"{r.training_seconds / 60:.0f}{_part(r)}",
    "data": lambda r: r.data.sha256[:8],
}


def _part(report: Report) -> str:
    return "*" if report.initial_model else ""


def add_compare(commands: Commands) -> None:
    """Add the command that prints one column per model."""
    parser = add_command(
        commands, "compare", _compare, "print the reports of several models side by side"
    )
    parser.add_argument("models", nargs="+", type=Path, metavar="DIR")


def _compare(arguments: argparse.Namespace) -> int:
    reports = [Report.load(directory) for directory in arguments.models]
    width = max(14, *(len(r.name) + 2 for r in reports))
    print(" " * 20 + "".join(f"{r.name:>{width}}" for r in reports))
    for title, cell in _ROWS.items():
        print(f"{title:<20}" + "".join(f"{cell(r):>{width}}" for r in reports))
    if any(r.initial_model for r in reports):
        print("\n* of the last training alone; it began with a trained model.")
    for directory in arguments.models:
        if not (directory / ModelSpec.filename).is_file():
            print(f"\n{directory} is a report alone: there is no network that could answer.")
    for report in reports:
        if report.adaptation:
            print(f"\n{report.name} was taught further images:")
            print(adaptation_text(report.adaptation))
    if len({r.data.sha256 for r in reports}) > 1:
        print("\nThe models were measured on different data; their figures do not compare.")
    return 0


#: Number of images for parity, and for int8 calibration.
_IMAGES = 200


def add_export(commands: Commands) -> None:
    """Add the command that writes a model in other formats."""
    parser = add_command(
        commands, "export", _export, "write LiteRT float32, float16, int8 and ONNX files of a model"
    )
    add_model(parser)
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    add_overwrite(parser)
    parser.add_argument(
        "--formats",
        default="float32,float16,int8,onnx",
        help="comma-separated (default: all four)",
    )
    parser.add_argument(
        "--data", type=Path, help="faces for parity and int8's ranges; else random images"
    )


def _export(arguments: argparse.Namespace) -> int:
    from training.export import FORMATS, export_format, exported_file

    formats = arguments.formats.split(",")
    unknown = set(formats) - set(FORMATS)
    if unknown:
        raise DataError(f"no format {', '.join(sorted(unknown))}; expected {', '.join(FORMATS)}.")
    spec = ModelSpec.load(arguments.model)
    targets = [exported_file(name, spec, arguments.out) for name in formats]
    check_files(targets, overwrite=arguments.overwrite)
    arguments.out.mkdir(parents=True, exist_ok=True)
    size, channels = spec.input_size, spec.channels
    if arguments.data:
        data = load(arguments.data, size=size, channels=channels)
        images = data.split("train").images[:_IMAGES]
    else:
        shape = (_IMAGES, size, size, channels)
        images = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    print(f"{'file':<24}{'MB':>8}{'largest difference':>20}{'same answer':>13}")
    for name in formats:
        made = export_format(name, arguments.model, arguments.out, images)
        megabytes = made.file.stat().st_size / 1e6
        print(
            f"{made.file.name:<24}{megabytes:>8.2f}{made.difference:>20.2g}{made.same_answer:>13.1%}"
        )
    return 0


def add_mistakes(commands: Commands) -> None:
    """Add the command that writes ``mistakes.json`` into a model directory."""
    parser = add_command(
        commands,
        "mistakes",
        _mistakes,
        "keep the most confident mistakes with their pictures for the dashboard of this machine",
    )
    add_data(parser)
    parser.add_argument("--split", default="validation", help="train, validation or test")
    add_model(parser)
    add_split_seed(parser)


def _mistakes(arguments: argparse.Namespace) -> int:
    classifier = ExpressionClassifier(arguments.model)
    data = load_for_model(classifier, [str(arguments.data)], arguments.split_seed)
    found = find_mistakes(classifier, data, arguments.split)
    found.save(arguments.model)
    print(
        f"{arguments.model / found.filename}: {len(found.mistakes)} pictures of {arguments.split}. "
        "They are faces of your data set: git ignores the file, and whoever can open the dashboard "
        "sees them."
    )
    return 0


def add_presets(commands: Commands) -> None:
    """Add the command that lists the presets."""
    parser = add_command(
        commands,
        "presets",
        _presets,
        "list the named configurations, with command, time and accuracy to expect",
    )
    parser.add_argument("--json", action="store_true", help="print every field as JSON")


def _presets(arguments: argparse.Namespace) -> int:
    if arguments.json:
        print(json.dumps({n: dataclasses.asdict(p) for n, p in PRESETS.items()}, indent=1))
        return 0
    for entry in CATALOGUE:
        lines = (entry.purpose, entry.command, entry.outcome)
        print("\n  ".join([entry.preset.name, *filter(None, lines)]) + "\n")
    return 0


def add_recompute(commands: Commands) -> None:
    """Add the command that writes thresholds and figures again.

    The network stays as it is, so no new training is needed when a rule for "uncertain" or a figure
    of the report changes, and no data set unless that figure or the temperatures need predictions
    that were not stored.
    """
    parser = add_command(
        commands,
        "recompute",
        _recompute,
        "choose the thresholds of a model again and write its figures, from its stored predictions",
    )
    parser.add_argument("model", type=Path, help="model directory, such as models/compact")
    add_domains(
        parser,
        "the data of its report: predict it again, and fit temperatures and blend anew, for what "
        "older predictions lack; several as for train",
        required=False,
    )


def _recompute(arguments: argparse.Namespace) -> int:
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
    spec, report = ModelSpec.load(directory), Report.load(directory)
    if not report.describes(spec):
        raise ModelError(
            f"{directory / Report.filename} is about another network than "
            f"{directory / ModelSpec.filename}. Train the model again."
        )
    if places:
        report = _predicted_again(directory, report, places)
    predictions = load_splits(directory)
    spec = measure.fit_thresholds(directory, predictions)
    figures = measure.report_figures(predictions, spec, spec.labels)
    report = Report.model_validate(dict(report) | figures)
    report.save(directory)
    return report


def _predicted_again(directory: Path, report: Report, places: Sequence[str]) -> Report:
    """Fit temperatures, blend the heads and store predictions anew; return the new report."""
    from training.model_writer import file_cards, uncalibrated  # TensorFlow takes seconds to load

    spec = ModelSpec.load(directory)
    size, channels = spec.input_size, spec.channels
    data = load_domains(places, size=size, channels=channels, classes=spec.labels)
    if (data.sha256, data.sources) != (report.data.sha256, report.data.domains):
        raise DataError(
            f"{data.name} is not the data set of {report.name}'s report, {report.data.name} with "
            f"SHA-256 {report.data.sha256} and the domains {list(report.data.domains)}; "
            f"got {data.sha256} and {list(data.sources)}."
        )
    logits, _ = measure.predict_anew(directory, data)
    fitted = uncalibrated(logits[EXPRESSION_HEAD], data.split("validation"))
    return report.model_copy(update={"files": file_cards(directory)} | fitted)
