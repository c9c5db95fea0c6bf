"""Parts about abstention, test-time augmentation and seed variance.

Does not use Streamlit.
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
    "Below its threshold, or where the two likeliest expressions are close, the answer is "
    "“uncertain”. The threshold is as low as possible while the promised share of answers is right."
)

CHOSEN_HERE = "The thresholds were chosen on these same faces."

CROSS_FITTED = (
    "Cross-fitted: each fifth of the faces is answered with a threshold that was chosen on the "
    "other four fifths. The calibration error is over all faces, answered or uncertain."
)

VIEWS = "The mean over several views of each face: slower, and not used by the app. "

SEEDS = (
    "The same short training with different random numbers. Two models whose figures differ no "
    "more than these runs may be equally good."
)

SEEDS_FROM_WEIGHTS = (
    "Short runs from the same weights with different random numbers. They show only the chance in "
    "this last step: whole trainings differ more, and the chance in the choice of faces is in the "
    "95% interval."
)


def abstention(measurements: Sequence[Selective], heads: dict[str, str]) -> list[Part | Row]:
    """Return the effect of the thresholds, and the risk-coverage curves.

    Args:
        measurements: measurements on one split.
        heads: meaning of each head, by name.
    """
    if not measurements:
        return []
    target = f"{measurements[0].target:.0%}"
    alt = "; ".join(
        f"{_name(m)}: {_right(m)} of the answers right at {percent(m.coverage)} answered"
        for m in measurements
    )
    chart = Chart(
        "risk",
        "Fewer answers, more of them right",
        risk_chart(measurements),
        f"Risk-coverage curves. {alt}.",
        "How many answers are right if only the most confident share of the faces is answered. "
        "The marks are the thresholds.",
        f"Dotted line: {target} right, which the thresholds are chosen for.",
    )
    return [_facts(measurements, heads), Row((chart, _table(measurements)))]


def _facts(measurements: Sequence[Selective], heads: dict[str, str]) -> Facts:
    return Facts(
        tuple(
            Fact(
                _name(m),
                percent(m.coverage),
                f"{heads.get(m.head, '')} Pictures {_pictures(m)}. Right means: {TRUTHS[m.truth]}.",
                f"{_right(m)} right",
            )
            for m in measurements
        ),
        "How often it answers on plain and on poor pictures",
        UNCERTAIN,
    )


def _table(measurements: Sequence[Selective]) -> Table:
    return Table(
        "The thresholds",
        (
            "Head and pictures",
            "Lowest confidence",
            "Answered",
            "Right",
            "Calibration error",
            "Cross-fitted",
        ),
        tuple(
            (
                _name(m),
                percent(m.threshold) if m.threshold else "none",
                f"{percent(m.coverage)} of {m.count:,}",
                _right(m),
                percent(m.calibration_error),
                f"{percent(m.cross_fitted_accuracy)} of {percent(m.cross_fitted_coverage)}",
            )
            for m in measurements
        ),
        f"{CHOSEN_HERE} {CROSS_FITTED}" if measurements[0].split == "validation" else CROSS_FITTED,
    )


def _name(measured: Selective) -> str:
    return f"{head_name(measured.head)}, {'poor' if measured.degraded else 'plain'}"


def _pictures(measured: Selective) -> str:
    return f"made poor: {', '.join(measured.corruptions)}" if measured.degraded else "as they are"


def _right(measured: Selective) -> str:
    return percent(measured.accuracy) if measured.coverage else "–"


def tta_and_seeds(report: Report) -> list[Part | Row]:
    """Return test-time augmentation and seed variance, both on the validation split."""
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
                f"Macro-F1 with {report.tta.name}, as for the accuracy.",
            ),
        ),
        "Test-time augmentation",
        f"On the validation split. {VIEWS}",
    )
    return [facts, *([_seeds(report.seed_variance)] if report.seed_variance else [])]


def _seeds(runs: SeedVariance) -> Table:
    rows = zip(runs.seeds, runs.accuracies, runs.macro_f1s, runs.training_seconds, strict=True)
    low, high = min(runs.accuracies), max(runs.accuracies)
    start = f", starting from {runs.initial_model}" if runs.initial_model else ""
    return Table(
        f"{counted(len(runs.seeds), 'seed')}, {counted(runs.epochs, 'epoch')} each{start}",
        ("Seed", "Accuracy", "Macro-F1", "Time"),
        (
            *(
                (str(seed), percent(accuracy), percent(f1), duration(seconds))
                for seed, accuracy, f1, seconds in rows
            ),
            ("between the best and the worst", f"{100 * (high - low):.1f} points", "", ""),
        ),
        SEEDS_FROM_WEIGHTS if runs.initial_model else SEEDS,
    )
