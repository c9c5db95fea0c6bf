"""The table that compares two models. Does not use Streamlit."""

from __future__ import annotations

from collections.abc import Callable

from app.dashboard.elements import Table
from app.dashboard.models import OpenedModel
from app.dashboard.text import (
    SplitEvaluation,
    interval,
    percent,
    percentage_points,
    short_count,
    training_time,
    trainings,
)
from fer.evaluation.metrics import Evaluation
from fer.evaluation.report import Report

_SHARES: tuple[tuple[str, Callable[[Evaluation], float]], ...] = (
    ("Accuracy", lambda e: e.accuracy),
    ("Macro-F1", lambda e: e.macro_f1),
    ("Balanced accuracy", lambda e: e.balanced_accuracy),
    ("Top-2 accuracy", lambda e: e.top2_accuracy),
    ("Calibration error", lambda e: e.calibration_error),
)


#: A model, and its evaluation; None if it was not measured on the faces.
Side = tuple[OpenedModel, SplitEvaluation | None]


def comparison(one: Side, other: Side, measured_on: str) -> Table:
    """Return the headline figures of two models and their differences.

    Args:
        one: a model; without an evaluation it gets dashes.
        other: another model; differences are other − one.
        measured_on: name of the faces.
    """
    (first, chosen), (second, second_chosen) = one, other
    a, b = chosen and chosen.evaluation, second_chosen and second_chosen.evaluation
    rows = [
        (
            name,
            percent(get(a)) if a else "–",
            percent(get(b)) if b else "–",
            percentage_points(get(b) - get(a)) if a and b else "–",
        )
        for name, get in _SHARES
    ]
    rows.insert(1, ("95% interval", interval(a) if a else "–", interval(b) if b else "–", ""))
    rows.append(
        (
            "Log loss",
            f"{a.log_loss:.3f}" if a else "–",
            f"{b.log_loss:.3f}" if b else "–",
            _signed(b.log_loss - a.log_loss, 3) if a and b else "–",
        )
    )
    return Table(
        f"Side by side, {measured_on}",
        ("Figure", _title(one), _title(other), "Difference"),
        (*rows, *_costs(first, second)),
        f"Difference: {second.name} minus {first.name}. Where the intervals overlap widely, it may "
        "be chance.",
    )


def _costs(first: OpenedModel, second: OpenedModel) -> list[tuple[str, str, str, str]]:
    a, b = first.report, second.report
    return [
        (
            "Parameters",
            short_count(a.parameters),
            short_count(b.parameters),
            _ratio(a.parameters, b.parameters),
        ),
        (
            "Time for a face",
            f"{a.latency_ms:.1f} ms",
            f"{b.latency_ms:.1f} ms",
            _ratio(a.latency_ms, b.latency_ms),
        ),
        ("Training time", _training_time(a), _training_time(b), _training_ratio(a, b)),
    ]


def _training_time(report: Report) -> str:
    return ", ".join(filter(None, training_time(report)))


def _training_ratio(first: Report, second: Report) -> str:
    totals = []
    for report in (first, second):
        seconds = [one.training_seconds for one in trainings(report)]
        if None in seconds:  # what is not known cannot be compared
            return "–"
        totals.append(sum(s for s in seconds if s is not None))
    return _ratio(*totals)


def _title(side: Side) -> str:
    model, chosen = side
    return chosen.titled(model.name) if chosen else model.name


def _ratio(first: float, second: float) -> str:
    return f"× {second / first:.2f}" if first else "–"


def _signed(value: float, digits: int) -> str:
    return f"{round(value, digits):+.{digits}f}".replace("-", "−")
