"""When a model answers and when it says "uncertain", and how much is chance → sections.

No streamlit in here.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.common.text import counted
from app.dashboard.charts.risk import risk_chart
from app.dashboard.elements import Chart, Fact, Facts, Part, Row, Table
from app.dashboard.text import duration, interval, percent
from fer.evaluation.report import Report, Selective, Spread

UNCERTAIN = (
    "Below its threshold an answer is given as “uncertain”. The threshold lets as many answers "
    "pass as it can while the promised share of them is right."
)

CHOSEN_HERE = "The thresholds were chosen on these very faces."

CROSS_FITTED = (
    "Cross-fitted: each fifth of the faces with a threshold that was chosen on the other four. The "
    "calibration error is of all answers, given or not."
)

VIEWS = "Slower, and not what the app does: the mean over several views of each face. "

SEEDS = (
    "The same short training with different random numbers. Two models whose figures differ by "
    "no more than such runs do may be equally good."
)

SEEDS_FROM_WEIGHTS = (
    "Short runs from the same weights with different random numbers: only the chance of this last "
    "step. Whole trainings differ more, and chance in the faces alone is in the 95% interval."
)


def answering(made: Sequence[Selective], heads: dict[str, str]) -> list[Part | Row]:
    """Return what the thresholds bring, and the curves that they stand on.

    Args:
        made: measured on one split.
        heads: what each output says, by name.
    """
    if not made:
        return []
    target = f"{made[0].target:.0%}"
    alt = "; ".join(
        f"{_name(s)}: {_right(s)} of the answers right at {percent(s.coverage)} answered"
        for s in made
    )
    chart = Chart(
        "risk",
        "Answering less, being right more",
        risk_chart(made),
        f"Risk-coverage curves. {alt}.",
        "The surest answers first: how many of them are right, if only so many faces are answered. "
        "The marks are the thresholds.",
        f"Dotted line: {target} right, which the thresholds are chosen for.",
    )
    return [_facts(made, heads), Row((chart, _table(made)))]


def _facts(made: Sequence[Selective], heads: dict[str, str]) -> Facts:
    return Facts(
        tuple(
            Fact(
                _name(s),
                percent(s.coverage),
                f"Output “{s.head}”: {heads.get(s.head, '')} Pictures {s.pictures}. Right means: "
                f"{s.truth}.",
                f"{_right(s)} right",
            )
            for s in made
        ),
        "How often it answers plain and poor pictures",
        UNCERTAIN,
    )


def _table(made: Sequence[Selective]) -> Table:
    return Table(
        "The thresholds",
        (
            "Output and pictures",
            "Least confidence",
            "Answered",
            "Right",
            "Calibration error",
            "Cross-fitted",
        ),
        tuple(
            (
                _name(s),
                percent(s.threshold) if s.threshold else "none",
                f"{percent(s.coverage)} of {s.count:,}",
                _right(s),
                percent(s.calibration_error),
                f"{percent(s.cross_fitted_accuracy)} of {percent(s.cross_fitted_coverage)}",
            )
            for s in made
        ),
        f"{CHOSEN_HERE} {CROSS_FITTED}" if made[0].split == "validation" else CROSS_FITTED,
    )


def _name(made: Selective) -> str:
    return f"{made.head}, {'plain' if made.plain else 'poor'}"


def _right(made: Selective) -> str:
    return percent(made.accuracy) if made.coverage else "–"


def views_and_seeds(report: Report) -> list[Part | Row]:
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
    start = f", begun with {spread.begins_with}" if spread.begins_with else ""
    return Table(
        f"{counted(len(spread.seeds), 'seed')}, {counted(spread.epochs, 'epoch')} each{start}",
        ("Seed", "Accuracy", "Macro-F1", "Time"),
        (
            *(
                (str(seed), percent(accuracy), percent(f1), duration(seconds))
                for seed, accuracy, f1, seconds in rows
            ),
            ("between the best and the worst", f"{100 * (high - low):.1f} points", "", ""),
        ),
        SEEDS_FROM_WEIGHTS if spread.begins_with else SEEDS,
    )
