"""What was measured about a model → the sections of its report. No streamlit in here.

Every figure is one of the report or arithmetic on its counts.
"""

from __future__ import annotations

from app.dashboard.charts import evaluation as charts
from app.dashboard.charts.confusion import BY_ROW, confusion_chart
from app.dashboard.elements import Chart, Fact, Facts, Note, Row, Section, Table
from app.dashboard.sections.abstention import tta_and_seeds
from app.dashboard.text import (
    SPLITS_EXPLAINED,
    Measured,
    duration,
    interval,
    many,
    measured,
    part_note,
    percent,
    size,
    time_meaning,
)
from fer.evaluation.report import Report

ACCURACY = "How many faces of a hundred get the label that the data set gives them."
MACRO_F1 = (
    "F1 weighs false alarms against misses of one expression; this is the mean over the "
    "expressions, each counting the same however rare it is."
)
BALANCED = "The mean share that is found of each expression, each counting the same."
TOP2 = "How often the label is among the first two answers."
CALIBRATION = (
    "How far confidence and truth lie apart on average, in percentage points: of all faces it is "
    "80% sure about, about 80% should be right. Expected calibration error, 15 bins."
)
LOG_LOSS = "The mean of −log of the probability that the true label got; lower is better."
INTERVAL = (
    "95% interval (Wilson): of such intervals, 19 in 20 hold the accuracy on all faces like these."
)
DUPLICATES = (
    "“Without duplicates” leaves out the pictures that also stand in train. No training here "
    "learns from those copies, but a picture that occurs twice is an easier one."
)


def quality_facts(chosen: Measured) -> Facts:
    """Return how good the answers are on one split."""
    found = chosen.evaluation
    return Facts(
        (
            Fact("Accuracy", percent(found.accuracy), f"{ACCURACY} {INTERVAL}", interval(found)),
            Fact("Macro-F1", percent(found.macro_f1), MACRO_F1),
            Fact("Balanced accuracy", percent(found.balanced_accuracy), BALANCED),
            Fact("Top-2 accuracy", percent(found.top2_accuracy), TOP2),
            Fact("Calibration error", percent(found.calibration_error), CALIBRATION),
            Fact("Log loss", f"{found.log_loss:.3f}", LOG_LOSS),
        )
    )


def cost_facts(report: Report) -> Facts:
    """Return what the model costs: its size, its speed, its training."""
    network = next((f for n, f in report.files.items() if n.endswith(".tflite")), None)
    return Facts(
        (
            Fact("Parameters", many(report.parameters), f"{report.parameters:,} weights."),
            Fact("Network file", size(network.bytes) if network else "–", "The file that runs."),
            Fact(
                "Time for a face",
                f"{report.latency_ms:.1f} ms",
                "Median time of the network for one face that was cut out already, on one thread "
                f"of {report.machine}.",
            ),
            Fact(
                "Training time",
                duration(report.training_seconds),
                f"{len(report.history)} epochs. {time_meaning(report)}",
                part_note(report),
            ),
        )
    )


def splits_table(report: Report) -> Table:
    """Return the headline figures of every split, with and without duplicates."""
    return Table(
        "Every split",
        (
            "Split", "Faces", "Accuracy", "95% interval", "Macro-F1", "Balanced", "Top-2",
            "Calibration error", "Log loss",
        ),
        tuple(
            (
                m.name,
                f"{m.evaluation.count:,}",
                percent(m.evaluation.accuracy),
                interval(m.evaluation),
                percent(m.evaluation.macro_f1),
                percent(m.evaluation.balanced_accuracy),
                percent(m.evaluation.top2_accuracy),
                percent(m.evaluation.calibration_error),
                f"{m.evaluation.log_loss:.3f}",
            )
            for m in measured(report)
        ),
        DUPLICATES,
    )  # fmt: skip


def overview(report: Report, chosen: Measured) -> Section:
    """Return the headline figures."""
    table, note = splits_table(report), Note(SPLITS_EXPLAINED)
    parts = (quality_facts(chosen), cost_facts(report), table, note, *tta_and_seeds(report))
    return Section("Overview", parts)


def per_class(chosen: Measured) -> Row:
    """Return precision, recall and F1 of each expression, as chart and table."""
    classes = chosen.evaluation.classes
    return Row(
        (
            Chart(
                "classes",
                "Each expression",
                charts.per_class_chart(classes),
                charts.per_class_alt(classes),
                "Precision: of all faces that it calls so, how many are labelled so. "
                "Recall: of all faces labelled so, how many it finds. F1: both in one figure.",
                "○ precision  ● recall  | F1",
            ),
            Table(
                "Each expression in figures",
                ("Expression", "Precision", "Recall", "F1", "Faces"),
                tuple(
                    (
                        c.label,
                        percent(c.precision),
                        percent(c.recall),
                        percent(c.f1),
                        f"{c.support:,}",
                    )
                    for c in classes
                ),
                "Faces: how many are labelled so on this split.",
            ),
        )
    )


def confusion(chosen: Measured, mode: str = BY_ROW) -> Chart:
    """Return the confusion matrix."""
    return Chart(
        "confusion",
        "Confusion matrix",
        confusion_chart(chosen.evaluation, mode),
        f"Confusion matrix of {chosen.evaluation.count:,} faces; rows are labels, columns answers.",
        "Right answers are on the diagonal. Shares are of each row.",
        "Rows: what people labelled. Columns: what the model called it.",
        width=520,
    )


def confusion_counts(chosen: Measured) -> Table:
    """Return the counts of the confusion matrix."""
    names = [c.label for c in chosen.evaluation.classes]
    return Table(
        "Confusion matrix in counts",
        ("labelled ↓ called →", *names),
        tuple(
            (name, *(f"{count:,}" for count in row))
            for name, row in zip(names, chosen.evaluation.confusion, strict=True)
        ),
    )


def mistakes(chosen: Measured) -> Section:
    """Return which expressions are taken for which."""
    both = Row((confusion(chosen), confusion_counts(chosen)))
    return Section("Mistakes", (both, per_class(chosen)))
