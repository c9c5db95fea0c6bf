"""The two readings of the network in words. No streamlit in here.

Both come from one look at a face. Figures are the report's; what has none here was seen in a trial
on other data, and is said without one.
"""

from __future__ import annotations

from fer.model_card import EXPRESSION_HEAD, VOTES_HEAD, ModelSpec
from fer.report import CrowdAgreement, Report, Selective

#: What people choose between, the usual one first.
NAMES = {EXPRESSION_HEAD: "As labelled", VOTES_HEAD: "As most people see it"}

_LABELLED = (
    "**As labelled** (usual) says which label of FER2013 fits best. Each picture of that data set "
    "has one label, from the words of the web search that found it. It looks harder for what is "
    "rare: in a trial on posed faces it found far more of the anger and the fear. It is less sure."
)

_VOTED = (
    "**As most people see it** says what most of ten people would call the face (FER+). It is "
    "calmer and more often neutral, and it knows contempt as an eighth expression."
)


def offered(spec: ModelSpec) -> tuple[str, ...]:
    """Return the outputs of a network that a visitor can choose between, the usual one first."""
    return tuple(head for head in NAMES if head in spec.head_names)


def difference(report: Report | None) -> str:
    """Return what each reading means and how they differ, as Markdown.

    Args:
        report: of the model that runs; None if nothing is known about it.
    """
    parts = ["One look at the face, two ways to name it.", _LABELLED, _VOTED]
    if report:
        parts += [sentence for sentence in (_agreement(report), _coverage(report)) if sentence]
    return "\n\n".join(parts)


def _agreement(report: Report) -> str:
    """Return how often each reading agrees with the voters, by the same rule; "" if unmeasured."""
    first, second = (_crowd(report, head) for head in NAMES)
    if not first or not second or first.rule != second.rule:
        return ""
    return (
        f"On {first.count:,} validation faces on which most of the ten agree, the first says the "
        f"same as they do for {first.accuracy:.0%}, the second for {second.accuracy:.0%}."
    )


def _crowd(report: Report, head: str) -> CrowdAgreement | None:
    return next((found for found in report.crowd if found.head == head), None)


def _coverage(report: Report) -> str:
    """Return how often each reading answers at all, and is right then; "" if unmeasured."""
    first, second = (_selective(report, head) for head in NAMES)
    if not first or not second:
        return ""
    return (
        f"Below {first.threshold:.0%} the first says *uncertain*: it answers for "
        f"{first.coverage:.0%} of the validation faces, and {first.accuracy:.0%} of these answers "
        f"have the data set's label. The second answers for {second.coverage:.0%}, and "
        f"{second.accuracy:.0%} of them are what got most votes."
    )


def _selective(report: Report, head: str) -> Selective | None:
    # The first is about pictures as they are.
    return next((found for found in report.selective if found.head == head), None)
