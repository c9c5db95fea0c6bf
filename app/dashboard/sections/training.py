"""The sections about the training, its data, and what fine-tuning changed. No Streamlit."""

from __future__ import annotations

from app.core.models.head_text import head_name
from app.core.report.elements import Chart, Command, Fact, Facts, Note, Part, Row
from app.core.report.text import (
    duration,
    ordered_splits,
    percent,
    trainings,
)
from app.dashboard import charts
from fer.evaluation.report import EarlierTraining, Report
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
    last, *earlier = reversed(trainings(report))
    parts = [*one_training(report, last), class_counts(report)]
    for one in earlier:
        parts += [Note(f"Before that: {one.name}."), *one_training(report, one)]
    return parts


def one_training(report: Report, chosen: EarlierTraining) -> list[Part]:
    """Return the figures and curves of one training of the chain.

    Args:
        report: the report of the model.
        chosen: one of `trainings`.
    """
    chain = trainings(report)
    last = chosen == chain[-1]
    parts: list[Part] = []
    if len(chain) > 1:
        names = ", ".join(one.name for one in chain)
        known = [one.training_seconds for one in chain if one.training_seconds is not None]
        total = f", {duration(sum(known))} altogether" if len(known) == len(chain) else ""
        parts.append(
            Note(
                f"Training {chain.index(chosen) + 1} of {len(chain)}. Each began with the weights "
                f"of the one before: {names}{total}."
            )
        )
    if chosen.history:
        # Up to 0.5, the label is still the most probable class of every soft target.
        taught = f" {_TAUGHT}" if chosen.teacher_weight > 0.5 else ""
        averaged = bool(last and report.averaged_with)
        parts += [_facts(report, chosen, averaged), Note(f"{_CURVES}{taught}"), _curves(chosen)]
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


def _curves(chosen: EarlierTraining) -> Row:
    history, last = chosen.history, chosen.history[-1]
    over, head = f"over {len(history)} epochs", f"{head_name(EXPRESSION_HEAD)} head"
    highest = max(epoch.learning_rate for epoch in history)
    curves = (
        (
            "loss",
            f"Loss, {head}",
            charts.loss_chart(history),
            f"Loss {over}; at the end train {last.loss:.3f}, validation "
            f"{last.validation_loss:.3f}.",
            "What the training makes small.",
        ),
        (
            "accuracy",
            f"Accuracy, {head}",
            charts.accuracy_chart(history),
            f"Accuracy {over}; at the end train {percent(last.accuracy)}, validation "
            f"{percent(last.validation_accuracy)}.",
            "",
        ),
        (
            "learning_rate",
            "Learning rate",
            charts.learning_rate_chart(history),
            f"Learning rate {over}, at most {highest:.2g}.",
            "The size of the steps by which the weights change.",
        ),
    )
    return Row(
        tuple(
            Chart(f"{key}_{chosen.name}", title, figure, alternative, meaning, width=344)
            for key, title, figure, alternative, meaning in curves
        )
    )


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
