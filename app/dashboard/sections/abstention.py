"""When a model answers and when it says "uncertain", and how much is chance → sections.

No streamlit in here.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.common.text import counted
from app.dashboard.charts.risk import risk_chart
from app.dashboard.elements import Chart, Fact, Facts, Part, Row, Table
from app.dashboard.text import duration, head_name, interval, percent
from fer.evaluation.measurements import TRUTHS, SeedVariance, Selective
from fer.evaluation.report import Report

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
        heads: what each head says, by name.
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
                f"{heads.get(s.head, '')} Pictures {_pictures(s)}. Right means: {TRUTHS[s.truth]}.",
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
            "Head and pictures",
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
    return f"{head_name(made.head)}, {'poor' if made.degraded else 'plain'}"


def _pictures(made: Selective) -> str:
    return f"made poor: {', '.join(made.corruptions)}" if made.degraded else "as they are"


def _right(made: Selective) -> str:
    return percent(made.accuracy) if made.coverage else "–"


def tta_and_seeds(report: Report) -> list[Part | Row]:
    """Return what else was measured on the validation split: other views, other seeds."""
    figures = report.tta.evaluation
    facts = Facts(
        (
            Fact(
                f"Accuracy, {report.tta.name}",
                percent(figures.accuracy),
                f"{VIEWS}Here: {report.tta.description}.",
                interval(figures),
            ),
            Fact(
                f"Macro-F1, {report.tta.name}",
                percent(figures.macro_f1),
                f"Macro-F1 by {report.tta.name}, as for the accuracy beside it.",
            ),
        ),
        "Test-time augmentation",
        f"On the validation split. {VIEWS}",
    )
    return [facts, *([_seeds(report.seed_variance)] if report.seed_variance else [])]


def _seeds(found: SeedVariance) -> Table:
    rows = zip(found.seeds, found.accuracies, found.macro_f1s, found.training_seconds, strict=True)
    low, high = min(found.accuracies), max(found.accuracies)
    start = f", begun with {found.initial_model}" if found.initial_model else ""
    return Table(
        f"{counted(len(found.seeds), 'seed')}, {counted(found.epochs, 'epoch')} each{start}",
        ("Seed", "Accuracy", "Macro-F1", "Time"),
        (
            *(
                (str(seed), percent(accuracy), percent(f1), duration(seconds))
                for seed, accuracy, f1, seconds in rows
            ),
            ("between the best and the worst", f"{100 * (high - low):.1f} points", "", ""),
        ),
        SEEDS_FROM_WEIGHTS if found.initial_model else SEEDS,
    )
