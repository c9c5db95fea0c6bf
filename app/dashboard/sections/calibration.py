"""The section about calibration and abstention. Does not use Streamlit."""

from __future__ import annotations

from app.dashboard.charts import evaluation as charts
from app.dashboard.elements import Chart, Fact, Facts, Note, Part, Row, Section, Table
from app.dashboard.sections.abstention import abstention
from app.dashboard.sections.performance import CALIBRATION, LOG_LOSS
from app.dashboard.text import SplitEvaluation, percent, share_range
from fer.evaluation.metrics import Evaluation
from fer.evaluation.report import Report
from fer.labels import EXPRESSION_HEAD

#: The evaluation without temperature: split, whether duplicates are included, and head.
BEFORE = ("validation", True, EXPRESSION_HEAD)

TEMPERATURE = (
    "One number that makes all answers less confident (above 1) or more (below 1), so that "
    "confidence and accuracy agree. The answers stay the same."
)


def confidence(
    report: Report,
    chosen: SplitEvaluation,
    temperature: float | None,
    heads: dict[str, str] | None = None,
) -> Section:
    """Return the section about the model's calibration and abstention.

    Args:
        report: the report of the model.
        chosen: the evaluation to show.
        temperature: temperature of its head; None if unknown.
        heads: meaning of each head, by name.
    """
    measured = (chosen.split, chosen.duplicates, chosen.head)
    before = report.before_temperature if measured == BEFORE else None
    parts: list[Part | Row] = [
        _confidence_facts(report, chosen, before, temperature),
        reliability(chosen.evaluation, before, chosen.titled(RELIABILITY)),
    ]
    if before:
        parts.append(
            Note(
                "Before and after: without and with the temperature, which was chosen on these "
                "faces. Cross-fitted is what to expect on others: each fifth of the faces is "
                "measured with the temperature of the other four fifths."
            )
        )
    if chosen.duplicates:
        parts += abstention([s for s in report.selective if s.split == chosen.split], heads or {})
    return Section("Confidence", tuple(parts))


def _confidence_facts(
    report: Report, chosen: SplitEvaluation, before: Evaluation | None, temperature: float | None
) -> Facts:
    evaluation = chosen.evaluation
    facts = [
        Fact(
            "Error after" if before else "Calibration error",
            percent(evaluation.calibration_error),
            CALIBRATION,
        ),
        Fact("Log loss after" if before else "Log loss", f"{evaluation.log_loss:.3f}", LOG_LOSS),
    ]
    if temperature is not None:
        facts.append(Fact("Temperature", f"{temperature:.3f}", TEMPERATURE))
    if before:
        facts.insert(0, Fact("Error before", percent(before.calibration_error), CALIBRATION))
        cross_fitted = percent(report.cross_fitted_calibration_error)
        facts.insert(2, Fact("Error, cross-fitted", cross_fitted, CALIBRATION))
        facts.insert(3, Fact("Log loss before", f"{before.log_loss:.3f}", LOG_LOSS))
    return Facts(tuple(facts), chosen.name)


RELIABILITY = "Reliability diagram"


def reliability(
    evaluation: Evaluation, before: Evaluation | None = None, title: str = RELIABILITY
) -> Row:
    """Return the reliability diagram of an evaluation, and its bins.

    Args:
        evaluation: the figures.
        before: the same without temperature, if it was measured.
        title: heading of the diagram.
    """
    return Row((_reliability(evaluation, before, title), _bins(evaluation)))


def _reliability(evaluation: Evaluation, before: Evaluation | None, title: str) -> Chart:
    meaning = "Answers grouped by confidence: their mean confidence, and how many were right."
    alt = f"Reliability diagram: calibration error {percent(evaluation.calibration_error)}"
    if before:
        meaning += " Before and after: without and with the temperature."
        alt += f", {percent(before.calibration_error)} before the temperature"
    return Chart(
        "reliability",
        title,
        charts.reliability_chart(evaluation, before),
        f"{alt}.",
        meaning,
        "On the dotted line it is right as often as it is confident; below the line it is "
        "overconfident.",
    )


def _bins(evaluation: Evaluation) -> Table:
    return Table(
        "Answers by confidence",
        ("Confidence", "Answers", "Mean confidence", "Right"),
        tuple(
            (
                share_range(b.low, b.high),
                f"{b.count:,}",
                percent(b.confidence),
                percent(b.accuracy),
            )
            for b in evaluation.calibration
        ),
        "The bins of the diagram; those without an answer are left out.",
    )
