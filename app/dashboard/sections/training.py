"""The section about the training and its data. Does not use Streamlit."""

from __future__ import annotations

from app.dashboard.charts import training as charts
from app.dashboard.elements import Chart, Fact, Facts, Part, Row, Section
from app.dashboard.text import duration, ordered_splits, part_note, percent, time_meaning
from fer.evaluation.report import Report


def training(report: Report) -> Section:
    """Return the section with the training curves and the class counts of the data set."""
    parts: list[Part | Row] = []
    if report.history:
        parts += [_training_facts(report), _curves(report)]
    counts = report.data.class_counts
    parts.append(
        Row(
            tuple(
                Chart(
                    f"classes_{split}",
                    f"Faces of {split}: {sum(counts[split].values()):,}",
                    charts.class_counts_chart(counts[split]),
                    f"Faces of {split}: "
                    + ", ".join(f"{name} {n:,}" for name, n in counts[split].items())
                    + ".",
                    "How many faces of each expression there are, before cleaning.",
                )
                for split in ordered_splits(report)
            )
        )
    )
    return Section("Training", tuple(parts))


def _training_facts(report: Report) -> Facts:
    best = max(range(len(report.history)), key=lambda i: report.history[i].validation_accuracy)
    accuracy = report.history[best].validation_accuracy
    return Facts(
        (
            Fact(
                "Epochs",
                str(len(report.history)),
                "How many times the training went through the whole train split.",
                part_note(report),
            ),
            Fact(
                "Training time",
                duration(report.training_seconds),
                time_meaning(report),
                part_note(report),
            ),
            Fact(
                "Best epoch",
                str(best + 1),
                f"The epoch with the highest validation accuracy, {percent(accuracy)}.",
            ),
            Fact("Last accuracy", percent(report.history[-1].validation_accuracy), _last(report)),
        )
    )


LAST = "Validation accuracy after the last epoch, measured during the training."

_AVERAGED = (
    " The model is the mean of these weights and those of other trainings, so its own accuracy, in "
    "the overview, is different."
)


def _last(report: Report) -> str:
    return LAST + _AVERAGED if report.averaged_with else LAST


_CURVES = (
    "The train figures are on augmented pictures while the weights were changing, the validation "
    "figures on plain pictures with averaged weights, so validation may well look better."
)

_TAUGHT = (
    "It learnt from the answers of other networks more than from labels, so the train figures say "
    "how well it agrees with those networks."
)


def _meaning_of_curves(report: Report) -> str:
    # Up to 0.5, the label is still the most probable class of every soft target.
    return f"{_CURVES} {_TAUGHT}" if report.teacher_weight > 0.5 else _CURVES


def _curves(report: Report) -> Row:
    history, meaning = report.history, _meaning_of_curves(report)
    last = history[-1]
    return Row(
        (
            Chart(
                "loss",
                "Loss",
                charts.loss_chart(history),
                f"Loss over {len(history)} epochs; at the end train {last.loss:.3f}, validation "
                f"{last.validation_loss:.3f}.",
                f"The quantity that the training minimises. {meaning}",
                width=344,
            ),
            Chart(
                "accuracy",
                "Accuracy",
                charts.accuracy_chart(history),
                f"Accuracy over {len(history)} epochs; at the end train {percent(last.accuracy)}, "
                f"validation {percent(last.validation_accuracy)}.",
                meaning,
                width=344,
            ),
            Chart(
                "learning_rate",
                "Learning rate",
                charts.learning_rate_chart(history),
                f"Learning rate over {len(history)} epochs, at most "
                f"{max(e.learning_rate for e in history):.2g}.",
                "The size of the steps by which the weights change.",
                width=344,
            ),
        )
    )
