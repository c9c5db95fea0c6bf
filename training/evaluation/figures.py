"""Figures for a paper or a thesis: curves, class distribution, confusion matrix; PNG and SVG."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fer.atomic_write import atomic_write, check_files
from fer.errors import DataError
from fer.evaluation.metrics import Evaluation
from fer.evaluation.report import Report
from fer.labels import colour_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

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

    Args:
        folder: where they go.
        trained: whether there is a report, with curves and class counts of a training.
        overwrite: whether files that are there may be replaced.

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
    """Write the figures of a model.

    Args:
        evaluation: what was measured, for the confusion matrix.
        title: says of which model, data and split.
        report: of the model's training; None if it has none.
        folder: is made if it is not there; see `figure_files`.
    """
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
