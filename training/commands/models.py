"""``presets``, ``compare``, ``export``, ``mistakes``: commands about presets and models."""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from fer.commands.options import add_overwrite
from fer.errors import DataError
from fer.evaluation.report import Report
from fer.model.classifier import ExpressionClassifier
from fer.model.spec import ModelSpec
from fer.whole_files import check_files
from training.commands.arguments import Command, add_data, add_model, add_split_seed
from training.commands.evaluate import load_for_model
from training.data.load import load
from training.evaluation.mistakes import find_mistakes
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


def _compare(arguments: argparse.Namespace) -> int:
    """Print one column per model."""
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


def _export_arguments(parser: argparse.ArgumentParser) -> None:
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
    """Write the files, and print the size and parity of each."""
    from training.export.formats import FORMATS, export_format, exported_file

    formats = arguments.formats.split(",")
    unknown = set(formats) - set(FORMATS)
    if unknown:
        raise DataError(f"no format {', '.join(sorted(unknown))}; expected {', '.join(FORMATS)}.")
    spec = ModelSpec.load(arguments.model)
    targets = [exported_file(name, spec, arguments.out) for name in formats]
    check_files(targets, overwrite=arguments.overwrite)
    arguments.out.mkdir(parents=True, exist_ok=True)
    images = _images(spec, arguments.data)
    print(f"{'file':<24}{'MB':>8}{'largest difference':>20}{'same answer':>13}")
    for name in formats:
        made = export_format(name, arguments.model, arguments.out, images)
        size = made.file.stat().st_size / 1e6
        print(f"{made.file.name:<24}{size:>8.2f}{made.difference:>20.2g}{made.same_answer:>13.1%}")
    return 0


def _images(spec: ModelSpec, path: Path | None) -> np.ndarray:
    if path is None:
        shape = (_IMAGES, spec.input_size, spec.input_size, spec.channels)
        return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    dataset = load(path, size=spec.input_size, channels=spec.channels)
    return dataset.split("train").images[:_IMAGES]


def _mistakes_arguments(parser: argparse.ArgumentParser) -> None:
    add_data(parser)
    parser.add_argument("--split", default="validation", help="train, validation or test")
    add_model(parser)
    add_split_seed(parser)


def _mistakes(arguments: argparse.Namespace) -> int:
    """Write ``mistakes.json`` into the model directory."""
    classifier = ExpressionClassifier(arguments.model)
    data = load_for_model(classifier, arguments.data, arguments.split_seed)
    found = find_mistakes(classifier, data, arguments.split)
    found.save(arguments.model)
    print(
        f"{arguments.model / found.filename}: {len(found.mistakes)} pictures of {arguments.split}. "
        "They are faces of your data set: git ignores the file, and whoever can open the dashboard "
        "sees them."
    )
    return 0


def _presets(arguments: argparse.Namespace) -> int:
    """Print the list of presets."""
    if arguments.json:
        print(json.dumps({n: dataclasses.asdict(p) for n, p in PRESETS.items()}, indent=1))
        return 0
    for entry in CATALOGUE:
        lines = (entry.purpose, entry.command, entry.outcome)
        print("\n  ".join([entry.preset.name, *filter(None, lines)]) + "\n")
    return 0


def _presets_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print every field as JSON")


def _compare_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("models", nargs="+", type=Path, metavar="DIR")


PRESETS_COMMAND = Command(
    "list the named configurations, with command, time and accuracy to expect",
    "``python -m training presets``: list the named configurations.",
    _presets_arguments,
    _presets,
)
COMPARE = Command(
    "print the reports of several models side by side",
    "``python -m training compare``: compare models by their reports.",
    _compare_arguments,
    _compare,
)
EXPORT = Command(
    "write LiteRT float32, float16, int8 and ONNX files of a model",
    "``python -m training export``: export a trained model to other formats, with their parity.",
    _export_arguments,
    _export,
)
MISTAKES = Command(
    "keep the most confident mistakes with their pictures for the dashboard of this machine",
    "``python -m training mistakes``: the pictures that a model reads wrongly, for its dashboard.",
    _mistakes_arguments,
    _mistakes,
)
