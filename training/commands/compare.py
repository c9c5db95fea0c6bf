"""``python -m training compare``: compare models by their reports."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from fer.evaluation.report import Report
from fer.model.spec import ModelSpec
from training.evaluation.text import adaptation_text

HELP = "print the reports of several models side by side"

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


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("models", nargs="+", type=Path, metavar="DIR")


def run(arguments: argparse.Namespace) -> int:
    """Print one column per model; return the exit status."""
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


def _part(report: Report) -> str:
    return "*" if report.initial_model else ""
