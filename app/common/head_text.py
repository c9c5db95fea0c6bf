"""The two heads of the network in words. No streamlit in here.

Both come from one look at a face. Figures are the report's; what has none here was seen in a trial
on other data, and is said without one.
"""

from __future__ import annotations

from fer.evaluation.measurements import FerPlusAgreement, Selective
from fer.evaluation.report import Report
from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD
from fer.model.spec import ModelSpec

#: What people choose between, the usual one first.
NAMES = {
    EXPRESSION_HEAD: "Seven expressions (FER2013)",
    FERPLUS_HEAD: "What most people would say (FER+)",
}

#: What FER+'s voters could say and FER2013 has no label for.
CONTEMPT = "contempt"

_LABELLED = (
    f"**{NAMES[EXPRESSION_HEAD]}** is usual. It says which label of FER2013 fits best. Each "
    "picture of that data set has one label: the word of the web search that found it, checked by "
    "people. It looks harder for what is rare: in a trial on posed faces it found far more of the "
    "anger and the fear."
)

_VOTED = (
    f"**{NAMES[FERPLUS_HEAD]}** says what most of ten people would call the face (FER+). It is "
    "calmer and more often neutral, and it has an eighth expression, contempt."
)

_CALLED = (
    f"In downloads and on the dashboard they are called `{EXPRESSION_HEAD}` and `{FERPLUS_HEAD}`."
)


def offered(spec: ModelSpec) -> tuple[str, ...]:
    """Return the heads of a network that a visitor can choose between, the usual one first."""
    # One that was not measured, or is never sure enough, would always be uncertain.
    known = [head.name for head in spec.heads if head.can_answer]
    return tuple(head for head in NAMES if head in known or head == EXPRESSION_HEAD)


def difference(report: Report | None) -> str:
    """Return what each head says and how they differ, as Markdown.

    Args:
        report: of the model that runs; None if nothing is known about it.
    """
    parts = ["One look at the face, two ways to name it.", _LABELLED, _VOTED]
    if report:
        told = (_contempt(report), _agreement(report), _coverage(report))
        parts += [sentence for sentence in told if sentence]
    return "\n\n".join([*parts, _CALLED])


def _contempt(report: Report) -> str:
    """Return how often the FER+ head says contempt at all; "" if unmeasured."""
    measured = _selective(report, FERPLUS_HEAD)
    if not measured or CONTEMPT not in measured.labels:
        return ""
    named = sum(measured.answered_as(CONTEMPT).values())
    return f"It said {CONTEMPT} for {named or 'none'} of {measured.count:,} validation faces."


def _agreement(report: Report) -> str:
    """Return how often each head agrees with the voters, by the same rule; "" if unmeasured."""
    first, second = (_ferplus(report, head) for head in NAMES)
    if not first or not second or first.rule != second.rule:
        return ""
    return (
        f"On {first.count:,} validation faces on which most of the ten agree, the first says the "
        f"same as they do for {first.accuracy:.0%}, the second for {second.accuracy:.0%}."
    )


def _ferplus(report: Report, head: str) -> FerPlusAgreement | None:
    return next((found for found in report.ferplus_agreement if found.head == head), None)


def _coverage(report: Report) -> str:
    """Return how often each head answers at all, and is right then; "" if unmeasured."""
    first, second = (_selective(report, head) for head in NAMES)
    if not first or not second:
        return ""
    return (
        "Where nothing is wrong with the picture, the first answers for "
        f"{first.coverage:.0%} of {first.count:,} validation faces"
        f"{_limit(first)}, and {first.accuracy:.0%} of these answers have the data set's label. "
        f"The second answers for {second.coverage:.0%} of {second.count:,} on which the votes have "
        f"a winner{_limit(second)}, and {second.accuracy:.0%} of these answers are what won."
    )


def _limit(measured: Selective) -> str:
    if not measured.threshold:
        return " and never says *uncertain*, as enough of its answers are right without"
    return f" and says *uncertain* below {measured.threshold:.0%}"


def _selective(report: Report, head: str) -> Selective | None:
    """Return what was measured of a head on validation pictures as they are."""
    found = (
        s for s in report.selective if s.head == head and not s.degraded and s.split == "validation"
    )
    return next(found, None)
