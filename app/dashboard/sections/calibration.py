"""Whether a model's confidence can be trusted → a section of its report. No streamlit in here."""

from __future__ import annotations

from app.dashboard.charts import evaluation as charts
from app.dashboard.elements import Chart, Fact, Facts, Note, Part, Row, Section, Table
from app.dashboard.sections.abstention import answering
from app.dashboard.sections.performance import CALIBRATION, LOG_LOSS
from app.dashboard.text import Measured, percent, share_range
from fer.evaluation.metrics import Evaluation
from fer.evaluation.report import Report

#: Split, and whether with duplicates, that the temperature was fitted on.
FITTED_ON = ("validation", True)

TEMPERATURE = (
    "What the network's scores are divided by before they become probabilities: above 1 it gets "
    "less sure, below 1 surer. Its answers stay the same."
)


def confidence(
    report: Report,
    chosen: Measured,
    temperature: float | None,
    heads: dict[str, str] | None = None,
) -> Section:
    """Return whether its confidence can be trusted, and when it answers at all.

    Args:
        report: of the model.
        chosen: the evaluation to show.
        temperature: of the expression head, where it is known.
        heads: what each head says, by name.
    """
    # Only the whole validation split was measured without temperature.
    before = report.before_temperature if (chosen.split, chosen.duplicates) == FITTED_ON else None
    parts: list[Part | Row] = [
        _confidence_facts(report, chosen.evaluation, before, temperature),
        Row((_reliability(chosen.evaluation, before), _bins(chosen.evaluation))),
    ]
    if before:
        parts.append(
            Note(
                "Before and after: without and with the temperature. It was fitted on this split, "
                "by the log loss; where there is little to gain, the calibration error may move "
                "either way. Cross-fitted is what to expect elsewhere: each fifth of the faces "
                "with a temperature from the other four."
            )
        )
    if chosen.duplicates:
        parts += answering([s for s in report.selective if s.split == chosen.split], heads or {})
    return Section("Confidence", tuple(parts))


def _confidence_facts(
    report: Report, found: Evaluation, before: Evaluation | None, temperature: float | None
) -> Facts:
    facts = [
        Fact(
            "Error after" if before else "Calibration error",
            percent(found.calibration_error),
            CALIBRATION,
        ),
        Fact("Log loss after" if before else "Log loss", f"{found.log_loss:.3f}", LOG_LOSS),
    ]
    if temperature is not None:
        facts.append(Fact("Temperature", f"{temperature:.3f}", TEMPERATURE))
    if before:
        facts.insert(0, Fact("Error before", percent(before.calibration_error), CALIBRATION))
        crossed = percent(report.cross_fitted_calibration_error)
        facts.insert(2, Fact("Error, cross-fitted", crossed, CALIBRATION))
        facts.insert(3, Fact("Log loss before", f"{before.log_loss:.3f}", LOG_LOSS))
    return Facts(tuple(facts))


def _reliability(found: Evaluation, before: Evaluation | None) -> Chart:
    meaning = "Answers of like confidence together: how sure they were, and how many were right."
    alt = f"Reliability diagram: calibration error {percent(found.calibration_error)}"
    if before:
        meaning += " Before and after: without and with the temperature."
        alt += f", {percent(before.calibration_error)} before the temperature"
    return Chart(
        "reliability",
        "Reliability diagram",
        charts.reliability_chart(found, before),
        f"{alt}.",
        meaning,
        "On the dotted line it is right as often as it is sure; below it is too sure.",
    )


def _bins(found: Evaluation) -> Table:
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
            for b in found.calibration
        ),
        "The bins of the diagram; those without an answer are left out.",
    )
