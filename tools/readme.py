"""Writes the documents' figures and the table of settings, so that none is typed by hand.

``python -m tools.readme [--presets DIR... --data fer2013.npz]`` replaces the text between
markers: the shipped model's figures in ``models/README.md``, five of them in ``README.md``, the
settings in ``docs/settings.md``, and in ``training/README.md`` a row for each model directory of
``--presets``. The presets are all measured on the validation split of the data set ``--data``,
regardless of what they were trained on.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from app.core.settings import SETTINGS
from app.core.text import counted
from app.dashboard.other_data import record_name
from fer.evaluation.measurements import VOTE_RULES, Truth
from fer.evaluation.metrics import Evaluation, evaluate, share_interval
from fer.evaluation.other_data import OtherData, OtherDataFile, StatedFigures
from fer.evaluation.report import Report
from fer.labels import BALANCED_HEAD, EXPRESSION_HEAD, FERPLUS_HEAD
from fer.model.classifier import ExpressionClassifier
from fer.model.spec import ModelSpec
from tools.report import MODEL, ROOT
from training.commands.arguments import load_for_model

#: Least number of faces of an expression from which a table says how many of them are found.
_LEAST_FACES = 50

#: Names of the heads in the tables.
_HEADS = {BALANCED_HEAD: "balanced", EXPRESSION_HEAD: "FER2013", FERPLUS_HEAD: "FER+"}


def main() -> None:
    """Update the documents."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--presets", nargs="*", type=Path, default=[], metavar="DIR")
    parser.add_argument("--data", type=Path, help="data set to measure --presets on")
    arguments = parser.parse_args()
    written = {
        "models/README.md": model_card(_document("models/README.md"), Report.load(MODEL)),
        "docs/settings.md": settings_page(_document("docs/settings.md")),
        "README.md": replace_section(_document("README.md"), "figures", summary_table(MODEL)),
    }
    if arguments.presets:
        rows = [(Report.load(d), evaluate_model(d, arguments.data)) for d in arguments.presets]
        text = _document("training/README.md")
        written["training/README.md"] = replace_section(text, "presets", preset_table(rows))
    for name, text in written.items():
        (ROOT / name).write_text(text, encoding="utf-8")


def _document(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "|" + "".join(f" {name} |" if name else " |" for name in header)
    lines = (f"| {' | '.join(cells)} |" for cells in (["---"] * len(header), *rows))
    return "\n".join([head, *lines])


def replace_section(text: str, name: str, content: str) -> str:
    """Return `text` with the lines between the markers of `name` replaced by `content`."""
    pattern = re.compile(f"(<!-- {name}:begin -->\n).*?(<!-- {name}:end -->)", re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"expected markers <!-- {name}:begin --> and <!-- {name}:end -->")
    return pattern.sub(lambda match: f"{match[1]}{content}\n{match[2]}", text)


def model_card(text: str, report: Report) -> str:
    """Return the text of the model card with its tables updated from a report."""
    tables = {"figures": figures, "classes": class_table, "corruptions": corruption_table}
    for name, table in tables.items():
        text = replace_section(text, name, table(report))
    text = replace_section(text, "groups", group_table(MODEL))
    return replace_section(text, "other-data", other_data_table(MODEL))


def group_table(model: Path) -> str:
    """Return the table of groups of people that were measured apart, with earlier weights too."""
    rows = (
        (
            *(record_name(record), _HEADS[record.head], f"`{record.sha256[:12]}`"),
            *(f"{group.by}: {group.name}", f"{group.count:,}"),
            f"{group.right / group.count:.0%} ({group.interval[0]:.0%} to {group.interval[1]:.0%})",
        )
        for record in OtherDataFile.load(model).records
        for group in record.groups
    )
    return _table(["data", "head", "weights", "group", "faces", "right (95 % interval)"], rows)


def settings_page(text: str) -> str:
    """Return the text of docs/settings.md with its tables updated."""
    limits, others = [], []
    for one in SETTINGS.values():
        usual = one.machine or ("–" if one.default is None else f"`{one.default}`")
        if not one.machine and isinstance(one.default, int):
            usual = f"{one.default:,}"
        row = [f"`{one.name}`", usual, one.about]
        if one.at_limit:
            limits.append([*row, one.at_limit])
        else:
            others.append([*row, " or ".join(f"`{choice}`" for choice in one.choices)])
    head = ["setting", "default", "what it says"]
    text = replace_section(text, "limits", _table([*head, "at the limit"], limits))
    return replace_section(text, "settings", _table([*head, "values"], others))


def summary_table(model: Path) -> str:
    """Return the five figures of the README.

    Accuracy is of the head that answers, in each domain, and on held-out data where these weights
    were measured on some. The costs are quoted from the documents that have them and say how.
    """
    spec, report = ModelSpec.load(model), Report.load(model)
    head = spec.heads[0].name
    rows = [
        (f"Right on {record_name(r)}, {r.count:,} faces that nothing was chosen on", _right(r))
        for r in OtherDataFile.load(model).of(spec)
        if r.head == head and r.kind == "test"
    ]
    for split, result in report.evaluations_of(head).items():
        domain = split.removeprefix("validation, ")
        if split == "validation":
            domain = next(iter(report.data.domains), "the data set")
        elif domain not in report.data.domains:
            continue
        interval = f"{result.accuracy_low:.1%} to {result.accuracy_high:.1%}"
        faces = f"{result.count:,} validation faces of {domain}, on which thresholds were chosen"
        rows.append((f"Right by the labels of {faces}", f"{result.accuracy:.1%} ({interval})"))
    frame = quoted("models/README.md", r"with one face takes\s+([\d.]+ ms)")
    photo = quoted("docs/scale.md", r"of 0\.2 to 2\.6 megapixels.*?\| ([\d.]+) core seconds")
    memory = quoted("docs/hosting.md", r"with the first page \| \d+; (\d+) \|")
    worked = quoted("docs/hosting.md", r"200 photographs \| \d+, \d+, (\d+) \|")
    found = quoted("docs/detection.md", r"all faces of 24 px and more \|.*?\| (0\.\d+) \(")
    further = [
        ("A frame of live video, 640 × 480, one face, one thread", frame),
        ("A photograph of 0.2 to 2.6 megapixels, one core", f"{photo} s on average"),
        (
            "Memory of a server: with the first page; after 200 photographs",
            f"{memory}; {worked} MB",
        ),
        ("Faces of 24 pixels and more that are found in photographs", f"{float(found):.1%}"),
    ]
    return _table(["", ""], [*((domain, f"**{figure}**") for domain, figure in rows), *further])


def quoted(document: str, pattern: str) -> str:
    """Return the figure that a document has at a pattern's group; raise `ValueError` without."""
    found = re.search(pattern, _document(document))
    if not found:
        raise ValueError(f"{document}: expected a figure at {pattern!r}")
    return found[1]


def class_table(report: Report) -> str:
    """Return the table of each expression by the FER2013 head, and its recall by the balanced."""
    balanced = report.balanced_evaluations.get("validation")
    found = {c.label: f"{c.recall:.1%}" for c in balanced.classes} if balanced else {}
    rows = (
        (
            *(c.label, f"{c.precision:.1%}", f"{c.recall:.1%}", f"{c.f1:.3f}"),
            *(found.get(c.label, "–"), f"{c.support:,}"),
        )
        for c in report.evaluations["validation"].classes
    )
    return _table(
        ["expression", "precision", "recall", "F1", "recall, balanced head", "faces"], rows
    )


def corruption_table(report: Report) -> str:
    """Return the table of the accuracy under each corruption."""
    uncorrupted = report.evaluations["validation"].accuracy
    rows = (
        (
            f"{c.name}: {c.description}",
            f"{c.evaluation.accuracy:.1%}",
            f"{100 * (uncorrupted - c.evaluation.accuracy):.1f}",
        )
        for c in report.robustness
    )
    return _table(["corruption", "accuracy", "points lost"], rows)


def other_data_table(model: Path) -> str:
    """Return the table of what a model's weights, and those before, reach on other data.

    Of earlier weights, only that stands which these have not been measured on.
    """
    spec = ModelSpec.load(model)
    file = OtherDataFile.load(model)
    of_these = file.of(spec)
    known = {(record_name(r), r.head) for r in of_these}
    earlier = [r for r in file.records if (record_name(r), r.head) not in known]
    shown = [*of_these, *earlier]
    rows = (
        (
            *(record_name(r), _HEADS[r.head], f"`{r.sha256[:12]}`", f"{r.count:,}"),
            *(_right(r), _said(r)),
        )
        for r in shown
    )
    who = " and ".join(dict.fromkeys(f"{r.measured_by}, on {r.created[:10]}" for r in shown))
    header = ["data", "head", "weights", "faces", "right (95 % interval)", "further"]
    return (
        f"{_table(header, rows)}\n\nMeasured {who}. The weights that ship begin with "
        f"`{spec.sha256[:12]}`; what stands here with others was reached by those before them."
    )


def _right(record: OtherData) -> str:
    accuracy = record.accuracy if record.accuracy is not None else record.restricted_accuracy
    if accuracy is None:
        return "–"
    low, high = share_interval(accuracy, record.count)
    return f"{accuracy:.1%} ({low:.1%} to {high:.1%})"


def _said(record: OtherData) -> str:
    said, figures = [], record.figures
    if record.restricted_accuracy is not None:
        said.append("only classes of the labels may be the answer")
    if record.search:
        said.append(f"{record.search.found:,} of {record.search.images:,} faces found")
    if record.macro_f1 is not None:
        said.append(f"macro-F1 {record.macro_f1:.3f}")
    if isinstance(figures, StatedFigures):
        if figures.answered is not None and figures.answered_accuracy is not None:
            right = f"{figures.answered_accuracy:.0%} of these right"
            said.append(f"answers {figures.answered:.0%}, {right}")
        recalls = [f"{c.label} {c.recall:.0%}" for c in figures.classes if c.recall is not None]
        said += [f"found of each: {', '.join(recalls)}"] if recalls else []
    return "; ".join(said)


def figures(report: Report) -> str:
    """Return the table with the figures of a model."""
    result = report.evaluations["validation"]
    low, high = result.accuracy_low, result.accuracy_high
    unique = report.without_duplicates["validation"]
    duplicates = result.count - unique.count
    file = report.files["model.tflite"]
    tta, runs = report.tta, report.seed_variance
    trainings = len(report.earlier_trainings) + 1
    rows = [
        ("Accuracy, FER2013 head, FER2013 PublicTest, single view", f"**{result.accuracy:.1%}**"),
        ("its 95 % interval (Wilson)", f"{low:.1%} to {high:.1%}"),
        (
            f"without the {duplicates} whose copies in Training were left out",
            f"{unique.accuracy:.1%}",
        ),
        ("Macro-F1, balanced accuracy", f"{result.macro_f1:.3f}, {result.balanced_accuracy:.1%}"),
        ("Right among the two most probable", f"{result.top2_accuracy:.1%}"),
    ]
    if tta:
        accuracy = f"{tta.evaluation.accuracy:.1%}"
        rows.append((f"Accuracy, FER2013 head, {tta.description}", accuracy))
    calibration = f"{report.cross_fitted_calibration_error:.3f}"
    rows += [
        ("Expected calibration error, FER2013 head, cross-fitted", calibration),
        *_answer_row(report),
        *_domain_rows(report),
        *_selective_rows(report),
        ("Weights, file", f"{report.parameters / 1e6:.2f} million, {file.bytes / 1e6:.1f} MB"),
        ("One face through LiteRT, one thread", f"{report.latency_ms:.1f} ms"),
    ]
    if runs:
        start = f" from `{runs.initial_model}`" if runs.initial_model else ""
        after = f"Accuracy after {counted(runs.epochs, 'epoch')}{start}"
        reached = f"{min(runs.accuracies):.1%} to {max(runs.accuracies):.1%}"
        rows.append((f"{after} with seeds {', '.join(map(str, runs.seeds))}", reached))
    last = f", the last of {trainings} trainings" if report.initial_model else ""
    minutes = f"{report.training_seconds / 60:.0f} minutes on {report.machine}, shared"
    rows.append((f"Training time{last}", minutes))
    rows += [
        (
            f"Agreement with FER+, {_HEADS[record.head]} head: {VOTE_RULES[record.rule]}",
            f"{record.accuracy:.1%} of {record.count:,}",
        )
        for record in report.ferplus_agreement
    ]
    return _table(["", ""], rows)


def _answer_row(report: Report) -> list[tuple[str, str]]:
    """Return the accuracy of the balanced head on the same faces; no row without it."""
    result = report.balanced_evaluations.get("validation")
    if result is None:
        return []
    interval = f"{result.accuracy_low:.1%} to {result.accuracy_high:.1%}"
    figures = (
        f"{result.accuracy:.1%} ({interval}); calibration error {result.calibration_error:.3f}"
    )
    name = "Accuracy, balanced head (the usual answer), the same faces by the same labels"
    return [(name, figures)]


#: By what answers of the balanced head are judged; the others' heads say it.
_BY: dict[Truth, str] = {
    "label": "",
    "most_votes": "",
    "people": ", by what most people said",
}


def _selective_rows(report: Report) -> list[tuple[str, str]]:
    rows = []
    for record in report.selective:
        if record.split == "validation":
            pictures = "pictures as they are"
            if record.degraded:
                pictures = f"corrupted: {', '.join(record.corruptions)}"
            head = f"Answered rather than “uncertain”, {_HEADS[record.head]} head, {pictures}"
            answered = f"{record.coverage:.0%} of {record.count:,}"
            right = f"{record.accuracy:.0%} right{_BY[record.truth]}"
            rows.append((head, f"{answered}; of these {right}"))
    return rows


def _domain_rows(report: Report) -> list[tuple[str, str]]:
    heads = {BALANCED_HEAD: report.balanced_evaluations, EXPRESSION_HEAD: report.evaluations}
    rows = []
    for head, evaluations in heads.items():
        for domain in list(report.data.domains)[1:]:
            if result := evaluations.get(f"validation, {domain}"):
                recalls = {c.label: c.recall for c in result.classes if c.support >= _LEAST_FACES}
                found = ", ".join(f"{label} {recall:.0%}" for label, recall in recalls.items())
                interval = f"{result.accuracy_low:.1%} to {result.accuracy_high:.1%}"
                figures = (
                    f"{result.accuracy:.1%} ({interval}) of {result.count:,}; calibration error "
                    f"{result.calibration_error:.3f}; found of each: {found}"
                )
                rows.append((f"Accuracy, {_HEADS[head]} head, {domain} faces held out", figures))
    return rows


def evaluate_model(model: Path, data: Path) -> Evaluation:
    """Evaluate a model on the validation split of a data set, with the app's classifier."""
    classifier = ExpressionClassifier(model)
    faces = load_for_model(classifier, [str(data)]).split("validation")
    return evaluate(faces.labels, classifier(faces.images), faces.class_names)


def preset_table(rows: list[tuple[Report, Evaluation]]) -> str:
    """Return the table of presets: training effort, accuracy and size of each model."""
    header = "preset|epochs|minutes|PublicTest accuracy (95 % interval)|macro-F1|weights"
    cells = (
        (
            *(f"`{report.preset}`", f"{len(report.history)}"),
            f"{report.training_seconds / 60:.1f}",
            f"{result.accuracy:.1%} ({result.accuracy_low:.1%} to {result.accuracy_high:.1%})"
            f" of {result.count:,}",
            *(f"{result.macro_f1:.3f}", f"{report.parameters / 1e6:.2f} M"),
        )
        for report, result in rows
    )
    return _table(header.split("|"), cells)


if __name__ == "__main__":
    main()
