"""The sections about a model's accuracy, mistakes and cost. Does not use Streamlit.

Every figure is from the report or computed from its counts.
"""

from __future__ import annotations

from collections.abc import Callable

from app.dashboard.charts import evaluation as charts
from app.dashboard.charts.confusion import BY_ROW, confusion_chart
from app.dashboard.elements import Chart, Fact, Facts, Note, Row, Section, Table
from app.dashboard.sections.abstention import tta_and_seeds
from app.dashboard.text import (
    SPLITS_EXPLAINED,
    SplitEvaluation,
    byte_size,
    interval,
    percent,
    short_count,
    split_evaluations,
    training_time,
)
from fer.evaluation.metrics import Evaluation
from fer.evaluation.report import Report
from fer.labels import BALANCED_HEAD, EXPRESSION_HEAD, FERPLUS_HEAD

ACCURACY = "How many of 100 faces get the label that the data set gives them."
MACRO_F1 = (
    "F1 is high where it finds most faces of an expression and is seldom wrong about it. This is "
    "the mean over all expressions, rare ones counting the same."
)
BALANCED = "How many faces of an expression it finds, as the mean over all expressions."
TOP2 = "How often the label is among the first two answers."
CALIBRATION = (
    "How far confidence and accuracy differ on average: of all answers with 80% confidence, 80% "
    "should be right. Expected calibration error, 15 bins."
)
LOG_LOSS = "How little probability it gave the true label: the mean of −log. Lower is better."
INTERVAL = (
    "95% interval (Wilson): 19 of 20 such intervals contain the accuracy on all faces like these."
)
DUPLICATES = (
    "“Without duplicates” leaves out the pictures that also occur in train. It did not learn from "
    "those copies, but they are easier ones."
)


#: What the answers of a head are compared with.
_TRUTHS = {
    EXPRESSION_HEAD: "the data set's labels",
    BALANCED_HEAD: "the data set's labels",
    FERPLUS_HEAD: "what most of ten people called the face (FER+)",
}


def quality_facts(chosen: SplitEvaluation) -> Facts:
    """Return the headline figures of one evaluation."""
    figures = chosen.evaluation
    meaning = f"{ACCURACY} {INTERVAL}"
    return Facts(
        (
            Fact("Accuracy", percent(figures.accuracy), meaning, interval(figures)),
            Fact("Macro-F1", percent(figures.macro_f1), MACRO_F1),
            Fact("Balanced accuracy", percent(figures.balanced_accuracy), BALANCED),
            Fact("Top-2 accuracy", percent(figures.top2_accuracy), TOP2),
            Fact("Calibration error", percent(figures.calibration_error), CALIBRATION),
            Fact("Log loss", f"{figures.log_loss:.3f}", LOG_LOSS),
        ),
        chosen.name,
        f"Compared with {_TRUTHS[chosen.head]}.",
    )


def cost_facts(report: Report) -> Facts:
    """Return the cost of the model: its size, its latency and its training time."""
    time, note = training_time(report)
    network = next((f for n, f in report.files.items() if n.endswith(".tflite")), None)
    return Facts(
        (
            Fact("Parameters", short_count(report.parameters), f"{report.parameters:,} weights."),
            Fact(
                "Network file", byte_size(network.bytes) if network else "–", "The file that runs."
            ),
            Fact(
                "Time for a face",
                f"{report.latency_ms:.1f} ms",
                "Median time of the network for one face that was found already, on one thread of "
                f"{report.machine}.",
            ),
            Fact("Training time", time, f"On {report.machine}. See the section “Training”.", note),
        )
    )


def splits_table(report: Report) -> Table:
    """Return a table with the headline figures of every evaluation, a column for each."""
    evaluations = split_evaluations(report)
    figures: tuple[tuple[str, Callable[[Evaluation], str]], ...] = (
        ("Faces", lambda e: f"{e.count:,}"),
        ("Accuracy", lambda e: percent(e.accuracy)),
        ("95% interval", interval),
        ("Macro-F1", lambda e: percent(e.macro_f1)),
        ("Balanced accuracy", lambda e: percent(e.balanced_accuracy)),
        ("Top-2 accuracy", lambda e: percent(e.top2_accuracy)),
        ("Calibration error", lambda e: percent(e.calibration_error)),
        ("Log loss", lambda e: f"{e.log_loss:.3f}"),
    )
    return Table(
        "Every head and split",
        ("Figure", *(m.name for m in evaluations)),
        tuple((name, *(text(m.evaluation) for m in evaluations)) for name, text in figures),
        DUPLICATES,
    )


def overview(report: Report, chosen: SplitEvaluation) -> Section:
    """Return the section with the headline figures of a model."""
    table, note = splits_table(report), Note(SPLITS_EXPLAINED)
    parts = (quality_facts(chosen), cost_facts(report), table, note, *tta_and_seeds(report))
    return Section("Overview", parts)


def per_class(chosen: SplitEvaluation) -> Row:
    """Return precision, recall and F1 of each expression, as a chart and a table."""
    classes = chosen.evaluation.classes
    return Row(
        (
            Chart(
                "classes",
                chosen.titled("Each expression"),
                charts.per_class_chart(classes),
                charts.per_class_alt(classes),
                "Precision: of all faces that it gives this answer, how many have this label. "
                "Recall: of all faces with this label, how many it finds. F1: both in one figure.",
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
                "Faces: how many have this label on this split.",
            ),
        )
    )


def confusion(chosen: SplitEvaluation, mode: str = BY_ROW) -> Chart:
    """Return the confusion matrix as a chart.

    Args:
        chosen: the evaluation to show.
        mode: what the cells show; see `confusion_chart`.
    """
    return Chart(
        "confusion",
        chosen.titled("Confusion matrix"),
        confusion_chart(chosen.evaluation, mode),
        f"Confusion matrix of {chosen.evaluation.count:,} faces; rows are labels, columns answers.",
        "Right answers are on the diagonal. Shares are of each row.",
        f"Rows: {_TRUTHS.get(chosen.head, 'the truth')}. Columns: the model's answers.",
        width=520,
    )


def confusion_counts(chosen: SplitEvaluation) -> Table:
    """Return the counts of the confusion matrix as a table."""
    names = [c.label for c in chosen.evaluation.classes]
    return Table(
        "Confusion matrix in counts",
        ("labelled ↓ called →", *names),
        tuple(
            (name, *(f"{count:,}" for count in row))
            for name, row in zip(names, chosen.evaluation.confusion, strict=True)
        ),
    )


def mistakes(chosen: SplitEvaluation) -> Section:
    """Return the section about which expressions are confused with which."""
    matrix = Row((confusion(chosen), confusion_counts(chosen)))
    return Section("Mistakes", (matrix, per_class(chosen)))
