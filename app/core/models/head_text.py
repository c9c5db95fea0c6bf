"""What is said of the heads of the network, and of answers like one. Does not use Streamlit.

All figures come from the report. Statements without a figure rest on a trial on other data.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.core.text import Verdict
from fer.evaluation.measurements import Selective, Truth
from fer.evaluation.report import Report
from fer.labels import BALANCED_HEAD, EXPRESSION_HEAD, FERPLUS_HEAD
from fer.model.spec import ModelSpec

#: Names that visitors choose between, by head; the default comes first.
NAMES = {
    BALANCED_HEAD: "Balanced",
    EXPRESSION_HEAD: "Seven expressions (FER2013)",
    FERPLUS_HEAD: "What most people would say (FER+)",
}

#: The same next to figures.
_SHORT = {BALANCED_HEAD: "balanced", EXPRESSION_HEAD: "FER2013", FERPLUS_HEAD: "FER+"}

#: The difference, for the settings, in Markdown.
IN_SHORT = (
    "**Balanced** says what both others find likely. **Seven expressions** notices rare ones, such "
    "as fear, more often. **What most people would say** says neutral more often, and knows "
    "contempt."
)

_HEAD_TEXTS = (
    f"**{NAMES[BALANCED_HEAD]}**, the usual choice, puts the two others together: an expression is "
    "as likely as the weighted geometric mean of both. It agrees with people far more often than "
    "the first, and in a trial on posed faces it noticed anger nearly as often.",
    f"**{NAMES[EXPRESSION_HEAD]}** picks the best of seven labels. It learnt them from pictures "
    "labelled by the search word that found them, which people checked. In a trial on posed faces "
    "it noticed anger and fear far more often than the next one.",
    f"**{NAMES[FERPLUS_HEAD]}** estimates how most of ten people would name the face. It says "
    "neutral more often, and it knows contempt.",
)

_OTHER_NAMES = f"Downloads call them `{BALANCED_HEAD}`, `{EXPRESSION_HEAD}` and `{FERPLUS_HEAD}`."


def head_name(head: str) -> str:
    """Return the name of a head next to figures."""
    return _SHORT.get(head, head)


def offered(spec: ModelSpec) -> tuple[str, ...]:
    """Return the heads that a visitor can choose between, the default first."""
    # A head that was not measured, or is never sure enough, would always answer "uncertain".
    usable = [head.name for head in spec.heads if head.can_answer]
    return tuple(head for head in NAMES if head in usable or head == EXPRESSION_HEAD)


def difference(report: Report | None) -> str:
    """Return how the heads differ, as Markdown, with figures if there is a report."""
    figures = (_contempt(report), _figures(report)) if report else ()
    return "\n\n".join(filter(None, (*_HEAD_TEXTS, *figures, _OTHER_NAMES)))


def _contempt(report: Report) -> str:
    measured = report.selective_of("validation", FERPLUS_HEAD)
    if not measured or "contempt" not in measured.labels:
        return ""
    named = sum(measured.answered_as("contempt").values())
    return f"It answered contempt for {named or 'none'} of {measured.count:,} validation faces."


def _figures(report: Report) -> str:
    """Return a table of how often each head answers, and is right; "" if unmeasured."""
    measured = {head: report.selective_of("validation", head) for head in NAMES}
    agreed = _agreement(report)
    rows = [
        f"| {NAMES[head]} | {one.coverage:.0%} | {one.accuracy:.0%} | {agreed.get(head, '–')} |"
        for head, one in measured.items()
        if one
    ]
    if len(rows) < 2:
        return ""
    table = ["| | answers | right | as most people said |", "| :-- | --: | --: | --: |", *rows]
    return "\n".join(table) + "\n\n" + _TABLE_EXPLAINED


_TABLE_EXPLAINED = (
    "Validation faces of the first data set, good pictures. *Answers*: for how many it is not "
    "uncertain. *Right*: how many of these answers are the data set's label, for "
    f"{NAMES[EXPRESSION_HEAD]}, or what most of ten people said, for the others. *As most people "
    "said*: of all faces on which most of ten people agree."
)


def _agreement(report: Report) -> dict[str, str]:
    """Return how often each head agrees with FER+'s voters; empty if the rules differ."""
    known = {one.head: one for one in reversed(report.ferplus_agreement) if one.head in NAMES}
    if len(known) < 2 or len({one.rule for one in known.values()}) > 1:
        return {}
    return {head: f"{one.accuracy:.0%}" for head, one in known.items()}


#: Splits whose figures are shown, in order of preference: nothing was chosen on the test split.
SPLITS = ("test", "validation")

#: A corruption cannot turn a face afterwards, so the report has no figure about it; see
#: `fer.quality`.
_TURNED = "Faces turned this far are read right much less often; no figure here is about them."

#: Answers from which on a share is exact to 1 %; of fewer it is rounded to 10 %.
_MANY = 100

#: What it means that an answer was right, by the truth that it was compared with.
_RIGHT: dict[Truth, str] = {
    "label": "were",
    "most_votes": "had most votes for it",
    "people": "were, as most people say",
}


@dataclass(frozen=True)
class TrackRecord:
    """The measurements of one head of a model, on plain and on degraded images.

    The latter are used for faces with an issue.
    """

    plain: Selective
    degraded: Selective

    def in_short(self, verdict: Verdict) -> str:
        """Return how often such an answer is right, for a card; "" if that is not known."""
        near = self._measured(verdict).near(verdict.candidates[0], verdict.confidence)
        if near is None or "turned" in verdict.issues:
            return ""
        share = near.correct / near.count
        right = f"{min(0.99, share):.0%}"  # nothing is always right
        if near.count < _MANY:
            right = f"about {min(0.9, round(share, 1)):.0%}"
        return f"When it is this sure, it is right {right} of the time."

    def _measured(self, verdict: Verdict) -> Selective:
        return self.degraded if verdict.issues else self.plain

    def describe(self, verdict: Verdict) -> str:
        """Return a sentence on how often such a verdict was right; "" if unmeasured."""
        if "turned" in verdict.issues:
            return _TURNED
        measured = self._measured(verdict)
        label = verdict.candidates[0]
        near = measured.near(label, verdict.confidence)
        if near is None:
            few = f"Too few {_faces(measured)} were called {label} to say how often that is right."
            return few if measured.predicted else ""
        what = f"called {label}" if verdict.sure else f"whose first guess was {label}"
        right = f"{near.correct / near.count:.0%} {_RIGHT[measured.truth]}"
        faces = f"Of {near.count:,} {_faces(measured)} {what}"
        mistakes = _mistakes(measured, label) if verdict.sure else ""
        return f"{faces} with {near.low:.0%} to {near.high:.0%} confidence, {right}{mistakes}."


def track_record(report: Report, head: str) -> TrackRecord | None:
    """Return the measurements of one head from the preferred split that has them, or None."""
    for split in SPLITS:
        plain = report.selective_of(split, head)
        degraded = report.selective_of(split, head, degraded=True)
        if plain and degraded:
            return TrackRecord(plain, degraded)
    return None


def _mistakes(measured: Selective, label: str) -> str:
    """Return the most frequent true expression of wrong answers, as the end of a sentence."""
    truths = measured.answered_as(label)
    truths.pop(label, None)
    if not any(truths.values()):
        return ""
    return f"; when {label} is wrong, it is most often {max(truths, key=lambda n: truths[n])}"


def _faces(measured: Selective) -> str:
    # Each face has several corrupted pictures, so these are not counts of faces.
    if measured.degraded:
        return f"poor pictures of {measured.split} faces"
    return f"{measured.split} faces"
