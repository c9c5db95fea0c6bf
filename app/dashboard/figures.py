"""The sections about what was measured, and how sure the model is. No Streamlit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from app.core.models.head_text import head_name
from app.core.report.elements import Chart, Fact, Facts, Note, Part, Row, Table
from app.core.report.evaluation import (
    ANSWERED,
    CALIBRATION,
    HEADLINES,
    INTERVAL,
    LOG_LOSS,
    RELIABILITY,
    TRUTH_OF,
    reliability,
)
from app.core.report.text import (
    SPLITS_EXPLAINED,
    VOTES,
    SplitEvaluation,
    byte_size,
    duration,
    face_count,
    interval,
    percent,
    percentage_points,
    share_range,
    short_count,
    split_evaluations,
    training_time,
    truth_in_short,
)
from app.core.text import counted
from app.dashboard import charts
from app.dashboard.models import OpenedModel
from fer.evaluation.measurements import TRUTHS, SeedVariance, Selective, VoteRule
from fer.evaluation.metrics import Evaluation, share_interval
from fer.evaluation.report import Report
from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD

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


#: How often people agree with the labels of FER2013, of 100 faces; see models/README.md.
_PEOPLE_AGREE = 65

#: What it is worth to be right on faces of some kind.
_WORTH = {
    "test": "on which nothing was chosen",
    "validation": "that it did not learn from",
    "other": "that it did not learn from",
}


def verdict(chosen: SplitEvaluation, name: str, kind: str) -> list[Part]:
    """Return in a sentence how good a head is on some faces, and what to beware of.

    Of ``test``, ``validation`` and ``other`` faces; those of another kind get no sentence.
    """
    if kind not in _WORTH:
        return []
    found, by_people = chosen.evaluation, chosen.head == FERPLUS_HEAD
    with_whom = "what most of ten people called them" if by_people else "their labels"
    said = (
        f"On {face_count(found.count)} {_WORTH[kind]} it agrees with {with_whom} "
        f"{100 * found.accuracy:.0f} times in 100"
    )
    if name.startswith("FER2013") and not by_people:
        said += f"; people agree with these labels about {_PEOPLE_AGREE} times"
    parts: list[Part] = [Note(f"{said}.", leads=True)]
    if kind == "validation":
        parts.append(
            Note("Settings were chosen on these faces, so expect a little less on new ones.")
        )
    return parts


def headlines(
    report: Report, chosen: SplitEvaluation, name: str, answered: tuple[float, float] | None
) -> list[Part]:
    """Return the five figures of a model that matter most, on faces with a plain name.

    `answered` is the share of the faces that get an answer, and of these that are right; None if it
    was not measured.
    """
    facts = [h.fact(chosen.evaluation) for h in HEADLINES if h.name in _HEADLINES]
    shown = report.selective_of(chosen.split, chosen.head) if chosen.duplicates else None
    notes: list[Part] = []
    count = chosen.evaluation.count
    right_by = "right"
    meaning = ANSWERED
    if shown:
        answered = (shown.coverage, shown.accuracy)
        count = shown.count
        truth = truth_in_short(report, shown)
        if truth == VOTES and chosen.head != FERPLUS_HEAD:
            right_by = VOTES
            meaning = f"{ANSWERED} Right means here: {TRUTH_OF[FERPLUS_HEAD]}."
            error = f"{100 * shown.calibration_error:.1f} percentage points"
            notes = [Note(f"From what most of ten people said, its confidence differs by {error}.")]
    if answered and answered[0]:
        share, right = answered
        between = share_range(*share_interval(right, round(share * count)))
        facts.append(Fact("Answered", percent(share), meaning, f"{between} {right_by}"))
    facts.append(_latency(report))
    meaning = f"Compared with {TRUTH_OF[chosen.head]}."
    return [Facts(facts, chosen.titled(name), meaning), *notes]


_HEADLINES = ("Accuracy", "Macro-F1", "Calibration error")


def all_figures(report: Report, chosen: SplitEvaluation | None) -> list[Part]:
    """Return all headline figures of a model, its cost, and what was measured beside."""
    parts: list[Part] = []
    if chosen:
        facts = [headline.fact(chosen.evaluation) for headline in HEADLINES]
        parts = [Facts(facts, chosen.name, f"Compared with {TRUTH_OF[chosen.head]}.")]
    parts += [_cost(report), _splits_table(report), Note(SPLITS_EXPLAINED)]
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


def _latency(report: Report) -> Fact:
    meaning = (
        "Median time of the network for one face that was found already, on one thread of "
        f"{report.machine}."
    )
    return Fact("Time for a face", f"{report.latency_ms:.1f} ms", meaning)


def _cost(report: Report) -> Facts:
    time, note = training_time(report)
    network = next((f for n, f in report.files.items() if n.endswith(".tflite")), None)
    training = f"On {report.machine}. See the section “Training”."
    return Facts(
        (
            Fact("Parameters", short_count(report.parameters), f"{report.parameters:,} weights."),
            Fact(
                "Network file", byte_size(network.bytes) if network else "–", "The file that runs."
            ),
            _latency(report),
            Fact("Training time", time, training, note),
        )
    )


def _splits_table(report: Report) -> Table:
    evaluations = split_evaluations(report)
    rows: list[tuple[str, Callable[[Evaluation], str]]]
    rows = [(headline.name, headline.of) for headline in HEADLINES]
    rows[1:1] = [("95% interval", interval)]
    rows = [("Faces", lambda e: f"{e.count:,}"), *rows]
    return Table(
        "Every head and split",
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


#: The evaluation without temperature: split, whether duplicates are included, and head.
BEFORE = ("validation", True, EXPRESSION_HEAD)

TEMPERATURE = (
    "One number that makes all answers less confident (above 1) or more (below 1), so that "
    "confidence and accuracy agree. The answers stay the same."
)

CHOSEN_ON = (
    "Before and after: without and with the temperature, which was chosen on these faces. "
    "Cross-fitted is what to expect on others: each fifth of the faces is measured with the "
    "temperature of the other four fifths."
)


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

FERPLUS = (
    "Ten people named the expression of every validation face (FER+). How often each head says "
    "what they said, where they agreed."
)

#: How the ten people agreed, by rule; `fer.evaluation.measurements.VOTE_RULES` in short.
AGREED: dict[VoteRule, str] = {
    "majority": "more than half of them chose one of the seven expressions",
    "plurality": "one of the seven expressions has most votes",
}


def confidence(model: OpenedModel, chosen: SplitEvaluation) -> list[Part]:
    """Return the model's calibration and abstention, as one of its evaluations shows them."""
    report, temperature = model.report, model.temperature(chosen.head)
    measured = (chosen.split, chosen.duplicates, chosen.head)
    before = report.before_temperature if measured == BEFORE else None
    error, loss = percent(chosen.evaluation.calibration_error), f"{chosen.evaluation.log_loss:.3f}"
    facts = [
        Fact("Error after" if before else "Calibration error", error, CALIBRATION),
        Fact("Log loss after" if before else "Log loss", loss, LOG_LOSS),
    ]
    if temperature is not None:
        facts.append(Fact("Temperature", f"{temperature:.3f}", TEMPERATURE))
    if before:
        facts.insert(0, Fact("Error before", percent(before.calibration_error), CALIBRATION))
        cross_fitted = percent(report.cross_fitted_calibration_error)
        facts.insert(2, Fact("Error, cross-fitted", cross_fitted, CALIBRATION))
        facts.insert(3, Fact("Log loss before", f"{before.log_loss:.3f}", LOG_LOSS))
    title = chosen.titled(RELIABILITY)
    compared = f"Compared with {TRUTH_OF[chosen.head]}."
    parts: list[Part] = [
        Facts(facts, chosen.name, compared),
        reliability(chosen.evaluation, before, title),
    ]
    parts += [Note(CHOSEN_ON)] if before else []
    if chosen.duplicates:
        on_split = [s for s in report.selective if s.split == chosen.split]
        parts += _abstention(report, on_split, model.heads)
    return parts


def _abstention(
    report: Report, measurements: Sequence[Selective], heads: Mapping[str, str]
) -> list[Part]:
    if not measurements:
        return []

    def fact(m: Selective) -> Fact:
        pictures = f"made poor: {', '.join(m.corruptions)}" if m.degraded else "as they are"
        meaning = f"{heads.get(m.head, '')} Pictures {pictures}. Right means: {TRUTHS[m.truth]}."
        return Fact(_name(m), percent(m.coverage), meaning, f"{_right(m)} right")

    truths = dict.fromkeys(
        f"{head_name(m.head)} head {truth_in_short(report, m)}" for m in measurements
    )
    alt = "; ".join(
        f"{_name(m)}: {_right(m)} of the answers right at {percent(m.coverage)} answered"
        for m in measurements
    )
    chart = Chart(
        "risk",
        "Fewer answers, more of them right",
        charts.risk_chart(measurements),
        f"Risk-coverage curves. {alt}.",
        "How many answers are right if only the most confident faces are answered. The marks are "
        "where it answers now.",
        f"Dotted line: the goal, {measurements[0].target:.0%} right. What right means differs: "
        f"{', '.join(truths)}.",
    )
    title = "How often it answers on plain and on poor pictures"
    table = _thresholds(measurements)
    return [Facts([fact(m) for m in measurements], title, UNCERTAIN), Row((chart, table))]


def _name(measured: Selective) -> str:
    return f"{head_name(measured.head)}, {'poor' if measured.degraded else 'plain'}"


def _right(measured: Selective) -> str:
    return percent(measured.accuracy) if measured.coverage else "–"


def _thresholds(measurements: Sequence[Selective]) -> Table:
    def floor(measured: Selective, label: str) -> str:
        if (least := measured.floors.get(label)) is None:
            return "–"
        return "none is enough" if least == 1 else percent(max(least, measured.threshold))

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
    floors = ((f"Lowest for {e}", *(floor(m, e) for m in measurements)) for e in expressions)
    return Table(
        "When it answers",
        ("Figure", *map(_name, measurements)),
        (*((title, *map(text, measurements)) for title, text in figures), *floors),
        f"{CHOSEN_HERE} {CROSS_FITTED}" if measurements[0].split == "validation" else CROSS_FITTED,
    )


def robustness(model: OpenedModel) -> list[Part]:
    """Return the accuracy on corrupted images and the agreement with FER+'s voters."""
    parts: list[Part] = []
    report = model.report
    uncorrupted = report.evaluations.get("validation")
    if uncorrupted and report.robustness:
        parts.append(_corrupted(report, uncorrupted))
    elif not report.tta:
        parts.append(Note("Worse pictures were not measured (--quick)."))
    agreements = report.ferplus_agreement
    for rule, count in dict.fromkeys((one.rule, one.count) for one in agreements):
        facts = [
            Fact(
                f"{head_name(one.head)} head",
                percent(one.accuracy),
                f"{model.heads.get(one.head, '')} {INTERVAL}",
                share_range(one.accuracy_low, one.accuracy_high),
            )
            for one in agreements
            if (one.rule, one.count) == (rule, count)
        ]
        title = f"As ten people said: {count:,} faces on which {AGREED[rule]}"
        parts.append(Facts(facts, title, FERPLUS))
    return parts or [Note("Nothing was measured here.")]


def _corrupted(report: Report, uncorrupted: Evaluation) -> Row:
    plain = percent(uncorrupted.accuracy)
    rows = [
        (
            variant.name,
            variant.description,
            percent(variant.evaluation.accuracy),
            percentage_points(variant.evaluation.accuracy - uncorrupted.accuracy),
        )
        for variant in report.robustness
    ]
    each = "; ".join(f"{name} {accuracy}" for name, _, accuracy, _ in rows)
    chart = Chart(
        "robustness",
        f"Worse pictures, {head_name(EXPRESSION_HEAD)} head",
        charts.robustness_chart(uncorrupted, report.robustness),
        f"Accuracy {plain} as they are; {each}.",
        "Accuracy on validation with every picture made worse in this way, with its 95% interval "
        "and the change in percentage points.",
    )
    table = Table(
        "What was done to each picture",
        ("Corruption", "What", "Accuracy", "Change"),
        (("as they are", "nothing", plain, "–"), *rows),
        "Change: in percentage points, compared with the unchanged pictures.",
        text_columns=("What",),
    )
    return Row((chart, table))
