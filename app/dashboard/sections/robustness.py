"""The section about corrupted images and agreement with FER+'s voters. No Streamlit."""

from __future__ import annotations

from app.common.head_text import head_name
from app.dashboard.charts import evaluation as charts
from app.dashboard.elements import Chart, Fact, Facts, Note, Part, Row, Section, Table
from app.dashboard.sections.performance import INTERVAL
from app.dashboard.text import percent, percentage_points, share_range
from fer.evaluation.measurements import VoteRule
from fer.evaluation.report import Report
from fer.labels import EXPRESSION_HEAD

FERPLUS = (
    "Ten people named the expression of every validation face (FER+). How often each head says "
    "what they said, where they agreed."
)

#: How the ten people agreed, by rule; `fer.evaluation.measurements.VOTE_RULES` in short.
AGREED: dict[VoteRule, str] = {
    "majority": "more than half of them chose one of the seven expressions",
    "plurality": "one of the seven expressions has most votes",
}


def robustness(report: Report, heads: dict[str, str]) -> Section:
    """Return the section with accuracy on corrupted images and agreement with FER+'s voters.

    Args:
        report: the report of the model.
        heads: meaning of each head, by name.
    """
    parts: list[Part | Row] = []
    if report.evaluations.get("validation") and report.robustness:
        parts += _corrupted(report)
    elif not report.tta:
        parts.append(Note("Worse pictures were not measured (--quick)."))
    if report.ferplus_agreement:
        parts += _ferplus(report, heads)
    return Section("Robustness", tuple(parts) or (Note("Nothing was measured here."),))


def _corrupted(report: Report) -> list[Part | Row]:
    uncorrupted = report.evaluations["validation"]
    each = "; ".join(f"{s.name} {percent(s.evaluation.accuracy)}" for s in report.robustness)
    chart = Chart(
        "robustness",
        f"Worse pictures, {head_name(EXPRESSION_HEAD)} head",
        charts.robustness_chart(uncorrupted, report.robustness),
        f"Accuracy {percent(uncorrupted.accuracy)} as they are; {each}.",
        "Accuracy on validation with every picture made worse in this way, with its 95% interval "
        "and the change in percentage points.",
    )
    table = Table(
        "What was done to each picture",
        ("Corruption", "What", "Accuracy", "Change"),
        (
            ("as they are", "nothing", percent(uncorrupted.accuracy), "–"),
            *(
                (
                    s.name,
                    s.description,
                    percent(s.evaluation.accuracy),
                    percentage_points(s.evaluation.accuracy - uncorrupted.accuracy),
                )
                for s in report.robustness
            ),
        ),
        "Change: in percentage points, compared with the unchanged pictures.",
        text_columns=("What",),
    )
    return [Row((chart, table))]


def _ferplus(report: Report, heads: dict[str, str]) -> list[Part | Row]:
    """Return how often each head agrees with the voters, one group of figures per voting rule."""
    return [
        Facts(
            tuple(
                Fact(
                    f"{head_name(c.head)} head",
                    percent(c.accuracy),
                    f"{heads.get(c.head, '')} {INTERVAL}",
                    share_range(c.accuracy_low, c.accuracy_high),
                )
                for c in report.ferplus_agreement
                if (c.rule, c.count) == (rule, count)
            ),
            f"As ten people said: {count:,} faces on which {AGREED[rule]}",
            FERPLUS,
        )
        for rule, count in dict.fromkeys((c.rule, c.count) for c in report.ferplus_agreement)
    ]
