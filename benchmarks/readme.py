"""Writes the figures of the README and the model card from reports, so that none is typed.

``python -m benchmarks.readme [--presets DIR... --data fer2013.npz]`` replaces what stands between
the markers: the shipped model's figures, here and in ``models/README.md``, and a row of the README
for each model directory of ``--presets``, all measured on the validation split of the same data,
whatever each was trained from.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from app.common.text import counted
from fer.evaluation.measurements import VOTE_RULES, Selective
from fer.evaluation.metrics import Evaluation, evaluate
from fer.evaluation.report import Report
from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD
from fer.model.classifier import ExpressionClassifier
from training.commands.evaluate import load_for_model

ROOT = Path(__file__).parent.parent
SHIPPED = ROOT / "models" / "compact"

#: What the heads are called in the tables.
_HEADS = {EXPRESSION_HEAD: "FER2013", FERPLUS_HEAD: "FER+"}


def main() -> None:
    """Rewrite both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--presets", nargs="*", type=Path, default=[], metavar="DIR")
    parser.add_argument("--data", type=Path, help="what --presets are measured on")
    arguments = parser.parse_args()
    report = Report.load(SHIPPED)
    card = ROOT / "models" / "README.md"
    card.write_text(model_card(card.read_text(), report))
    readme = ROOT / "README.md"
    text = replace_section(readme.read_text(), "figures", figures(report))
    if arguments.presets:
        rows = [(Report.load(d), measured(d, arguments.data)) for d in arguments.presets]
        text = replace_section(text, "presets", preset_table(rows))
    readme.write_text(text)


def replace_section(text: str, name: str, content: str) -> str:
    """Return `text` with what stands between the markers of `name` replaced.

    Raises:
        ValueError: there are no such markers.
    """
    pattern = re.compile(f"(<!-- {name}:begin -->\n).*?(<!-- {name}:end -->)", re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"expected markers <!-- {name}:begin --> and <!-- {name}:end -->")
    return pattern.sub(lambda match: f"{match[1]}{content}\n{match[2]}", text)


def model_card(text: str, report: Report) -> str:
    """Return the text of the model card with the tables of a report."""
    tables = {"figures": figures, "classes": class_table, "corruptions": corruption_table}
    for name, table in tables.items():
        text = replace_section(text, name, table(report))
    return text


def class_table(report: Report) -> str:
    """Return precision, recall and F1 of each expression."""
    rows = [
        f"| {c.label} | {c.precision:.1%} | {c.recall:.1%} | {c.f1:.3f} | {c.support:,} |"
        for c in report.evaluations["validation"].classes
    ]
    head = "| expression | precision | recall | F1 | faces |"
    return "\n".join([head, "| --- | --- | --- | --- | --- |", *rows])


def corruption_table(report: Report) -> str:
    """Return what each disturbance costs."""
    plain = report.evaluations["validation"].accuracy
    rows = [
        f"| {d.name}: {d.description} | {d.evaluation.accuracy:.1%} | "
        f"{100 * (plain - d.evaluation.accuracy):.1f} |"
        for d in report.robustness
    ]
    return "\n".join(["| corruption | accuracy | points lost |", "| --- | --- | --- |", *rows])


def figures(report: Report) -> str:
    """Return the table of the shipped model."""
    result = report.evaluations["validation"]
    low, high = result.accuracy_low, result.accuracy_high
    unseen = report.without_duplicates["validation"]
    repeats = result.count - unseen.count
    file = report.files["model.tflite"]
    rows = [
        ("Accuracy, FER2013 PublicTest, single view", f"**{result.accuracy:.1%}**"),
        ("its 95 % interval (Wilson)", f"{low:.1%} to {high:.1%}"),
        (f"without the {repeats} whose copies in Training were left out", f"{unseen.accuracy:.1%}"),
        ("Macro-F1, balanced accuracy", f"{result.macro_f1:.3f}, {result.balanced_accuracy:.1%}"),
        ("Right among the two most probable", f"{result.top2_accuracy:.1%}"),
        (f"Accuracy, {report.tta.description}", f"{report.tta.evaluation.accuracy:.1%}"),
        (
            "Expected calibration error, cross-fitted",
            f"{report.cross_fitted_calibration_error:.3f}",
        ),
        *_selective_rows(report),
        ("Weights, file", f"{report.parameters / 1e6:.2f} million, {file.bytes / 1e6:.1f} MB"),
        ("One face through LiteRT, one thread", f"{report.latency_ms:.1f} ms"),
        *_seed_rows(report),
        (
            "Training time, last part" if report.initial_model else "Training time",
            f"{report.training_seconds / 60:.0f} minutes on {report.machine}, shared",
        ),
    ]
    rows += [
        (
            f"Agreement with FER+, {_HEADS[record.head]} head: {VOTE_RULES[record.rule]}",
            f"{record.accuracy:.1%} of {record.count:,}",
        )
        for record in report.ferplus_agreement
    ]
    return "\n".join(["| | |", "| --- | --- |", *(f"| {a} | {b} |" for a, b in rows)])


def _selective_rows(report: Report) -> list[tuple[str, str]]:
    return [
        (
            f"Answered rather than “uncertain”, {_HEADS[made.head]} head, {_pictures(made)}",
            f"{made.coverage:.0%} of {made.count:,}; of these {made.accuracy:.0%} right",
        )
        for made in report.selective
        if made.split == "validation"
    ]


def _pictures(made: Selective) -> str:
    return f"corrupted: {', '.join(made.corruptions)}" if made.degraded else "pictures as they are"


def _seed_rows(report: Report) -> list[tuple[str, str]]:
    found = report.seed_variance
    if found is None:
        return []
    start = f" from `{found.initial_model}`" if found.initial_model else ""
    after = f"Accuracy after {counted(found.epochs, 'epoch')}{start}"
    low, high = min(found.accuracies), max(found.accuracies)
    return [
        (
            f"{after} with seeds {', '.join(map(str, found.seeds))}",
            f"{low:.1%} to {high:.1%}",
        )
    ]


def measured(model: Path, data: Path) -> Evaluation:
    """Measure a model on the validation split of a data set, by the app's own classifier."""
    classifier = ExpressionClassifier(model)
    faces = load_for_model(classifier, data).split("validation")
    return evaluate(faces.labels, classifier(faces.images), faces.class_names)


def preset_table(rows: list[tuple[Report, Evaluation]]) -> str:
    """Return a row per model: what was run, how long it took, and how well it does."""
    lines = [
        "| preset | epochs | minutes | PublicTest accuracy (95 % interval) | macro-F1 | weights |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for report, result in rows:
        low, high = result.accuracy_low, result.accuracy_high
        lines.append(
            f"| `{report.preset}` | {len(report.history)} | "
            f"{report.training_seconds / 60:.1f} | "
            f"{result.accuracy:.1%} ({low:.1%} to {high:.1%}) of {result.count:,} | "
            f"{result.macro_f1:.3f} | {report.parameters / 1e6:.2f} M |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
