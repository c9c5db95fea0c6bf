"""The two heads of the network in words. No streamlit in here.

Figures are the report's. What has none here was seen in a trial on other data, and is said without
one.
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

#: The difference in two sentences, for the pages where people choose.
IN_SHORT = (
    "**Seven expressions** picks the best of FER2013's seven labels and notices rare ones, such as "
    "fear, more often. **What most people would say** estimates how most of ten people would name "
    "the face: it is more often neutral, and it knows contempt as well."
)

_LABELLED = (
    f"**{NAMES[EXPRESSION_HEAD]}**, the usual choice, picks the label of FER2013 that fits best. "
    "Each picture of that data set has one label: the word of the web search that found it, "
    "checked by people. In a trial on posed faces it found far more of the anger and the fear."
)

_VOTED = (
    f"**{NAMES[FERPLUS_HEAD]}** estimates how most of ten people would name the face (FER+). It is "
    "more often neutral, and it has an eighth expression, contempt."
)

_CALLED = (
    f"Downloads call the two `{EXPRESSION_HEAD}` and `{FERPLUS_HEAD}`, the dashboard calls them "
    "FER2013 and FER+."
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
    parts = [_LABELLED, _VOTED]
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
    return f"FER+ said {CONTEMPT} for {named or 'none'} of {measured.count:,} validation faces."


def _agreement(report: Report) -> str:
    """Return how often each head agrees with the voters, by the same rule; "" if unmeasured."""
    first, second = (_ferplus(report, head) for head in NAMES)
    if not first or not second or first.rule != second.rule:
        return ""
    return (
        f"On {first.count:,} validation faces most of ten people agree. FER2013 gives their answer "
        f"for {first.accuracy:.0%} of these, FER+ for {second.accuracy:.0%}."
    )


def _ferplus(report: Report, head: str) -> FerPlusAgreement | None:
    return next((found for found in report.ferplus_agreement if found.head == head), None)


def _coverage(report: Report) -> str:
    """Return how often each head answers at all, and is right then; "" if unmeasured."""
    first, second = (_selective(report, head) for head in NAMES)
    if not first or not second:
        return ""
    return (
        f"On good pictures FER2013 answers for {first.coverage:.0%} of {first.count:,} validation "
        f"faces{_limit(first)}; {first.accuracy:.0%} of its answers are the data set's label. FER+ "
        f"answers for {second.coverage:.0%} of {second.count:,} faces on which the votes have a "
        f"winner{_limit(second)}; {second.accuracy:.0%} of its answers are that winner."
    )


def _limit(measured: Selective) -> str:
    if not measured.threshold:
        return " and needs no limit, as enough of its answers are right"
    return f" and says *uncertain* below {measured.threshold:.0%}"


def _selective(report: Report, head: str) -> Selective | None:
    """Return what was measured of a head on validation pictures as they are."""
    found = (
        s for s in report.selective if s.head == head and not s.degraded and s.split == "validation"
    )
    return next(found, None)
