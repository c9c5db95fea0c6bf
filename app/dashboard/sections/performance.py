"""The sections about a model's accuracy, mistakes and cost. Does not use Streamlit.

Every figure is from the report or computed from its counts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from app.core.models.head_text import head_name
from app.core.text import counted
from app.dashboard.charts import evaluation as charts
from app.dashboard.charts.confusion import BY_ROW, confusion_chart
from app.dashboard.elements import Chart, Fact, Facts, Note, Part, Row, Table
from app.dashboard.text import (
    SPLITS_EXPLAINED,
    SplitEvaluation,
    byte_size,
    duration,
    interval,
    percent,
    short_count,
    split_evaluations,
    training_time,
)
from fer.evaluation.measurements import SeedVariance
from fer.evaluation.metrics import Evaluation
from fer.evaluation.report import Report
from fer.labels import BALANCED_HEAD, EXPRESSION_HEAD, FERPLUS_HEAD

INTERVAL = (
    "95% interval (Wilson): 19 of 20 such intervals contain the accuracy on all faces like these."
)
ACCURACY = f"How many of 100 faces get the label that the data set gives them. {INTERVAL}"
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
DUPLICATES = (
    "“Without duplicates” leaves out the pictures that also occur in train. It did not learn from "
    "those copies, but they are easier ones."
)
VIEWS = "Each face is read ten times, slightly moved and mirrored; the app does not do this. "
SEEDS = "The same short training with other random numbers: differences this small say nothing."
SEEDS_FROM_WEIGHTS = (
    "A short training from the same weights with other random numbers: differences this small say "
    "nothing. Whole trainings differ more."
)

#: What the answers of a head are compared with.
_TRUTHS = {
    EXPRESSION_HEAD: "the data set's labels",
    BALANCED_HEAD: "the data set's labels",
    FERPLUS_HEAD: "what most of ten people called the face (FER+)",
}


@dataclass(frozen=True)
class Headline:
    """A figure of every evaluation: its name, its value and what it means."""

    name: str
    value: Callable[[Evaluation], float]
    meaning: str
    text: Callable[[float], str] = percent

    def of(self, evaluation: Evaluation) -> str:
        """Return its value as text."""
        return self.text(self.value(evaluation))

    def fact(self, evaluation: Evaluation) -> Fact:
        """Return it as a fact; the accuracy has its interval."""
        note = interval(evaluation) if self.name == "Accuracy" else ""
        return Fact(self.name, self.of(evaluation), self.meaning, note)


HEADLINES = (
    Headline("Accuracy", lambda e: e.accuracy, ACCURACY),
    Headline("Macro-F1", lambda e: e.macro_f1, MACRO_F1),
    Headline("Balanced accuracy", lambda e: e.balanced_accuracy, BALANCED),
    Headline("Top-2 accuracy", lambda e: e.top2_accuracy, TOP2),
    Headline("Calibration error", lambda e: e.calibration_error, CALIBRATION),
    Headline("Log loss", lambda e: e.log_loss, LOG_LOSS, "{:.3f}".format),
)


def overview(report: Report, chosen: SplitEvaluation) -> list[Part]:
    """Return the headline figures of a model, its cost, and what was measured beside."""
    facts = [headline.fact(chosen.evaluation) for headline in HEADLINES]
    shown = report.selective_of(chosen.split, chosen.head)
    if shown and shown.truth == "people":
        error = f"{percent(shown.calibration_error)} by what most people say"
        facts = [replace(f, note=error) if f.label == "Calibration error" else f for f in facts]
    quality = Facts(facts, chosen.name, f"Compared with {_TRUTHS[chosen.head]}.")
    parts: list[Part] = [quality, _cost(report), splits_table(report), Note(SPLITS_EXPLAINED)]
    if report.tta:
        figures, name = report.tta.evaluation, report.tta.name
        accuracy = f"{report.tta.description.capitalize()}."
        facts = [
            Fact(f"Accuracy, {name}", percent(figures.accuracy), accuracy, interval(figures)),
            Fact(f"Macro-F1, {name}", percent(figures.macro_f1), "Measured in the same way."),
        ]
        title = f"Reading each face several times, {head_name(EXPRESSION_HEAD)} head"
        parts.append(Facts(facts, title, f"{VIEWS}Validation faces."))
    else:
        parts.append(Note("Ten views and robustness were not measured (--quick)."))
    return [*parts, *([_seeds(report.seed_variance)] if report.seed_variance else [])]


def _cost(report: Report) -> Facts:
    time, note = training_time(report)
    network = next((f for n, f in report.files.items() if n.endswith(".tflite")), None)
    latency = (
        "Median time of the network for one face that was found already, on one thread of "
        f"{report.machine}."
    )
    training = f"On {report.machine}. See the section “Training”."
    return Facts(
        (
            Fact("Parameters", short_count(report.parameters), f"{report.parameters:,} weights."),
            Fact(
                "Network file", byte_size(network.bytes) if network else "–", "The file that runs."
            ),
            Fact("Time for a face", f"{report.latency_ms:.1f} ms", latency),
            Fact("Training time", time, training, note),
        )
    )


def splits_table(report: Report, title: str = "Every head and split") -> Table:
    """Return a table with the headline figures of every evaluation, a column for each."""
    evaluations = split_evaluations(report)
    rows: list[tuple[str, Callable[[Evaluation], str]]]
    rows = [(headline.name, headline.of) for headline in HEADLINES]
    rows[1:1] = [("95% interval", interval)]
    rows = [("Faces", lambda e: f"{e.count:,}"), *rows]
    return Table(
        title,
        ("Figure", *(m.name for m in evaluations)),
        tuple((name, *(text(m.evaluation) for m in evaluations)) for name, text in rows),
        DUPLICATES,
    )


def _seeds(runs: SeedVariance) -> Table:
    rows = zip(runs.seeds, runs.accuracies, runs.macro_f1s, runs.training_seconds, strict=True)
    low, high = min(runs.accuracies), max(runs.accuracies)
    start = f", starting from {runs.initial_model}" if runs.initial_model else ""
    return Table(
        f"{counted(len(runs.seeds), 'seed')}, {counted(runs.epochs, 'epoch')} each{start}, "
        f"{head_name(EXPRESSION_HEAD)} head",
        ("Seed", "Accuracy", "Macro-F1", "Time"),
        (
            *((str(seed), percent(right), percent(f1), duration(s)) for seed, right, f1, s in rows),
            ("between the best and the worst", f"{100 * (high - low):.1f} points", "", ""),
        ),
        SEEDS_FROM_WEIGHTS if runs.initial_model else SEEDS,
    )


def per_class(chosen: SplitEvaluation) -> Row:
    """Return precision, recall and F1 of each expression, as a chart and a table."""
    classes = chosen.evaluation.classes
    rows = tuple(
        (c.label, percent(c.precision), percent(c.recall), percent(c.f1), f"{c.support:,}")
        for c in classes
    )
    each = "; ".join(f"{c} precision {p}, recall {r}, F1 {f}" for c, p, r, f, _ in rows)
    chart = Chart(
        "classes",
        chosen.titled("Each expression"),
        charts.per_class_chart(classes),
        f"Precision, recall and F1 of each expression: {each}.",
        "Precision: of all faces that it gives this answer, how many have this label. "
        "Recall: of all faces with this label, how many it finds. F1: both in one figure.",
        "○ precision  ● recall  | F1",
    )
    table = Table(
        "Each expression in figures",
        ("Expression", "Precision", "Recall", "F1", "Faces"),
        rows,
        "Faces: how many have this label on this split.",
    )
    return Row((chart, table))


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
