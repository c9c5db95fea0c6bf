"""Worse pictures, and the voters of FER+ → a section of a report. No streamlit in here."""

from __future__ import annotations

from app.dashboard.charts import evaluation as charts
from app.dashboard.elements import Chart, Fact, Facts, Note, Part, Row, Section, Table
from app.dashboard.sections.performance import INTERVAL
from app.dashboard.text import head_name, percent, points, share_range
from fer.evaluation.measurements import VOTE_RULES
from fer.evaluation.report import Report

FERPLUS = (
    "Ten people voted on every face (FER+). How often a head agrees with them, on the "
    "validation faces on which they agree with each other as far as the rule asks."
)


def robustness(report: Report, heads: dict[str, str]) -> Section:
    """Return how it fares with worse pictures, and whether it agrees with FER+'s voters.

    Args:
        report: of the model.
        heads: what each head says, by name.
    """
    parts: list[Part | Row] = []
    plain = report.evaluations.get("validation")
    if plain and report.robustness:
        parts += _corrupted(report)
    if report.ferplus_agreement:
        parts += _ferplus(report, heads)
    return Section("Robustness", tuple(parts) or (Note("Nothing was measured here."),))


def _corrupted(report: Report) -> list[Part | Row]:
    plain = report.evaluations["validation"]
    each = "; ".join(f"{s.name} {percent(s.evaluation.accuracy)}" for s in report.robustness)
    chart = Chart(
        "robustness",
        "Worse pictures",
        charts.robustness_chart(plain, report.robustness),
        f"Accuracy {percent(plain.accuracy)} as they are; {each}.",
        "Accuracy on the validation split after doing this to every picture, with its 95% "
        "interval; above each mark, the change in percentage points.",
    )
    table = Table(
        "What was done to each picture",
        ("Corruption", "What", "Accuracy", "Change"),
        (
            ("as they are", "nothing", percent(plain.accuracy), "–"),
            *(
                (
                    s.name,
                    s.description,
                    percent(s.evaluation.accuracy),
                    points(s.evaluation.accuracy - plain.accuracy),
                )
                for s in report.robustness
            ),
        ),
        "Change: in percentage points against the pictures as they are.",
        text_columns=("What",),
    )
    return [Row((chart, table))]


def _ferplus(report: Report, heads: dict[str, str]) -> list[Part | Row]:
    """Return how often each head agrees, one group of figures per rule."""
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
            f"Agreement with ten voters: {count:,} faces where {VOTE_RULES[rule]}",
            FERPLUS,
        )
        for rule, count in dict.fromkeys((c.rule, c.count) for c in report.ferplus_agreement)
    ]
