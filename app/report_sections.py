"""What was measured about a model → the sections of its report. No streamlit in here.

Every figure is one of the report or arithmetic on its counts.
"""

from __future__ import annotations

from app import confusion_chart
from app import report_charts as charts
from app.report_parts import Chart, Fact, Facts, Note, Part, Row, Section, Table
from app.report_words import (
    SPLITS_EXPLAINED,
    Measured,
    duration,
    interval,
    many,
    measured,
    percent,
    points,
    share_range,
    size,
)
from fer.model_card import Report

ACCURACY = "How many faces of a hundred get the label that people gave them."
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
INTERVAL = "95% interval (Wilson): with other faces like these the accuracy would be in here."
REPEATS = (
    "FER2013 holds some pictures twice. “Without repeats” leaves out the pictures that also stand "
    "in train, where they are too easy."
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
                f"{len(report.history)} epochs on {report.machine}.",
            ),
        )
    )


def splits_table(report: Report) -> Table:
    """Return the headline figures of every split, with and without repeats."""
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
        f"{SPLITS_EXPLAINED} {REPEATS}",
    )  # fmt: skip


def overview(report: Report, chosen: Measured) -> Section:
    """Return the headline figures."""
    return Section("Overview", (quality_facts(chosen), cost_facts(report), splits_table(report)))


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
                "○ precision: of all faces that it calls so, how many are labelled so. "
                "● recall: of all faces labelled so, how many it finds. | F1: both in one figure.",
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


def confusion(chosen: Measured, mode: str = confusion_chart.BY_ROW) -> Chart:
    """Return the confusion matrix."""
    return Chart(
        "confusion",
        "Confusion matrix",
        confusion_chart.confusion_chart(chosen.evaluation, mode),
        f"Confusion matrix of {chosen.evaluation.count:,} faces; rows are labels, columns answers.",
        "Rows: what people labelled. Columns: what the model called it. Shares are of each row.",
        width=520,
    )


def mistakes(chosen: Measured) -> Section:
    """Return which expressions are taken for which."""
    return Section("Mistakes", (confusion(chosen), per_class(chosen)))


def confidence(report: Report, chosen: Measured, temperature: float | None) -> Section:
    """Return whether its confidence can be trusted, before and after the temperature."""
    found = chosen.evaluation
    # Only the whole validation split was measured without temperature.
    before = report.before_temperature if (chosen.split, chosen.repeats) == FITTED_ON else None
    facts = [Fact("Calibration error", percent(found.calibration_error), CALIBRATION)]
    if before:
        facts = [
            Fact("Error before", percent(before.calibration_error), CALIBRATION),
            Fact("Error after", percent(found.calibration_error), CALIBRATION),
        ]
    if temperature is not None:
        facts.append(Fact("Temperature", f"{temperature:.3f}", TEMPERATURE))
    if before:
        facts.append(Fact("Log loss before", f"{before.log_loss:.3f}", LOG_LOSS))
    facts.append(
        Fact("Log loss after" if before else "Log loss", f"{found.log_loss:.3f}", LOG_LOSS)
    )
    chart = Chart(
        "reliability",
        "Reliability diagram",
        charts.reliability_chart(found, before),
        f"Reliability diagram: calibration error {percent(found.calibration_error)}"
        + (f", {percent(before.calibration_error)} before temperature." if before else "."),
        "On the dotted line it is right exactly as often as it is sure. Below, it is too sure; "
        "above, not sure enough."
        + (" Before and after: without and with the temperature." if before else ""),
        width=620,
    )
    note = Note(
        "The temperature was fitted on this split, so expect a little more error elsewhere."
    )
    return Section("Confidence", (Facts(tuple(facts)), chart, *((note,) if before else ())))


#: Split, and whether with repeats, that the temperature was fitted on.
FITTED_ON = ("validation", True)

TEMPERATURE = (
    "What the network's scores are divided by before they become probabilities: above 1 it gets "
    "less sure, below 1 surer. Its answers stay the same."
)


def robustness(report: Report, heads: dict[str, str]) -> Section:
    """Return how it fares with worse pictures, and whether it agrees with a crowd.

    Args:
        report: of the model.
        heads: what each output says, by name.
    """
    parts: list[Part | Row] = []
    undisturbed = report.evaluations.get("validation")
    if undisturbed and report.robustness:
        parts += _disturbed(report)
    if report.crowd:
        parts.append(_crowd(report, heads))
    return Section("Robustness", tuple(parts) or (Note("Nothing was measured here."),))


def _disturbed(report: Report) -> list[Part | Row]:
    undisturbed = report.evaluations["validation"]
    each = "; ".join(f"{s.name} {percent(s.evaluation.accuracy)}" for s in report.robustness)
    chart = Chart(
        "robustness",
        "Worse pictures",
        charts.robustness_chart(undisturbed, report.robustness),
        f"Accuracy {percent(undisturbed.accuracy)} as they are; {each}.",
        "Accuracy on the validation split after doing this to every picture, with its 95% "
        "interval; above each mark, the change in percentage points.",
    )
    table = Table(
        "What was done to each picture",
        ("Disturbance", "What", "Accuracy", "Change"),
        (
            ("as they are", "nothing", percent(undisturbed.accuracy), "–"),
            *(
                (
                    s.name,
                    s.description,
                    percent(s.evaluation.accuracy),
                    points(s.evaluation.accuracy - undisturbed.accuracy),
                )
                for s in report.robustness
            ),
        ),
        "Change: in percentage points against the pictures as they are.",
        text_columns=("What",),
    )
    return [Row((chart, table))]


def _crowd(report: Report, heads: dict[str, str]) -> Table:
    return Table(
        "Agreement with a crowd (FER+)",
        ("Output", "Faces that count", "Faces", "Agrees", "95% interval"),
        tuple(
            (
                f"{c.head}: {heads[c.head]}" if c.head in heads else c.head,
                c.rule,
                f"{c.count:,}",
                percent(c.accuracy),
                share_range(c.accuracy_low, c.accuracy_high),
            )
            for c in report.crowd
        ),
        "Ten people voted on every validation face (FER+). How often an output agrees with them, "
        "counting the faces on which enough of them agree with each other.",
        text_columns=("Faces that count",),
    )
