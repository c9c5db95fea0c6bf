"""Parts about faces with labels that only partly overlap a head's classes. No Streamlit.

The dashboard shows other data with them, and the page “Your data” what a visitor has labelled.
"""

from __future__ import annotations

from app.common.text import counted
from app.dashboard.elements import Fact, Facts, Note, Part, Row
from app.dashboard.sections.performance import (
    ACCURACY,
    BALANCED,
    CALIBRATION,
    INTERVAL,
    MACRO_F1,
    confusion,
    confusion_counts,
    per_class,
)
from app.dashboard.text import SplitEvaluation, interval, percent
from fer.evaluation.labelled import LabelledEvaluation
from fer.evaluation.metrics import Evaluation

#: The two ways to measure, as a visitor chooses between them.
AS_ANSWERED, RESTRICTED = "As it answers", "Shared classes only"

ANSWERED = (
    "Of how many faces it gives an answer and does not say “uncertain”, at the limits that it has "
    "everywhere in this app."
)


def ways(evaluation: LabelledEvaluation) -> dict[str, Evaluation]:
    """Return the metrics by the way to measure; one way where both are the same."""
    found = {AS_ANSWERED: evaluation.as_answered}
    if evaluation.missing and evaluation.restricted:
        found[RESTRICTED] = evaluation.restricted
    return found


def labelled_facts(
    evaluation: LabelledEvaluation, way: str = AS_ANSWERED, *, calibration: bool = True
) -> Facts:
    """Return the headline figures of a way to measure; `calibration` takes many faces."""
    figures = ways(evaluation)[way]
    facts = [
        Fact(
            "Accuracy",
            percent(figures.accuracy),
            f"{ACCURACY} {INTERVAL}",
            interval(figures),
        ),
        Fact("Macro-F1", percent(figures.macro_f1), MACRO_F1),
        Fact("Balanced accuracy", percent(figures.balanced_accuracy), BALANCED),
    ]
    if calibration:
        error = percent(figures.calibration_error)
        facts.append(Fact("Calibration error", error, CALIBRATION))
    if way == AS_ANSWERED:
        right = f"{percent(evaluation.answered_accuracy)} right" if evaluation.answered else ""
        facts.append(Fact("Answered", percent(evaluation.answered), ANSWERED, right))
    return Facts(tuple(facts))


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


def labelled_tables(evaluation: LabelledEvaluation, way: str = AS_ANSWERED) -> list[Part | Row]:
    """Return the confusion matrix and the figures of each class."""
    figures = ways(evaluation)[way]
    chosen = as_chosen(figures)
    present = tuple(c for c in figures.classes if c.support)
    by_class = per_class(as_chosen(figures.model_copy(update={"classes": present})))
    return [Row((confusion(chosen), confusion_counts(chosen))), by_class]


def as_chosen(evaluation: Evaluation) -> SplitEvaluation:
    """Return metrics in the form that the parts of a report take; they name no split or head."""
    return SplitEvaluation("", True, evaluation, head="")
