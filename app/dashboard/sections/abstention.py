"""Parts about abstention, test-time augmentation and seed variance.

Does not use Streamlit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from app.common.head_text import head_name
from app.common.text import counted
from app.dashboard.charts.risk import risk_chart
from app.dashboard.elements import Chart, Fact, Facts, Note, Part, Row, Table
from app.dashboard.text import duration, interval, percent
from fer.evaluation.measurements import TRUTHS, SeedVariance, Selective
from fer.evaluation.report import Report
from fer.labels import EXPRESSION_HEAD

UNCERTAIN = (
    "The answer is “uncertain” below a lowest confidence, or where the two likeliest expressions "
    "are close. That limit is as low as it can be while four of five answers are right, and for "
    "each expression so high that at about this confidence at least 55 of 100 such answers are."
)

CROSS_FITTED = (
    "Right, on other faces: each fifth of the faces is answered with limits that were chosen on "
    "the other four fifths. The calibration error is over all faces, uncertain or not."
)

CHOSEN_HERE = "The limits were chosen on these same faces."

VIEWS = "Each face is read ten times, slightly moved and mirrored; the app does not do this. "

SEEDS = "The same short training with other random numbers: differences this small say nothing."

SEEDS_FROM_WEIGHTS = (
    "A short training from the same weights with other random numbers: differences this small say "
    "nothing. Whole trainings differ more."
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
        "How many answers are right if only the most confident faces are answered. The marks are "
        "where it answers now.",
        f"Dotted line: the goal, {target} right.",
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
    figures: tuple[tuple[str, Callable[[Selective], str]], ...] = (
        ("Lowest confidence", lambda m: percent(m.threshold) if m.threshold else "none"),
        ("Least lead over the second", lambda m: percent(m.margin) if m.margin else "none"),
        ("Faces", lambda m: f"{m.count:,}"),
        ("Answered", lambda m: percent(m.coverage)),
        ("Right", _right),
        ("Answered, on other faces", lambda m: percent(m.cross_fitted_coverage)),
        ("Right, on other faces", lambda m: percent(m.cross_fitted_accuracy)),
        ("Calibration error", lambda m: percent(m.calibration_error)),
    )
    expressions = dict.fromkeys(label for m in measurements for label in m.floors)
    return Table(
        "When it answers",
        ("Figure", *map(_name, measurements)),
        (
            *((name, *map(text, measurements)) for name, text in figures),
            *(
                (f"Lowest for {label}", *(_floor(m, label) for m in measurements))
                for label in expressions
            ),
        ),
        f"{CHOSEN_HERE} {CROSS_FITTED}" if measurements[0].split == "validation" else CROSS_FITTED,
    )


def _floor(measured: Selective, label: str) -> str:
    if (floor := measured.floors.get(label)) is None:
        return "–"
    return "none is enough" if floor == 1 else percent(max(floor, measured.threshold))


def _name(measured: Selective) -> str:
    return f"{head_name(measured.head)}, {'poor' if measured.degraded else 'plain'}"


def _pictures(measured: Selective) -> str:
    return f"made poor: {', '.join(measured.corruptions)}" if measured.degraded else "as they are"


def _right(measured: Selective) -> str:
    return percent(measured.accuracy) if measured.coverage else "–"


def tta_and_seeds(report: Report) -> list[Part | Row]:
    """Return test-time augmentation and seed variance, both on the validation split."""
    seeds: list[Part | Row] = [_seeds(report.seed_variance)] if report.seed_variance else []
    if not report.tta:
        return [Note("Ten views and robustness were not measured (--quick)."), *seeds]
    figures = report.tta.evaluation
    facts = Facts(
        (
            Fact(
                f"Accuracy, {report.tta.name}",
                percent(figures.accuracy),
                f"{report.tta.description.capitalize()}.",
                interval(figures),
            ),
            Fact(
                f"Macro-F1, {report.tta.name}",
                percent(figures.macro_f1),
                "Measured in the same way.",
            ),
        ),
        f"Reading each face several times, {head_name(EXPRESSION_HEAD)} head",
        f"{VIEWS}Validation faces.",
    )
    return [facts, *seeds]


def _seeds(runs: SeedVariance) -> Table:
    rows = zip(runs.seeds, runs.accuracies, runs.macro_f1s, runs.training_seconds, strict=True)
    low, high = min(runs.accuracies), max(runs.accuracies)
    start = f", starting from {runs.initial_model}" if runs.initial_model else ""
    return Table(
        f"{counted(len(runs.seeds), 'seed')}, {counted(runs.epochs, 'epoch')} each{start}, "
        f"{head_name(EXPRESSION_HEAD)} head",
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
