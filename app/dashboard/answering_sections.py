"""When a model answers and when it says "uncertain", and how much is chance → sections.

No streamlit in here.
"""

from __future__ import annotations

from app.dashboard.report_parts import Chart, Fact, Facts, Part, Row, Table
from app.dashboard.report_words import duration, interval, percent
from app.dashboard.risk_chart import risk_chart
from fer.report import Report, Selective, Spread

UNCERTAIN = (
    "Below its threshold an answer is given as “uncertain”. The threshold lets as many answers "
    "pass as it can while the promised share of them is right."
)

CROSS_FITTED = (
    "The threshold was chosen on these very faces. Cross-fitted: each fifth of the faces with a "
    "threshold from the other four."
)

VIEWS = "Slower, and not what the app does: the mean over several views of each face. "

SEEDS = (
    "The same short training with different random numbers. Two models whose figures differ by "
    "no more than such runs do may be equally good."
)


def answering(report: Report, heads: dict[str, str]) -> list[Part | Row]:
    """Return what the thresholds bring, and the curve that they were chosen on.

    Args:
        report: of the model.
        heads: what each output says, by name.
    """
    if not report.selective:
        return []
    target = f"{report.selective[0].target:.0%}"
    alt = "; ".join(
        f"{_name(s)}: {percent(s.accuracy)} of the answers right at {percent(s.coverage)} answered"
        for s in report.selective
    )
    chart = Chart(
        "risk",
        "Answering less, being right more",
        risk_chart(report.selective),
        f"Risk-coverage curves. {alt}.",
        "The surest answers first: how many of them are right, if only so many faces are answered. "
        "The marks are the thresholds.",
        f"Dotted line: {target} right, which the thresholds are chosen for.",
    )
    return [_facts(report.selective, heads), Row((chart, _table(report.selective)))]


def _facts(made: tuple[Selective, ...], heads: dict[str, str]) -> Facts:
    return Facts(
        tuple(
            Fact(
                _name(s),
                percent(s.coverage),
                f"Output “{s.head}”: {heads.get(s.head, '')} Pictures {s.pictures}. Right means: "
                f"{s.truth}.",
                f"{percent(s.accuracy)} right",
            )
            for s in made
        ),
        "How often it answers plain and poor pictures",
        UNCERTAIN,
    )


def _table(made: tuple[Selective, ...]) -> Table:
    return Table(
        "The thresholds",
        (
            "Output and pictures",
            "Least confidence",
            "Answered",
            "Right",
            "Cross-fitted",
        ),
        tuple(
            (
                _name(s),
                percent(s.threshold) if s.threshold else "none",
                percent(s.coverage),
                percent(s.accuracy),
                f"{percent(s.cross_fitted_accuracy)} of {percent(s.cross_fitted_coverage)}",
            )
            for s in made
        ),
        CROSS_FITTED,
    )


def _name(made: Selective) -> str:
    return f"{made.head}, {'poor' if made.pictures.startswith('made poor') else 'plain'}"


def chance(report: Report) -> list[Part | Row]:
    """Return what else was measured on the validation split: other views, other seeds."""
    views = report.views.evaluation
    facts = Facts(
        (
            Fact(
                f"Accuracy, {report.views.name}",
                percent(views.accuracy),
                f"{VIEWS}Here: {report.views.description}.",
                interval(views),
            ),
            Fact(
                f"Macro-F1, {report.views.name}",
                percent(views.macro_f1),
                f"Of the same views. {report.views.description}.",
            ),
        ),
        "Test-time views",
        f"On the validation split. {VIEWS}",
    )
    return [facts, *([_seeds(report.spread)] if report.spread else [])]


def _seeds(spread: Spread) -> Table:
    rows = zip(
        spread.seeds, spread.accuracies, spread.macro_f1s, spread.training_seconds, strict=True
    )
    low, high = min(spread.accuracies), max(spread.accuracies)
    return Table(
        f"{len(spread.seeds)} seeds, {spread.epochs} epochs each",
        ("Seed", "Accuracy", "Macro-F1", "Time"),
        (
            *(
                (str(seed), percent(accuracy), percent(f1), duration(seconds))
                for seed, accuracy, f1, seconds in rows
            ),
            ("between the best and the worst", f"{100 * (high - low):.1f} points", "", ""),
        ),
        SEEDS,
    )
