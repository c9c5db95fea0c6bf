"""Two models side by side: their figures, and the reasons for what they differ in. No Streamlit."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from app.core.models.head_text import NAMES, head_name
from app.core.report.elements import Note, Part, Table
from app.core.report.evaluation import HEADLINES, TRUTH_OF
from app.core.report.text import (
    SplitEvaluation,
    interval,
    percent,
    percentage_points,
    short_count,
    split_evaluations,
    training_time,
    trainings,
)
from app.core.text import counted
from app.dashboard.models import OpenedModel, stored_answers
from app.dashboard.other_data import record_faces
from fer.evaluation.metrics import SIGNIFICANT, mcnemar
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


#: Least number of faces whose labels, in their mixed order, tell a data set from all others.
_TELLING = 100


def not_comparable(one: Side, other: Side) -> list[str]:
    """Return why the figures of two models cannot be compared, as sentences; none if they can.

    It takes the same faces, classes and head; what a head is measured against depends on the head.
    """
    (first, chosen), (second, second_chosen) = one, other
    missing = [model.name for model, evaluation in (one, other) if evaluation is None]
    if chosen is None or second_chosen is None:
        return [f"{name} was not measured on these faces." for name in missing]
    reasons = []
    advice = ""
    if chosen.head != second_chosen.head:
        measured = [
            f"{model.name} by its {head_name(side.head)} head against {TRUTH_OF[side.head]}"
            for model, side in ((first, chosen), (second, second_chosen))
        ]
        advice = _common_head(one, other)
        reasons.append(f"They are measured differently: {', '.join(measured)}.{advice}")
    classes = _classes_of(chosen)
    others = _classes_of(second_chosen)
    if classes != others and not advice:
        number = str(len(others)) if len(classes) != len(others) else "others"
        reasons.append(
            f"{first.name} tells {len(classes)} expressions apart, {second.name} {number}. Compare "
            "their confusion matrices instead."
        )
    if not reasons and not _same_faces(one, other):
        names = " and ".join(model.report.data.name for model in (first, second))
        reasons.append(f"They were measured on faces of different data sets, {names}.")
    return reasons


def _classes_of(side: SplitEvaluation) -> tuple[str, ...]:
    return tuple(scores.label for scores in side.evaluation.classes)


def _common_head(one: Side, other: Side) -> str:
    """Return which head to choose so that both models are measured alike; "" if there is none."""
    measured = [
        {(e.head, _classes_of(e)) for e in split_evaluations(model.report) if e.faces == side.faces}
        for model, side in (one, other)
        if side
    ]
    common = {head for head, _ in set.intersection(*measured)}
    name = next((name for head, name in NAMES.items() if head in common), "")
    return f" To compare them, choose “{name}” above." if name else ""


def _same_faces(one: Side, other: Side) -> bool:
    """Return whether both evaluations of the same head are of the same faces.

    That is so if their data sets have the same hash, or if the labels of all faces, which have to
    be mixed, are stored and are the same in the same order.
    """
    (first, chosen), (second, second_chosen) = one, other
    if chosen is None or second_chosen is None:
        return False
    if chosen.evaluation.count != second_chosen.evaluation.count:
        return False
    data_hash = _data_hash(first, chosen)
    if data_hash and data_hash == _data_hash(second, second_chosen):
        return True
    stored = stored_answers(first, chosen)
    other_stored = stored_answers(second, second_chosen)
    if stored is None or other_stored is None or len(stored.truths) < _TELLING:
        return False
    mixed = bool((np.diff(stored.truths) < 0).any())
    return mixed and np.array_equal(stored.truths, other_stored.truths)


def _data_hash(model: OpenedModel, side: SplitEvaluation) -> str:
    """Return the hash of the data that an evaluation is about, or of its domain; "" if unknown."""
    for record in model.other_data:
        if record_faces(record) == side.split and record.head == side.head:
            return record.data_sha256
    data = model.report.data
    if not data.domains:
        return data.sha256
    domain = side.split.partition(", ")[2] or next(iter(data.domains))
    return data.domains.get(domain, data.sha256)


def _verdict(one: Side, other: Side) -> list[Part]:
    """Say which of two models is better, if that can be said, or why it cannot."""
    (first, chosen), (second, second_chosen) = one, other
    if reasons := not_comparable(one, other):
        said = "Their figures cannot be compared here."
        return [Note(said, leads=True), *map(Note, reasons)]
    assert chosen
    assert second_chosen
    found = chosen.evaluation
    new = second_chosen.evaluation
    points = f"{100 * abs(new.accuracy - found.accuracy):.1f}"
    both = (
        f"{percent(new.accuracy)} and {percent(found.accuracy)} of the same {found.count:,} faces"
    )
    p_value = _p_value(one, other)
    if p_value is None:
        test = "Whether that is chance cannot be decided: their single answers are not stored"
    elif p_value >= SIGNIFICANT:
        test = f"That may be chance (McNemar's test, p = {p_value:.2f})"
    else:
        p_text = f"p = {p_value:.3f}" if p_value >= 0.001 else "p < 0.001"
        test = f"That is more than chance (McNemar's test, {p_text})"
    names = f"{second.name} and {first.name} are right about {both}"
    if points == "0.0":
        said = f"There is no difference: {names}."
    elif p_value is not None and p_value >= SIGNIFICANT:
        said = f"There is no clear difference: {names}. {test}."
    else:
        more = "more" if new.accuracy > found.accuracy else "less"
        said = f"{second.name} is right {points} points {more} often than {first.name}: {both}."
        said = f"{said} {test}."
    return [Note(said, leads=True)]


def _p_value(one: Side, other: Side) -> float | None:
    """Return the p-value of McNemar's test of two evaluations of the same faces.

    It is None if the answers to each face are not stored with both models.
    """
    (first, chosen), (second, second_chosen) = one, other
    if chosen is None or second_chosen is None:
        return None
    before = stored_answers(first, chosen)
    after = stored_answers(second, second_chosen)
    if before is None or after is None or not np.array_equal(before.truths, after.truths):
        return None
    gained = int((after.correct & ~before.correct).sum())
    lost = int((before.correct & ~after.correct).sum())
    return mcnemar(gained, lost)


def comparison(one: Side, other: Side, measured_on: str) -> Table:
    """Return the headline figures of two models, and their differences where that makes sense.

    A difference is other − one. A model without an evaluation gets dashes.
    """
    (first, chosen), (second, second_chosen) = one, other
    found = [side.evaluation if side else None for side in (chosen, second_chosen)]
    comparable = not not_comparable(one, other)
    rows: list[tuple[str, ...]] = []
    for headline in HEADLINES:
        difference = "–"
        if found[0] and found[1] and comparable:
            change = headline.value(found[1]) - headline.value(found[0])
            share = headline.text is percent
            signed = f"{round(change, 3):+.3f}".replace("-", "−")
            difference = percentage_points(change) if share else signed
        texts = (headline.of(evaluation) if evaluation else "–" for evaluation in found)
        name = f"{headline.name} (lower is better)" if headline.lower_is_better else headline.name
        rows.append((name, *texts, difference))
    rows.insert(1, ("95% interval", *(interval(e) if e else "–" for e in found), ""))
    reports, totals = (first.report, second.report), []
    for report in reports:
        seconds = [one.training_seconds for one in trainings(report)]
        # What is not known cannot be compared.
        totals.append(0.0 if None in seconds else sum(s for s in seconds if s is not None))
    same_machine = first.report.machine == second.report.machine
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
                _ratio(*(report.latency_ms for report in reports)) if same_machine else "–",
            ),
            (
                "Training time",
                *(", ".join(filter(None, training_time(report))) for report in reports),
                _ratio(*totals) if same_machine else "–",
            ),
        ),
        f"Difference: {second.name} minus {first.name}, of figures that can be compared. The "
        "intervals are of each figure by itself: they do not tell whether a difference is chance.",
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
