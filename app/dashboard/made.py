"""The sections about how a model was made: training, data, network, record. No Streamlit."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

from app.core.models.head_text import head_name
from app.core.report.elements import Chart, Command, Drawing, Fact, Facts, Note, Part, Row, Table
from app.core.report.text import (
    byte_size,
    creation_time,
    duration,
    layer_settings,
    ordered_splits,
    percent,
    shape,
    short_hash,
    trainings,
)
from app.dashboard import charts
from app.dashboard.network import describe_network, network_svg
from fer.evaluation.report import EarlierTraining, Layer, Report
from fer.labels import EXPRESSION_HEAD

#: What the reasons for leaving out a training face mean.
_REASONS = {
    "blank": "without a picture",
    "not a face": "without a face",
    "also held out": "also in validation or test",
}

LAST = "Validation accuracy after the last epoch, measured during the training."

_AVERAGED = (
    " The model is the mean of these weights and those of other trainings, so its own accuracy, in "
    "the overview, is different."
)

_CURVES = (
    "Train was measured on altered pictures, and softened labels where it learnt from such, while "
    "the weights were changing; validation on plain pictures and labels, with averaged weights. So "
    "validation may look better, and the two losses cannot be compared."
)

_TAUGHT = (
    "It learnt from other networks more than from labels, so train says how well it agrees with "
    "them."
)


def training(report: Report) -> list[Part]:
    """Return all trainings of the chain, the last one first, and the data."""
    chain = trainings(report)
    last = len(chain) - 1
    parts = [*one_training(report, last), class_counts(report)]
    for number in reversed(range(last)):
        parts += [Note(f"Before that: {chain[number].name}."), *one_training(report, number)]
    return parts


def one_training(report: Report, number: int) -> list[Part]:
    """Return the figures and curves of one of the `trainings` of a report.

    `number` is its index in the chain, from 0. Two trainings of a chain may have the same name.
    """
    chain = trainings(report)
    chosen = chain[number]
    last = number == len(chain) - 1
    parts: list[Part] = []
    if len(chain) > 1:
        names = ", ".join(one.name for one in chain)
        known = [one.training_seconds for one in chain if one.training_seconds is not None]
        total = f", {duration(sum(known))} altogether" if len(known) == len(chain) else ""
        parts.append(
            Note(
                f"Training {number + 1} of {len(chain)}. Each began with the weights "
                f"of the one before: {names}{total}."
            )
        )
    if chosen.history:
        # Up to 0.5, the label is still the most probable class of every soft target.
        taught = f" {_TAUGHT}" if chosen.teacher_weight > 0.5 else ""
        averaged = bool(last and report.averaged_with)
        parts += [_facts(report, chosen, averaged), Note(f"{_CURVES}{taught}")]
        parts.append(_curves(chosen, number))
    elif not last:
        seconds = chosen.training_seconds
        time = f" It took {duration(seconds)}." if seconds is not None else ""
        parts.append(Note(f"The curves of {chosen.name} were not kept.{time}"))
    if not last and chosen.command:
        parts.append(Command("Its command", chosen.command))
    return parts


def _facts(report: Report, chosen: EarlierTraining, averaged: bool) -> Facts:
    accuracies = [epoch.validation_accuracy for epoch in chosen.history]
    best, passes = accuracies.index(max(accuracies)), len(accuracies)
    highest = f"Validation accuracy was highest there: {percent(max(accuracies))}."
    facts = [
        Fact("Epochs", str(passes), "How often it went through all faces of train."),
        Fact("Best epoch", str(best + 1), highest),
        Fact("Last accuracy", percent(accuracies[-1]), LAST + (_AVERAGED if averaged else "")),
    ]
    if chosen.training_seconds is not None:
        time = Fact("Training time", duration(chosen.training_seconds), f"On {report.machine}.")
        facts.insert(1, time)
    return Facts(facts)


def _curves(chosen: EarlierTraining, number: int) -> Row:
    """Return the charts of a training; `number`, its index in the chain, keeps keys apart."""
    history, last = chosen.history, chosen.history[-1]
    over, head = f"over {len(history)} epochs", f"{head_name(EXPRESSION_HEAD)} head"
    highest = max(epoch.learning_rate for epoch in history)
    return Row(
        (
            Chart(
                f"loss_{number}",
                f"Loss, {head}",
                charts.loss_chart(history),
                f"Loss {over}; at the end train {last.loss:.3f}, validation "
                f"{last.validation_loss:.3f}.",
                "What the training makes small.",
                width=344,
            ),
            Chart(
                f"accuracy_{number}",
                f"Accuracy, {head}",
                charts.accuracy_chart(history),
                f"Accuracy {over}; at the end train {percent(last.accuracy)}, validation "
                f"{percent(last.validation_accuracy)}.",
                "",
                width=344,
            ),
            Chart(
                f"learning_rate_{number}",
                "Learning rate",
                charts.learning_rate_chart(history),
                f"Learning rate {over}, at most {highest:.2g}.",
                "The size of the steps by which the weights change.",
                width=344,
            ),
        )
    )


def data_and_curves(report: Report) -> Row:
    """Return how many faces of each expression it learnt from, and the curves of its training."""
    counts = class_counts(report).parts[:1]
    chain = trainings(report)
    last = chain[-1]
    curves = _curves(last, len(chain) - 1).parts[:2] if last.history else ()
    parts = (*counts, *curves)
    return Row(parts, (9.0, 10.0, 10.0)[: len(parts)])  # the legends fit in two lines


def class_counts(report: Report) -> Row:
    """Return how many faces of each expression the data set has, by split."""
    charted = []
    for split in ordered_splits(report):
        counts = report.data.class_counts[split]
        total, dropped = sum(counts.values()), report.data.dropped
        left_out = ""
        if split == "train" and (count := sum(dropped.values())):
            why = ", ".join(f"{n:,} {_REASONS.get(name, name)}" for name, n in dropped.items() if n)
            left_out = f"It learnt from {total - count:,} of them. Left out: {why}."
        each = ", ".join(f"{name} {n:,}" for name, n in counts.items())
        charted.append(
            Chart(
                f"classes_{split}",
                f"Faces of {split}: {total:,}",
                charts.class_counts_chart(counts),
                f"Faces of {split}: {each}.",
                "How many faces of each expression the data set has.",
                left_out,
            )
        )
    return Row(tuple(charted))


#: Where a long name may be broken.
_BREAKS = re.compile(r"(?<=_)(?=.)|(?<=[a-z])(?=[A-Z])")


def network(report: Report) -> list[Part]:
    """Return a drawing and a table of the layers."""
    if not report.layers:
        return [Note("The report has no layers.")]
    drawing = Drawing(
        "The network",
        network_svg(report.layers),
        describe_network(report.layers),
        "From top to bottom. Wider: higher resolution. Stronger colour: more channels. A line "
        "round a group is a shortcut, which adds the group's input to its output.",
    )
    table = Table(
        f"{len(report.layers)} layers, {report.parameters:,} parameters",
        ("Layer", "What it does", "Output", "Weights"),
        tuple(
            (
                breakable(layer.name),
                _layer_text(layer, before.name if before else None),
                shape(layer.shape).replace(" ", ""),  # in one line
                f"{layer.parameters:,}",
            )
            for before, layer in pairwise((None, *report.layers))
            if layer
        ),
        "Output: height × width × channels. A layer reads the one above it, unless it says “of”.",
        text_columns=("What it does",),
        long=True,
    )
    return [Row((drawing, table), (2, 3))]


def _layer_text(layer: Layer, before: str | None) -> str:
    """Return kind and settings of a layer, and what it reads if that is not the layer before."""
    settings = layer_settings(layer)
    if layer.width is not None:
        unit = "filters" if layer.kernel else "units"
        settings.insert(1 if layer.kernel else 0, f"{layer.width} {unit}")
    words = " ".join(filter(None, (breakable(layer.kind), ", ".join(settings))))
    if layer.inputs in ((), (before,)):
        return words
    return f"{words} of {' and '.join(map(breakable, layer.inputs))}"


def breakable(name: str) -> str:
    """Return a name of code that a narrow table may break: after ``_`` and before capitals."""
    return _BREAKS.sub("\u200b", name)


def record(report: Report) -> list[Part]:
    """Return command, configuration, origin and files of a model."""
    data = report.data
    command = Command(
        "The command of its last training, which needs the models that it names"
        if report.initial_model
        else "The command that reproduces it",
        report.command,
    )
    settings = Table(
        "Configuration",
        ("Setting", "Value"),
        (("seed", str(report.seed)), *flatten(report.configuration)),
        "Every setting of the preset that it was trained with.",
    )
    origin = Table(
        "Origin",
        ("What", "Value"),
        (
            ("written", creation_time(report)),
            ("machine", report.machine),
            ("data set", data.name),
            ("SHA-256 of the data", short_hash(data.sha256)),
            *((f"SHA-256 of {name}", short_hash(sha)) for name, sha in data.domains.items()),
            *((f"left out: {why}", f"{n:,}") for why, n in data.dropped.items()),
            ("Keras against LiteRT", f"{report.parity:.1e}"),
            *report.versions.items(),
        ),
        "Left out: train faces that were not used. Keras against LiteRT: the largest difference "
        "between the probabilities of the trained network and of the file that runs.",
        text_columns=("Value",),
    )
    files = Table(
        "Files",
        ("File", "Size", "SHA-256"),
        tuple((name, byte_size(f.bytes), short_hash(f.sha256)) for name, f in report.files.items()),
        "The files that were measured. The full SHA-256 is in the JSON report.",
        text_columns=("SHA-256",),
    )
    return [command, Row((settings, origin)), files]


def flatten(configuration: Mapping[str, object], prefix: str = "") -> list[tuple[str, str]]:
    """Return nested settings as rows of dotted name and value, such as ``augmentation.flip``."""
    rows: list[tuple[str, str]] = []
    for key, value in configuration.items():
        if isinstance(value, Mapping):
            rows += flatten(value, f"{prefix}{key}.")
        else:
            rows.append((f"{prefix}{key}", _setting(value)))
    return rows


def _setting(value: object) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(_setting, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "–" if value is None else str(value)
