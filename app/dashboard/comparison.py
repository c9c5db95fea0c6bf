"""Two models side by side: their figures, and the reasons for what they differ in. No Streamlit."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from app.core.report.elements import Note, Part, Table
from app.core.report.evaluation import HEADLINES
from app.core.report.text import (
    SplitEvaluation,
    interval,
    percent,
    percentage_points,
    short_count,
    training_time,
    trainings,
)
from app.core.text import counted
from app.dashboard.models import OpenedModel
from fer.evaluation.report import Report

#: Settings of the augmentation that change where a face stands, and those that make its picture
#: poorer, with the value that turns each off.
_MOVES: Mapping[str, object] = {"rotate_degrees": 0, "shift": 0, "flip": False}
_DEGRADES = ("erase", "blur", "shrink", "light", "noise", "jpeg")

_NETWORKS = {
    "residual": "residual blocks with batch normalisation",
    "transfer": "a backbone trained on other images",
    "cnn-batchnorm": "plain convolutions with batch normalisation",
}


#: A model, and its evaluation; None if it was not measured on the faces.
Side = tuple[OpenedModel, SplitEvaluation | None]


def compare(one: Side, other: Side, measured_on: str) -> list[Part]:
    """Return all that is shown of two models beside each other; see `comparison`."""
    return [
        *_verdict(one, other),
        comparison(one, other, measured_on),
        differences(one[0], other[0]),
    ]


def _verdict(one: Side, other: Side) -> list[Part]:
    (first, chosen), (second, second_chosen) = one, other
    if not (chosen and second_chosen):
        return []
    found, new = chosen.evaluation, second_chosen.evaluation
    change = 100 * (new.accuracy - found.accuracy)
    apart = found.accuracy_low > new.accuracy_high or new.accuracy_low > found.accuracy_high
    chance = "" if apart else " That may be chance: their intervals overlap."
    return [
        Note(
            f"{second.name} is right {abs(change):.1f} points {'more' if change > 0 else 'less'} "
            f"often than {first.name}: {percent(new.accuracy)} and {percent(found.accuracy)}."
            f"{chance}",
            leads=True,
        )
    ]


def comparison(one: Side, other: Side, measured_on: str) -> Table:
    """Return the headline figures of two models and their differences, other − one.

    A model without an evaluation gets dashes.
    """
    (first, chosen), (second, second_chosen) = one, other
    found = [side.evaluation if side else None for side in (chosen, second_chosen)]
    rows: list[tuple[str, ...]] = []
    for headline in HEADLINES:
        difference = "–"
        if found[0] and found[1]:
            change = headline.value(found[1]) - headline.value(found[0])
            share = headline.text is percent
            signed = f"{round(change, 3):+.3f}".replace("-", "−")
            difference = percentage_points(change) if share else signed
        texts = (headline.of(evaluation) if evaluation else "–" for evaluation in found)
        rows.append((headline.name, *texts, difference))
    rows.insert(1, ("95% interval", *(interval(e) if e else "–" for e in found), ""))
    reports, totals = (first.report, second.report), []
    for report in reports:
        seconds = [one.training_seconds for one in trainings(report)]
        # What is not known cannot be compared.
        totals.append(0.0 if None in seconds else sum(s for s in seconds if s is not None))
    titles = (side.titled(model.name) if side else model.name for model, side in (one, other))
    return Table(
        f"Side by side, {measured_on}",
        ("Figure", *titles, "Difference"),
        (
            *rows,
            (
                "Parameters",
                *(short_count(report.parameters) for report in reports),
                _ratio(*(report.parameters for report in reports)),
            ),
            (
                "Time for a face",
                *(f"{report.latency_ms:.1f} ms" for report in reports),
                _ratio(*(report.latency_ms for report in reports)),
            ),
            (
                "Training time",
                *(", ".join(filter(None, training_time(report))) for report in reports),
                _ratio(*totals),
            ),
        ),
        f"Difference: {second.name} minus {first.name}. Where the intervals overlap widely, it may "
        "be chance.",
    )


def _ratio(first: float, second: float) -> str:
    return f"× {second / first:.2f}" if first and second else "–"


def differences(first: OpenedModel, second: OpenedModel) -> Table:
    """Return a table of what was different about two trainings; without what was not."""
    rows = [(name, get(first.report), get(second.report)) for name, get in _ROWS]
    return Table(
        "What was different",
        ("About", first.name, second.name),
        tuple(row for row in rows if row[1] != row[2]),
        "Read from both reports. What each of it brings was not measured one by one.",
        text_columns=(first.name, second.name),
    )


def _classes(report: Report) -> str:
    counts = next(iter(report.data.class_counts.values()), {})
    return f"{len(counts)}: {', '.join(counts)}"


def _images(report: Report) -> str:
    side, channels = map(report.configuration.get, ("input_size", "channels"))
    if side is None:
        return "not told"
    return f"{side} × {side} px, {'grey' if channels == 1 else 'colour'}"


def _network(report: Report) -> str:
    network = str(report.configuration.get("network"))
    kind = _NETWORKS.get(network, "plain convolutions")
    return f"{kind}, {short_count(report.parameters)} parameters"


def _learnt_from(report: Report) -> str:
    weight = report.teacher_weight
    sources = ["labels"] if weight < 1 else []
    sources += [f"what {' and '.join(report.teachers)} say"] if report.teachers else []
    sources += ["people's votes (FER+)"] if report.configuration.get("vote_weight") else []
    return ", ".join(sources)


def _epochs(report: Report) -> str:
    chain = trainings(report)
    epochs = sum(len(one.history) for one in chain)
    least = "at least " if any(not one.history for one in chain) else ""
    return f"{least}{counted(epochs, 'epoch')} in {counted(len(chain), 'training')}"


def _changes(report: Report) -> str:
    settings = report.configuration.get("augmentation")
    if not isinstance(settings, Mapping):
        return "not told"
    moved = any(settings.get(name, off) != off for name, off in _MOVES.items())
    degraded = [name for name in _DEGRADES if settings.get(f"{name}_probability")]
    kinds = ["moved and mirrored"] if moved else []
    kinds += ["made poor"] if len(degraded) > 2 else []
    return ", ".join(kinds) or "none"


def _averaged(report: Report) -> str:
    parts = ["over time"] if report.configuration.get("ema_momentum") else []
    parts += [f"with {', '.join(report.averaged_with)}"] if report.averaged_with else []
    return ", ".join(parts) or "no"


_ROWS: tuple[tuple[str, Callable[[Report], str]], ...] = (
    ("Data", lambda r: r.data.name),
    ("Classes", _classes),
    ("Images", _images),
    ("Network", _network),
    ("Learnt from", _learnt_from),
    ("Epochs", _epochs),
    ("Changed images", _changes),
    ("Weights averaged", _averaged),
)
