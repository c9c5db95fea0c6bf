"""The section about the training and its data. Does not use Streamlit."""

from __future__ import annotations

from collections.abc import Sequence

from app.common.head_text import head_name
from app.dashboard.charts import training as charts
from app.dashboard.elements import Chart, Command, Fact, Facts, Note, Part, Row, Section
from app.dashboard.text import duration, ordered_splits, percent, trainings
from fer.evaluation.report import EarlierTraining, Epoch, Report
from fer.labels import EXPRESSION_HEAD

#: What the reasons for leaving out a training face mean.
_REASONS = {
    "blank": "without a picture",
    "not a face": "without a face",
    "also held out": "also in validation or test",
}


def training(report: Report) -> Section:
    """Return the section with all trainings of the chain, the last one first, and the data."""
    last, *earlier = reversed(trainings(report))
    parts = [*one_training(report, last), class_counts(report)]
    for one in earlier:
        parts += [Note(f"Before that: {one.name}."), *one_training(report, one)]
    return Section("Training", tuple(parts))


def one_training(report: Report, chosen: EarlierTraining) -> list[Part | Row]:
    """Return the figures and curves of one training of the chain.

    Args:
        report: the report of the model.
        chosen: one of `trainings`.
    """
    chain = trainings(report)
    last, number = chosen == chain[-1], chain.index(chosen) + 1
    parts: list[Part | Row] = []
    if len(chain) > 1:
        parts.append(Note(_place(chain, number)))
    if chosen.history:
        # Up to 0.5, the label is still the most probable class of every soft target.
        taught = f" {_TAUGHT}" if chosen.teacher_weight > 0.5 else ""
        parts += [_facts(report, chosen), Note(f"{_CURVES}{taught}"), _curves(chosen)]
    elif not last:
        took = chosen.training_seconds
        time = f" It took {duration(took)}." if took is not None else ""
        parts.append(Note(f"The curves of {chosen.name} were not kept.{time}"))
    if not last and chosen.command:
        parts.append(Command("Its command", chosen.command))
    return parts


def _place(chain: Sequence[EarlierTraining], number: int) -> str:
    """Return where a training stands in its chain, and how long the whole chain took."""
    names = ", ".join(one.name for one in chain)
    seconds = [one.training_seconds for one in chain]
    known = [s for s in seconds if s is not None]
    total = f", {duration(sum(known))} altogether" if len(known) == len(chain) else ""
    return (
        f"Training {number} of {len(chain)}. Each began with the weights of the one before: "
        f"{names}{total}."
    )


def _facts(report: Report, chosen: EarlierTraining) -> Facts:
    history = chosen.history
    best = max(range(len(history)), key=lambda i: history[i].validation_accuracy)
    facts = [
        Fact("Epochs", str(len(history)), "How often it went through all faces of train."),
        Fact(
            "Best epoch",
            str(best + 1),
            f"Validation accuracy was highest there: {percent(history[best].validation_accuracy)}.",
        ),
        Fact("Last accuracy", percent(history[-1].validation_accuracy), _last(report, chosen)),
    ]
    if chosen.training_seconds is not None:
        time = Fact("Training time", duration(chosen.training_seconds), f"On {report.machine}.")
        facts.insert(1, time)
    return Facts(tuple(facts))


LAST = "Validation accuracy after the last epoch, measured during the training."

_AVERAGED = (
    " The model is the mean of these weights and those of other trainings, so its own accuracy, in "
    "the overview, is different."
)


def _last(report: Report, chosen: EarlierTraining) -> str:
    averaged = report.averaged_with and chosen == trainings(report)[-1]
    return LAST + _AVERAGED if averaged else LAST


_CURVES = (
    "Train was measured on altered pictures, and softened labels where it learnt from such, while "
    "the weights were changing; validation on plain pictures and labels, with averaged weights. So "
    "validation may look better, and the two losses cannot be compared."
)

_TAUGHT = (
    "It learnt from other networks more than from labels, so train says how well it agrees with "
    "them."
)


def _curves(chosen: EarlierTraining) -> Row:
    history, last, key = chosen.history, chosen.history[-1], f"_{chosen.name}"
    return Row(
        (
            Chart(
                f"loss{key}",
                f"Loss, {head_name(EXPRESSION_HEAD)} head",
                charts.loss_chart(history),
                f"Loss over {len(history)} epochs; at the end train {last.loss:.3f}, validation "
                f"{last.validation_loss:.3f}.",
                "What the training makes small.",
                width=344,
            ),
            Chart(
                f"accuracy{key}",
                f"Accuracy, {head_name(EXPRESSION_HEAD)} head",
                charts.accuracy_chart(history),
                f"Accuracy over {len(history)} epochs; at the end train {percent(last.accuracy)}, "
                f"validation {percent(last.validation_accuracy)}.",
                width=344,
            ),
            _learning_rate(history, key),
        )
    )


def _learning_rate(history: Sequence[Epoch], key: str) -> Chart:
    highest = max(e.learning_rate for e in history)
    return Chart(
        f"learning_rate{key}",
        "Learning rate",
        charts.learning_rate_chart(history),
        f"Learning rate over {len(history)} epochs, at most {highest:.2g}.",
        "The size of the steps by which the weights change.",
        width=344,
    )


def class_counts(report: Report) -> Row:
    """Return how many faces of each expression the data set has, by split."""
    return Row(tuple(_counts(report, split) for split in ordered_splits(report)))


def _counts(report: Report, split: str) -> Chart:
    counts = report.data.class_counts[split]
    total = sum(counts.values())
    return Chart(
        f"classes_{split}",
        f"Faces of {split}: {total:,}",
        charts.class_counts_chart(counts),
        f"Faces of {split}: " + ", ".join(f"{name} {n:,}" for name, n in counts.items()) + ".",
        "How many faces of each expression the data set has.",
        _left_out(report.data.dropped, total) if split == "train" else "",
    )


def _left_out(dropped: dict[str, int], total: int) -> str:
    """Return how many of the training faces were not used, and why; "" if all were used."""
    if not (count := sum(dropped.values())):
        return ""
    why = ", ".join(f"{n:,} {_REASONS.get(reason, reason)}" for reason, n in dropped.items() if n)
    return f"It learnt from {total - count:,} of them. Left out: {why}."
