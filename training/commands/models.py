"""``presets``, ``compare``, ``export``, ``mistakes``, ``recompute``: about presets and models."""

from __future__ import annotations

import argparse
import base64
import dataclasses
import json
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fer.atomic_write import check_files
from fer.commands.options import add_overwrite
from fer.drawing.pictures import encoded
from fer.errors import DataError, ModelError
from fer.evaluation.report import Mistake, Mistakes, Report
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
    nonempty_path,
)
from training.data.dataset import DataSet
from training.data.load import load, load_domains
from training.evaluation import measure
from training.evaluation.output import adaptation_text
from training.evaluation.predictions import load_splits, truths
from training.presets.catalogue import CATALOGUE, PRESETS


def _column(report: Report) -> dict[str, str]:
    result, part = report.evaluations["validation"], "*" if report.initial_model else ""
    return {
        "accuracy": f"{result.accuracy:.2%}",
        "95 % interval": f"{result.accuracy_low:.1%}–{result.accuracy_high:.1%}",
        "macro-F1": f"{result.macro_f1:.3f}",
        "balanced accuracy": f"{result.balanced_accuracy:.2%}",
        "log loss": f"{result.log_loss:.3f}",
        "calibration error": f"{result.calibration_error:.3f}",
        "parameters": f"{report.parameters:,}",
        "ms a face": f"{report.latency_ms:.2f}",
        "epochs": f"{len(report.history)}{part}",
        "training minutes": f"{report.training_seconds / 60:.0f}{part}",
        "data": report.data.sha256[:8],
    }


def add_compare(commands: Commands) -> None:
    """Add the command that prints one column per model."""
    parser = add_command(
        commands, "compare", _compare, "print the reports of several models side by side"
    )
    parser.add_argument("models", nargs="+", type=nonempty_path, metavar="DIR")


def _compare(arguments: argparse.Namespace) -> int:
    reports = [Report.load(directory) for directory in arguments.models]
    width = max(14, *(len(r.name) + 2 for r in reports))
    print(" " * 20 + "".join(f"{r.name:>{width}}" for r in reports))
    columns = [_column(r) for r in reports]
    for title in columns[0]:
        print(f"{title:<20}" + "".join(f"{column[title]:>{width}}" for column in columns))
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
    parser.add_argument("--out", type=nonempty_path, required=True, help="folder to write")
    add_overwrite(parser)
    parser.add_argument(
        "--formats",
        default="float32,float16,int8,onnx",
        help="comma-separated (default: all four)",
    )
    parser.add_argument(
        "--data", type=nonempty_path, help="faces for parity and int8's ranges; else random images"
    )


def _export(arguments: argparse.Namespace) -> int:
    # Keras exports with TensorFlow only, whatever a training on this machine runs on. It has not
    # been imported yet.
    os.environ["KERAS_BACKEND"] = "tensorflow"
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
        file, difference, same = export_format(name, arguments.model, arguments.out, images)
        megabytes = file.stat().st_size / 1e6
        print(f"{file.name:<24}{megabytes:>8.2f}{difference:>20.2g}{same:>13.1%}")
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


#: Mistakes kept of each pair of truth and answer.
EXAMPLES = 4


def find_mistakes(classifier: ExpressionClassifier, data: DataSet, split: str) -> Mistakes:
    """Return the `EXAMPLES` most confident mistakes of each head, truth and answer.

    Raises:
        DataError: the data set has no such split.
    """
    faces, spec = data.split(split), classifier.spec
    by_head = classifier.all_heads(faces.images)
    found: list[Mistake] = []
    for head, truth in truths(spec, faces).items():
        part, names = truth.of(by_head[head]), spec.head(head).labels
        answers, confidence = part.answers.tolist(), part.confidence
        pairs: Counter[tuple[str, str]] = Counter()
        for i in np.argsort(-confidence, kind="stable").tolist():
            pair = names[part.labels[i]], names[answers[i]]
            if pair[0] == pair[1] or pairs[pair] == EXAMPLES:
                continue
            pairs[pair] += 1
            png = encoded(faces.images[truth.faces[i]], ".png")
            found.append(
                Mistake(
                    head=head,
                    truth=pair[0],
                    answer=pair[1],
                    confidence=min(1.0, float(confidence[i])),
                    png=base64.b64encode(png),
                )
            )
    return Mistakes(sha256=spec.sha256, data=data.name, split=split, mistakes=tuple(found))


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

    No new training is needed when a rule for "uncertain" or a figure of the report changes, and no
    data set unless these need predictions that were not stored.
    """
    parser = add_command(
        commands,
        "recompute",
        _recompute,
        "choose the thresholds of a model again and write its figures, from its stored predictions",
    )
    parser.add_argument("model", type=nonempty_path, help="model directory, such as models/compact")
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

    With its data set, or one per domain, they are predicted again; else the stored predictions do.

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
