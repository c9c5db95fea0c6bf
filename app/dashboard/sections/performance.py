"""The sections about a model's accuracy, mistakes and cost. Does not use Streamlit.

Every figure is from the report or computed from its counts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from app.core.models.head_text import head_name
from app.core.report.elements import Fact, Facts, Note, Part, Table
from app.core.report.evaluation import HEADLINES, TRUTH_OF
from app.core.report.text import (
    SPLITS_EXPLAINED,
    SplitEvaluation,
    byte_size,
    duration,
    interval,
    percent,
    short_count,
    split_evaluations,
    training_time,
)
from app.core.text import counted
from fer.evaluation.measurements import SeedVariance
from fer.evaluation.metrics import Evaluation
from fer.evaluation.report import Report
from fer.labels import EXPRESSION_HEAD

DUPLICATES = (
    "“Without duplicates” leaves out the pictures that also occur in train. It did not learn from "
    "those copies, but they are easier ones."
)
VIEWS = "Each face is read ten times, slightly moved and mirrored; the app does not do this. "
SEEDS = "The same short training with other random numbers: differences this small say nothing."
SEEDS_FROM_WEIGHTS = (
    "A short training from the same weights with other random numbers: differences this small say "
    "nothing. Whole trainings differ more."
)


def overview(report: Report, chosen: SplitEvaluation) -> list[Part]:
    """Return the headline figures of a model, its cost, and what was measured beside."""
    facts = [headline.fact(chosen.evaluation) for headline in HEADLINES]
    shown = report.selective_of(chosen.split, chosen.head)
    if shown and shown.truth == "people":
        error = f"{percent(shown.calibration_error)} by what most people say"
        facts = [replace(f, note=error) if f.label == "Calibration error" else f for f in facts]
    quality = Facts(facts, chosen.name, f"Compared with {TRUTH_OF[chosen.head]}.")
    parts: list[Part] = [quality, _cost(report), splits_table(report), Note(SPLITS_EXPLAINED)]
    if report.tta:
        figures, name = report.tta.evaluation, report.tta.name
        accuracy = f"{report.tta.description.capitalize()}."
        facts = [
            Fact(f"Accuracy, {name}", percent(figures.accuracy), accuracy, interval(figures)),
            Fact(f"Macro-F1, {name}", percent(figures.macro_f1), "Measured in the same way."),
        ]
        title = f"Reading each face several times, {head_name(EXPRESSION_HEAD)} head"
        parts.append(Facts(facts, title, f"{VIEWS}Validation faces."))
    else:
        parts.append(Note("Ten views and robustness were not measured (--quick)."))
    return [*parts, *([_seeds(report.seed_variance)] if report.seed_variance else [])]


def _cost(report: Report) -> Facts:
    time, note = training_time(report)
    network = next((f for n, f in report.files.items() if n.endswith(".tflite")), None)
    latency = (
        "Median time of the network for one face that was found already, on one thread of "
        f"{report.machine}."
    )
    training = f"On {report.machine}. See the section “Training”."
    return Facts(
        (
            Fact("Parameters", short_count(report.parameters), f"{report.parameters:,} weights."),
            Fact(
                "Network file", byte_size(network.bytes) if network else "–", "The file that runs."
            ),
            Fact("Time for a face", f"{report.latency_ms:.1f} ms", latency),
            Fact("Training time", time, training, note),
        )
    )


def splits_table(report: Report, title: str = "Every head and split") -> Table:
    """Return a table with the headline figures of every evaluation, a column for each."""
    evaluations = split_evaluations(report)
    rows: list[tuple[str, Callable[[Evaluation], str]]]
    rows = [(headline.name, headline.of) for headline in HEADLINES]
    rows[1:1] = [("95% interval", interval)]
    rows = [("Faces", lambda e: f"{e.count:,}"), *rows]
    return Table(
        title,
        ("Figure", *(m.name for m in evaluations)),
        tuple((name, *(text(m.evaluation) for m in evaluations)) for name, text in rows),
        DUPLICATES,
    )


def _seeds(runs: SeedVariance) -> Table:
    rows = zip(runs.seeds, runs.accuracies, runs.macro_f1s, runs.training_seconds, strict=True)
    low, high = min(runs.accuracies), max(runs.accuracies)
    start = f", starting from {runs.initial_model}" if runs.initial_model else ""
    return Table(
        f"{counted(len(runs.seeds), 'seed')}, {counted(runs.epochs, 'epoch')} each{start}, "
        f"{head_name(EXPRESSION_HEAD)} head",
        ("Seed", "Accuracy", "Macro-F1", "Time"),
        (
            *((str(seed), percent(right), percent(f1), duration(s)) for seed, right, f1, s in rows),
            ("between the best and the worst", f"{100 * (high - low):.1f} points", "", ""),
        ),
        SEEDS_FROM_WEIGHTS if runs.initial_model else SEEDS,
    )
