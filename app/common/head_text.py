"""Texts that explain the two heads of the network. Does not use Streamlit.

All figures come from the report. Statements without a figure rest on a trial on other data.
"""

from __future__ import annotations

from fer.evaluation.measurements import FerPlusAgreement, Selective
from fer.evaluation.report import Report
from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD
from fer.model.spec import ModelSpec

#: Names that visitors choose between, by head; the default comes first.
NAMES = {
    EXPRESSION_HEAD: "Seven expressions (FER2013)",
    FERPLUS_HEAD: "What most people would say (FER+)",
}

#: The expression that FER+ has and FER2013 lacks.
CONTEMPT = "contempt"

#: The difference in two sentences, for the pages with the head picker.
IN_SHORT = (
    "**Seven expressions** picks the best of FER2013's seven labels and notices rare ones, such as "
    "fear, more often. **What most people would say** estimates how most of ten people would name "
    "the face: it is more often neutral, and it knows contempt as well."
)

_EXPRESSION_HEAD_TEXT = (
    f"**{NAMES[EXPRESSION_HEAD]}**, the usual choice, picks the label of FER2013 that fits best. "
    "Each picture of that data set has one label: the search word that found it on the web, "
    "checked by people. In a trial on posed faces it recognised anger and fear far more often."
)

_FERPLUS_HEAD_TEXT = (
    f"**{NAMES[FERPLUS_HEAD]}** estimates how most of ten people would name the face (FER+). It is "
    "more often neutral, and it has an eighth expression, contempt."
)

_OTHER_NAMES = (
    f"Downloads call the two `{EXPRESSION_HEAD}` and `{FERPLUS_HEAD}`, the dashboard calls them "
    "FER2013 and FER+."
)


def offered(spec: ModelSpec) -> tuple[str, ...]:
    """Return the heads that a visitor can choose between, the default first."""
    # A head that was not measured, or is never sure enough, would always answer "uncertain".
    usable = [head.name for head in spec.heads if head.can_answer]
    return tuple(head for head in NAMES if head in usable or head == EXPRESSION_HEAD)


def difference(report: Report | None) -> str:
    """Return an explanation of the heads and how they differ, as Markdown.

    Args:
        report: the report of the running model; None if there is no report about its weights.
    """
    parts = [_EXPRESSION_HEAD_TEXT, _FERPLUS_HEAD_TEXT]
    if report:
        figures = (_contempt(report), _agreement(report), _coverage(report))
        parts += [sentence for sentence in figures if sentence]
    return "\n\n".join([*parts, _OTHER_NAMES])


def _contempt(report: Report) -> str:
    """Return a sentence on how often the FER+ head answers contempt; "" if unmeasured."""
    measured = _selective(report, FERPLUS_HEAD)
    if not measured or CONTEMPT not in measured.labels:
        return ""
    named = sum(measured.answered_as(CONTEMPT).values())
    faces = f"{named or 'none'} of {measured.count:,} validation faces"
    return f"The FER+ head answered {CONTEMPT} for {faces}."


def _agreement(report: Report) -> str:
    """Return a sentence on how often each head agrees with FER+'s voters; "" if unmeasured.

    The two heads are comparable only under the same voting rule.
    """
    first, second = (_ferplus(report, head) for head in NAMES)
    if not first or not second or first.rule != second.rule:
        return ""
    return (
        f"On {first.count:,} validation faces most of ten people agree. The FER2013 head gives "
        f"their answer for {first.accuracy:.0%} of these, the FER+ head for {second.accuracy:.0%}."
    )


def _ferplus(report: Report, head: str) -> FerPlusAgreement | None:
    return next((record for record in report.ferplus_agreement if record.head == head), None)


def _coverage(report: Report) -> str:
    """Return a sentence on each head's coverage and accuracy on its answers; "" if unmeasured."""
    first, second = (_selective(report, head) for head in NAMES)
    if not first or not second:
        return ""
    return (
        f"On good pictures the FER2013 head answers for {first.coverage:.0%} of {first.count:,} "
        f"validation faces{_limit(first)}; {first.accuracy:.0%} of its answers are the data set's "
        f"label. The FER+ head answers for {second.coverage:.0%} of {second.count:,} faces on "
        f"which the votes have a winner{_limit(second)}; {second.accuracy:.0%} of its answers are "
        "that winner."
    )


def _limit(measured: Selective) -> str:
    if not measured.threshold:
        return " and needs no limit, as enough of its answers are right"
    return f" and says *uncertain* below {measured.threshold:.0%}"


def _selective(report: Report, head: str) -> Selective | None:
    """Return the measurement of a head on uncorrupted validation images, if there is one."""
    records = (
        s for s in report.selective if s.head == head and not s.degraded and s.split == "validation"
    )
    return next(records, None)
