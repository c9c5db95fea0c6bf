"""Measurements as text for a terminal, and as figures for print, PNG and SVG."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fer.atomic_write import atomic_write, check_files
from fer.errors import DataError
from fer.evaluation.measurements import VOTE_RULES
from fer.evaluation.metrics import Evaluation, LabelledEvaluation
from fer.evaluation.report import CALIBRATIONS, Adaptation, Change, Report
from fer.labels import colour_of
from training.evaluation.labelled import FaceEvaluation, PhotoEvaluation

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: What faces of several data sets are measured apart by.
DOMAIN = "domain"

#: Images that could not be read of which is said why.
_SHOWN_PROBLEMS = 5


def evaluation_text(title: str, result: Evaluation) -> str:
    """Return the metrics of one set of faces, with the confusion matrix."""
    low, high = result.accuracy_low, result.accuracy_high
    return "\n".join(
        [
            f"\n{title} ({result.count:,})",
            f"  accuracy           {result.accuracy:.2%}  (95 % interval {low:.1%} to {high:.1%})",
            f"  top-2 accuracy     {result.top2_accuracy:.2%}",
            f"  balanced accuracy  {result.balanced_accuracy:.2%}",
            f"  macro-F1           {result.macro_f1:.3f}",
            f"  log loss           {result.log_loss:.3f}",
            f"  calibration error  {result.calibration_error:.3f}",
            f"\n  {'class':<12}{'precision':>10}{'recall':>8}{'F1':>8}{'faces':>8}",
            *(
                f"  {c.label:<12}{c.precision:>10.3f}{c.recall:>8.3f}{c.f1:>8.3f}{c.support:>8}"
                for c in result.classes
            ),
            *_averages(result),
            "\n  confusion (rows are the truth)",
            *(
                f"  {c.label:<12}" + "".join(f"{n:>6}" for n in row)
                for c, row in zip(result.classes, result.confusion, strict=True)
            ),
        ]
    )


def _averages(result: Evaluation) -> list[str]:
    there = [c for c in result.classes if c.support]
    rows = []
    for name, weights in (("macro", [1] * len(there)), ("weighted", [c.support for c in there])):
        precision, recall, f1 = (
            sum(w * getattr(c, of) for w, c in zip(weights, there, strict=True)) / sum(weights)
            for of in ("precision", "recall", "f1")
        )
        rows.append(f"  {name:<12}{precision:>10.3f}{recall:>8.3f}{f1:>8.3f}{result.count:>8}")
    return rows


def labelled_text(title: str, result: LabelledEvaluation) -> str:
    """Return the metrics of one head: as it answers, and among the classes of the data only."""
    known = len(result.as_answered.classes)
    said = f"; any of its {known} classes may be the answer" if result.missing else ""
    given = "  (it says “uncertain” of all)"
    if result.answered:
        right = f"{result.answered_accuracy:.1%}"
        given = f"  ({right} of these right; of the others it says “uncertain”)"
    parts = [
        evaluation_text(f"{title} as it answers{said}", result.as_answered),
        f"\n  it answers         {result.answered:.1%}{given}",
    ]
    if result.missing:
        restricted = f"{title} restricted to {', '.join(result.shared)}"
        parts += [
            evaluation_text(restricted, result.restricted)
            if result.restricted
            else f"\n{restricted}: one class cannot be told from others",
            f"\nno image of {', '.join(result.missing)}, which the head knows too",
        ]
    return "\n".join(parts)


def face_text(result: FaceEvaluation) -> str:
    """Return measurements on cut-out faces, with what was left out."""
    lines = [
        f"{result.model} on {_of(result)}, {result.head} head, single view",
        labelled_text("all faces", result.labelled),
    ]
    if again := result.without_duplicates:
        lines.append(f"\n  without duplicates {again.accuracy:.2%} of {again.count:,}")
    if result.ferplus_evaluation:
        title = "FER+ head, faces on which the votes have a winner"
        lines.append(evaluation_text(title, result.ferplus_evaluation))
    if result.groups:
        lines.append(f"\n  {result.by:<16}{'faces':>8}  right (95 % interval)   calibration error")
        for name, group in result.groups.items():
            figures = group.as_answered
            lines.append(
                f"  {name:<16}{figures.count:>8,}  {figures.accuracy:.1%} "
                f"({figures.accuracy_low:.1%} to {figures.accuracy_high:.1%})  "
                f"{figures.calibration_error:.3f}; answers {group.answered:.1%}, "
                f"{group.answered_accuracy:.1%} of these right"
            )
    if result.by == DOMAIN:
        lines += [labelled_text(name, group) for name, group in result.groups.items()]
    return "\n".join([*lines, *_left_out(result, result.labelled.left_out)])


def full_text(figures: dict[str, Any]) -> str:
    """Return the further figures of ``--full``; see `training.evaluation.measure.full_figures`."""
    lines = [f"\n  ten views          {figures['tta']['evaluation']['accuracy']:.2%}"]
    if (error := figures["cross_fitted_calibration_error"]) is not None:
        lines.append(f"  cross-fitted calibration error  {error:.3f}")
    for s in figures["selective"]:
        pictures = f"degraded ({', '.join(c)})" if (c := s["corruptions"]) else "as they are"
        lines.append(
            f"  {s['head']}, {pictures}: answers {s['coverage']:.1%} at {s['threshold']:.3f}, "
            f"{s['accuracy']:.1%} of them right"
        )
    lines += [f"  {s['name']:<19}{s['evaluation']['accuracy']:.2%}" for s in figures["robustness"]]
    for c in figures["ferplus_agreement"]:
        rule = VOTE_RULES[c["rule"]]
        lines.append(f"  {c['head']}: {c['accuracy']:.1%} of {c['count']:,} where {rule}")
    return "\n".join(lines)


def photo_text(result: PhotoEvaluation) -> str:
    """Return measurements on photographs, with what was left out."""
    low, high = result.accuracy_low, result.accuracy_high
    which = "all" if result.cut_out == result.images else f"{result.cut_out:,} of them"
    cut_out = f"  ({which} cut-out faces: border repeated outwards, enlarged)"
    lines = [
        f"{result.model} on {_of(result)}, {result.head} head, faces found and "
        "aligned as in photographs",
        f"  detector           {result.detector}",
        f"  images             {result.images:,}{cut_out if result.cut_out else ''}",
        f"  face found         {result.found:,}  {result.found / result.images:.2%}",
        f"  several faces      {result.several:,}  (the {result.face} one counts)",
        f"  accuracy of all    {result.accuracy:.2%}  (95 % interval {low:.1%} to {high:.1%}; "
        "an image without a face is a miss)",
    ]
    if result.right_restricted is not None:
        share = result.right_restricted / result.images
        lines.append(
            f"  same, restricted   {share:.2%}  (only classes of the data may be the answer)"
        )
    if result.evaluation:
        lines.append(f"  accuracy of found  {result.evaluation.accuracy:.2%}")
    if result.direct and (points := result.points_lost) is not None:
        outcome = f"cost {points:.2f}" if points >= 0 else f"gain {-points:.2f}"
        lines.append(
            f"  same, directly     {result.direct.accuracy:.2%}  (without detection and alignment, "
            f"which {outcome} points)"
        )
    lines.append(f"\n  {'class':<12}{'images':>8}{'found':>8}{'right':>8}")
    lines += [f"  {c.label:<12}{c.images:>8}{c.found:>8}{c.right:>8}" for c in result.classes]
    if result.labelled:
        lines.append(labelled_text("faces found,", result.labelled))
    return "\n".join([*lines, *_left_out(result, result.left_out)])


def _of(result: FaceEvaluation | PhotoEvaluation) -> str:
    return f"{result.split} of {result.data}" if result.split else result.data


def _left_out(result: FaceEvaluation | PhotoEvaluation, left_out: dict[str, int]) -> list[str]:
    lines = [
        f"left out: {count:,} of {label}, which the {result.head} head does not know"
        for label, count in left_out.items()
    ]
    lines += [f"not read: {problem}" for problem in result.not_read[:_SHOWN_PROBLEMS]]
    if (more := len(result.not_read) - _SHOWN_PROBLEMS) > 0:
        lines.append(f"not read: {more:,} more")
    return ["", *lines] if lines else []


def adaptation_text(adaptation: Adaptation) -> str:
    """Return what teaching changed: a line for each head and data set, before and after."""
    changes = (*adaptation.own_changes, *adaptation.replay_changes)
    lines = [*map(_change, changes), CALIBRATIONS[adaptation.calibration]]
    if adaptation.replay is None:
        lines.append(
            f"Nothing was replayed: what it forgot of what {adaptation.initial_model} knew is lost "
            "and not measured. --replay FILE with the data that it learnt from, such as "
            "fer2013.npz, keeps most of it and says how much."
        )
    return "\n".join(lines)


def _change(change: Change) -> str:
    before, after = change.before, change.after
    text = (
        f"{change.data}, {change.split} ({after.count:,} faces), {change.head}: "
        f"{before.accuracy:.1%} before, {after.accuracy:.1%} after "
        f"({100 * change.gained:+.1f} points; 95 % interval now {after.accuracy_low:.1%} to "
        f"{after.accuracy_high:.1%}), calibration error {before.calibration_error:.3f} → "
        f"{after.calibration_error:.3f}"
    )
    if (old := change.given_before) and (new := change.given_after):
        text += (
            f"; answers {old.answered:.0%} → {new.answered:.0%} of them, "
            f"{old.right:.0%} → {new.right:.0%} of these right"
        )
    return text


#: The figures, by the names of their files; the last two are of the training.
_MATRIX, _CURVES, _DISTRIBUTION = "confusion-matrix", "curves", "class-distribution"

#: Formats of each figure: one for pages and slides, one that stays sharp in print.
_SUFFIXES = (".png", ".svg")

#: Resolution of a PNG, for a column of a printed page.
_DOTS_PER_INCH = 200

#: Share of a row from which on a cell is so dark that its text is white.
_DARK = 0.55


def figure_files(folder: Path, trained: bool = True, *, overwrite: bool = False) -> list[Path]:
    """Return the files that `write_figures` writes, and find out before the work if it can.

    Those of a training, curves and class counts, need a report.

    Raises:
        DataError: Matplotlib is not installed.
        OutputError: a file is there already, or cannot be written.
    """
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise DataError(
            "--figures needs Matplotlib: pip install -r requirements-train.txt"
        ) from error
    names = [_MATRIX, *([_CURVES, _DISTRIBUTION] if trained else [])]
    files = [file for name in names for file in _files(folder, name)]
    check_files(files, overwrite=overwrite)
    return files


def write_figures(evaluation: Evaluation, title: str, report: Report | None, folder: Path) -> None:
    """Write the confusion matrix under a title and, from the report of a training, its figures."""
    drawn: dict[str, Callable[[Figure], None]] = {
        _MATRIX: lambda figure: _confusion(figure, evaluation, title)
    }
    if report:
        drawn[_CURVES] = lambda figure: _curves(figure, report)
        drawn[_DISTRIBUTION] = lambda figure: _class_distribution(figure, report)
    folder.mkdir(parents=True, exist_ok=True)
    for name, draw in drawn.items():
        _save(draw, _files(folder, name))


def _files(folder: Path, name: str) -> list[Path]:
    return [folder / f"{name}{suffix}" for suffix in _SUFFIXES]


def _save(draw: Callable[[Figure], None], files: list[Path]) -> None:
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    # Text of an SVG stays text, and its names do not change from one run to the next.
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "fer"}), atomic_write(files) as parts:
        figure = Figure(layout="constrained")
        draw(figure)
        for file, part in zip(files, parts, strict=True):
            kind = file.suffix[1:]
            metadata = {"Date": None} if kind == "svg" else {}
            figure.savefig(part, format=kind, dpi=_DOTS_PER_INCH, metadata=metadata)


def _confusion(figure: Figure, evaluation: Evaluation, title: str) -> None:
    counts = np.array(evaluation.confusion)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    names = [scores.label for scores in evaluation.classes]
    figure.set_size_inches(5.6, 5)
    axes = figure.add_subplot()
    shown = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), share in np.ndenumerate(shares):
        axes.text(
            column,
            row,
            f"{share:.0%}\n{counts[row, column]:,}",
            ha="center",
            va="center",
            fontsize=7,
            color="white" if share > _DARK else "black",
        )
    axes.set_xticks(range(len(names)), names, rotation=45, ha="right")
    axes.set_yticks(range(len(names)), names)
    axes.set(xlabel="predicted", ylabel="label")
    axes.set_title(f"{title}: {evaluation.accuracy:.1%} of {evaluation.count:,}", fontsize=9)
    figure.colorbar(shown, label="share of the label's images", shrink=0.8)


def _curves(figure: Figure, report: Report) -> None:
    figure.set_size_inches(7.2, 2.9)
    epochs = range(1, len(report.history) + 1)
    panels = {
        "accuracy": ("accuracy", "validation_accuracy"),
        "loss": ("loss", "validation_loss"),
    }
    for axes, (name, (train, validation)) in zip(
        figure.subplots(1, len(panels)), panels.items(), strict=True
    ):
        for field, label, style in ((train, "training", "--"), (validation, "validation", "-")):
            values = [getattr(epoch, field) for epoch in report.history]
            axes.plot(epochs, values, style, label=label, color="#2b6cb0")
        axes.set(xlabel="epoch", ylabel=name)
        axes.legend(frameon=False)
        axes.grid(alpha=0.3)
    figure.suptitle(f"{report.name}, preset {report.preset}, seed {report.seed}", fontsize=9)


def _class_distribution(figure: Figure, report: Report) -> None:
    splits = report.data.class_counts
    figure.set_size_inches(2.6 * len(splits), 2.9)
    for axes, (split, counts) in zip(
        figure.subplots(1, len(splits), squeeze=False)[0], splits.items(), strict=True
    ):
        bars = axes.bar(list(counts), list(counts.values()), color=[colour_of(n) for n in counts])
        axes.bar_label(bars, fmt="{:,.0f}", fontsize=6)
        axes.margins(y=0.1)
        axes.tick_params(axis="x", rotation=60)
        axes.set_title(f"{split}: {sum(counts.values()):,}", fontsize=9)
    figure.suptitle(f"Images of {report.data.name}", fontsize=9)
