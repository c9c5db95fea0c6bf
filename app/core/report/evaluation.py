"""What is said of an evaluation, of labelled faces, and of fine-tuning. No Streamlit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from app.core.models.head_text import head_name
from app.core.report import charts
from app.core.report.charts import BY_ROW, confusion_chart
from app.core.report.elements import Chart, Fact, Facts, Note, Part, Row, Table
from app.core.report.text import (
    SplitEvaluation,
    doubt,
    duration,
    face_count,
    interval,
    percent,
    percentage_points,
    share_range,
)
from app.core.text import counted
from fer.evaluation.metrics import (
    Evaluation,
    LabelledEvaluation,
    calibration_interval,
    macro_f1_interval,
    share_interval,
)
from fer.evaluation.other_data import PhotoSearch
from fer.evaluation.report import CALIBRATIONS, Adaptation, Change
from fer.labels import BALANCED_HEAD, EXPRESSION_HEAD, FERPLUS_HEAD

INTERVAL = (
    "95% interval (Wilson): 19 of 20 such intervals contain the accuracy on all faces like these."
)

ACCURACY = f"How many of 100 faces get the label that the data set gives them. {INTERVAL}"

BOOTSTRAP = "95% interval by drawing the faces anew 2,000 times."

MACRO_F1 = (
    "F1 is high where it finds most faces of an expression and is seldom wrong about it. This is "
    f"the mean over all expressions, rare ones counting the same. {BOOTSTRAP}"
)

BALANCED = "How many faces of an expression it finds, as the mean over all expressions."

TOP2 = "How often the label is among the first two answers."

CALIBRATION = (
    "How far confidence and accuracy differ on average: of all answers with 80% confidence, 80% "
    f"should be right. Expected calibration error, 15 bins. Lower is better. {BOOTSTRAP}"
)

LOG_LOSS = "How little probability it gave the true label: the mean of −log. Lower is better."

#: What the answers of a head are compared with.
TRUTH_OF = {
    EXPRESSION_HEAD: "the data set's labels",
    BALANCED_HEAD: "the data set's labels",
    FERPLUS_HEAD: "what most of ten people called the face (FER+)",
}


@dataclass(frozen=True)
class Headline:
    """A figure of every evaluation: its name, its value and what it means."""

    name: str
    value: Callable[[Evaluation], float]
    meaning: str
    text: Callable[[float], str] = percent
    interval: Callable[[Evaluation], tuple[float, float] | None] = lambda _: None
    lower_is_better: bool = False

    def of(self, evaluation: Evaluation) -> str:
        """Return its value as text."""
        return self.text(self.value(evaluation))

    def fact(self, evaluation: Evaluation) -> Fact:
        """Return it as a fact, with its 95 % interval if it has one."""
        between = self.interval(evaluation)
        note = share_range(*between) if between else ""
        return Fact(self.name, self.of(evaluation), self.meaning, note)


HEADLINES = (
    Headline(
        "Accuracy",
        lambda e: e.accuracy,
        ACCURACY,
        interval=lambda e: (e.accuracy_low, e.accuracy_high),
    ),
    Headline("Macro-F1", lambda e: e.macro_f1, MACRO_F1, interval=macro_f1_interval),
    Headline("Balanced accuracy", lambda e: e.balanced_accuracy, BALANCED),
    Headline("Top-2 accuracy", lambda e: e.top2_accuracy, TOP2),
    Headline(
        "Calibration error",
        lambda e: e.calibration_error,
        CALIBRATION,
        interval=calibration_interval,
        lower_is_better=True,
    ),
    Headline("Log loss", lambda e: e.log_loss, LOG_LOSS, "{:.3f}".format, lower_is_better=True),
)

_SCORES = (
    "Precision: of all faces that it gives this answer, how many have this label. "
    "Recall: of all faces with this label, how many it finds. F1: both in one figure."
)


def per_class(chosen: SplitEvaluation) -> Chart:
    """Return precision, recall and F1 of each expression as a chart."""
    classes = chosen.evaluation.classes
    each = "; ".join(
        f"{c.label} precision {percent(c.precision)}, recall {percent(c.recall)}, "
        f"F1 {percent(c.f1)}"
        for c in classes
    )
    return Chart(
        "classes",
        chosen.titled("Each expression"),
        charts.per_class_chart(classes),
        f"Precision, recall and F1 of each expression: {each}.",
        _SCORES,
        "○ precision  ● recall  | F1",
    )


def classification_report(chosen: SplitEvaluation) -> Table:
    """Return precision, recall, F1 and support of each expression, with both averages."""
    classes = chosen.evaluation.classes
    support = np.array([c.support for c in classes])
    scores = np.array([(c.precision, c.recall, c.f1) for c in classes])
    rows = [(c.label, *one, c.support) for c, one in zip(classes, scores, strict=True)]
    for name, weights in (("macro average", support > 0), ("weighted average", support)):
        rows.append((name, *np.average(scores, axis=0, weights=weights), support.sum()))
    return Table(
        chosen.titled("Classification report"),
        ("Expression", "Precision", "Recall", "F1", "Support"),
        tuple((name, *map(percent, scores), f"{count:,}") for name, *scores, count in rows),
        f"{_SCORES} Support: how many faces have this label. The macro average counts every "
        "expression the same, the weighted one every face.",
    )


def confusion(chosen: SplitEvaluation) -> Chart:
    """Return the confusion matrix as a chart, in shares of each row."""
    return Chart(
        "confusion",
        chosen.titled("Confusion matrix"),
        confusion_chart(chosen.evaluation, BY_ROW),
        f"Confusion matrix of {chosen.evaluation.count:,} faces; rows are labels, columns answers.",
        "Right answers are on the diagonal. Shares are of each row.",
        f"Rows: {TRUTH_OF.get(chosen.head, 'the truth')}. Columns: the model's answers.",
        width=520,
    )


def confusion_counts(chosen: SplitEvaluation) -> Table:
    """Return the counts of the confusion matrix as a table."""
    names = [c.label for c in chosen.evaluation.classes]
    return Table(
        "Confusion matrix in counts",
        ("labelled ↓ called →", *names),
        tuple(
            (name, *(f"{count:,}" for count in row))
            for name, row in zip(names, chosen.evaluation.confusion, strict=True)
        ),
    )


RELIABILITY = "Reliability diagram"


def reliability(
    evaluation: Evaluation, before: Evaluation | None = None, title: str = RELIABILITY
) -> Row:
    """Return the reliability diagram of an evaluation, and its bins.

    `before` has the same figures without temperature, if they were measured.
    """
    meaning = "Answers grouped by confidence: their mean confidence, and how many were right."
    alt = f"Reliability diagram: calibration error {percent(evaluation.calibration_error)}"
    if before:
        meaning += " Before and after: without and with the temperature."
        alt += f", {percent(before.calibration_error)} before the temperature"
    chart = Chart(
        "reliability",
        title,
        charts.reliability_chart(evaluation, before),
        f"{alt}.",
        meaning,
        "On the dotted line it is right as often as it is confident; below the line it is "
        "overconfident.",
    )
    bins = Table(
        "Answers by confidence",
        ("Confidence", "Answers", "Mean confidence", "Right"),
        tuple(
            (share_range(b.low, b.high), f"{b.count:,}", percent(b.confidence), percent(b.accuracy))
            for b in evaluation.calibration
        ),
        "The bins of the diagram; those without an answer are left out.",
    )
    return Row((chart, bins))


#: The accuracy with photographs in which no face was found as mistakes.
OF_ALL = "Right, counting missed faces"

#: The two ways to measure, as a visitor chooses between them.
AS_ANSWERED, RESTRICTED = "As it answers", "Shared classes only"

ANSWERED = (
    "Of how many faces it gives an answer and does not say “uncertain”, at the limits that it has "
    "everywhere in this app."
)


def search_facts(search: PhotoSearch) -> Facts:
    """Return how many faces were found, and the accuracy with the others as misses."""
    facts = [
        Fact(
            "Face found",
            percent(search.found / search.images),
            f"Found by {search.detector or 'the detector of this app'}.",
            f"{search.found:,} of {search.images:,}",
        )
    ]
    of_all = (OF_ALL, search.accuracy), ("The same, restricted", search.restricted_accuracy)
    facts += [
        Fact(
            name,
            percent(share),
            "Photographs without a face that is found count as wrong.",
            _interval(share, search.images),
        )
        for name, share in of_all
        if share is not None
    ]
    return Facts(tuple(facts))


def share_of(share: float | None, count: int) -> str:
    """Return a share of so many with its interval; a dash if it is not known."""
    return "–" if share is None else f"{percent(share)} ({_interval(share, count)})"


def _interval(share: float, count: int) -> str:
    return share_range(*share_interval(share, count))


def ways(evaluation: LabelledEvaluation) -> dict[str, Evaluation]:
    """Return the metrics by the way to measure; one way where both are the same."""
    found = {AS_ANSWERED: evaluation.as_answered}
    if evaluation.missing and evaluation.restricted:
        found[RESTRICTED] = evaluation.restricted
    return found


def labelled_facts(evaluation: LabelledEvaluation, way: str, *, calibration: bool = True) -> Facts:
    """Return the headline figures of a way to measure; `calibration` takes many faces."""
    names = ["Accuracy", "Macro-F1", "Balanced accuracy"]
    names += ["Calibration error"] if calibration else []
    facts = [one.fact(ways(evaluation)[way]) for one in HEADLINES if one.name in names]
    if way == AS_ANSWERED:
        right = f"{percent(evaluation.answered_accuracy)} right" if evaluation.answered else ""
        facts.append(Fact("Answered", percent(evaluation.answered), ANSWERED, right))
    return Facts(facts)


def overlap_notes(evaluation: LabelledEvaluation) -> list[Note]:
    """Say which classes the data lack, and which faces were left out."""
    notes = []
    if evaluation.missing:
        names = ", ".join(evaluation.missing)
        notes.append(
            f"There is no face of {names} here. As it answers, it may still say so, and is then "
            "wrong. With the shared classes only, it may not."
        )
    if evaluation.missing and evaluation.restricted is None:
        notes.append("All faces have one label, so it could not be told from others.")
    if evaluation.left_out:
        counts = ", ".join(
            f"{counted(count, 'face')} of {name}" for name, count in evaluation.left_out.items()
        )
        notes.append(f"Left out, since this head does not know the class: {counts}.")
    return [Note(text) for text in notes]


def labelled_tables(evaluation: LabelledEvaluation, way: str) -> list[Part]:
    """Return the confusion matrix and the figures of each class; no split or head is named."""
    figures = ways(evaluation)[way]
    present = tuple(c for c in figures.classes if c.support)
    chosen, by_class = (
        SplitEvaluation("", True, one, head="")
        for one in (figures, figures.model_copy(update={"classes": present}))
    )
    return [
        Row((confusion(chosen), confusion_counts(chosen))),
        Row((per_class(by_class), classification_report(by_class))),
    ]


def adaptation(taught: Adaptation) -> list[Part]:
    """Return before and after, on one's own faces and on those of before."""
    own = taught.own_changes[0]
    facts = [
        Fact(name, percent(one.accuracy), ACCURACY, interval(one))
        for name, one in (("Before", own.before), ("After", own.after))
    ]
    title = f"On {face_count(own.after.count)} of yours that it has not learnt from"
    return [
        Facts(facts, title),
        Note(summary(taught)),
        _changes(taught),
        Note(circumstances(taught)),
    ]


def summary(taught: Adaptation) -> str:
    """Return in a sentence what was gained and what it cost."""
    gained = taught.own_changes[0]
    sentence = (
        f"On {face_count(gained.after.count)} of {taught.own.name} that it has not learnt from, "
        f"{taught.initial_model} was right about {percent(gained.before.accuracy)}, and it is now "
        f"right about {percent(gained.after.accuracy)} ({percentage_points(gained.gained)} points)."
        f"{doubt(gained)}"
    )
    if not taught.replay_changes:
        return (
            f"{sentence} What it forgot is not known: nothing that {taught.initial_model} learnt "
            "from was at hand."
        )
    cost = taught.replay_changes[0]
    return (
        f"{sentence} On {face_count(cost.after.count)} of {cost.data}, {cost.split}, it went from "
        f"{percent(cost.before.accuracy)} to {percent(cost.after.accuracy)} "
        f"({percentage_points(cost.gained)} points)."
    )


def _changes(taught: Adaptation) -> Table:
    return Table(
        "Before and after",
        (
            *("Measured on", "Head", "Faces", "Before", "After", "Difference", "95% interval now"),
            *("Calibration error", "Answered", "Of these right"),
        ),
        tuple(map(_change, (*taught.own_changes, *taught.replay_changes))),
        "Before: the initial model. After: this one. Both answered the same faces, none of which "
        "this one has learnt from. The intervals are of each figure by itself: they do not tell "
        "whether a difference is chance.",
        text_columns=("Head",),
    )


def circumstances(taught: Adaptation) -> str:
    """Return what was learnt, replayed and left out, as sentences."""
    sentences = [
        f"It learnt from {face_count(taught.own.learnt)} of {taught.own.name} in "
        f"{duration(taught.seconds)}."
    ]
    if taught.replay:
        before = f", which {taught.initial_model} had learnt from"
        sentences.append(
            f"{taught.replay.per_epoch:,} faces of {taught.replay.name}"
            f"{before if taught.replay.of_initial_model else ''} were replayed in each epoch, so "
            "that it forgets less."
        )
    if taught.own.left_out:
        names = ", ".join(f"{count:,} {name}" for name, count in taught.own.left_out.items())
        sentences.append(f"Left out, since it does not know these expressions: {names}.")
    return " ".join([*sentences, CALIBRATIONS[taught.calibration]])


def _change(change: Change) -> tuple[str, ...]:
    given = ["–", "–"]  # in older reports
    if (old := change.given_before) and (new := change.given_after):
        shares = ((old.answered, new.answered), (old.right, new.right))
        given = [" → ".join(map(percent, pair)) for pair in shares]
    return (
        f"{change.data}, {change.split}",
        head_name(change.head),
        f"{change.after.count:,}",
        percent(change.before.accuracy),
        percent(change.after.accuracy),
        percentage_points(change.gained),
        interval(change.after),
        f"{percent(change.before.calibration_error)} → {percent(change.after.calibration_error)}",
        *given,
    )
