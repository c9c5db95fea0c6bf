"""What the report says about answers like the one on the page. Does not use Streamlit."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.text import Verdict
from fer.evaluation.measurements import Selective, Truth
from fer.evaluation.report import Report

#: Splits whose figures are shown, in order of preference: nothing was chosen on the test split.
SPLITS = ("test", "validation")

#: A corruption cannot turn a face afterwards, so the report has no figure about it; see
#: `fer.quality`.
_TURNED = "Faces turned this far are read right much less often; no figure here is about them."

#: What it means that an answer was right, by the truth that it was compared with.
_RIGHT: dict[Truth, str] = {
    "label": "were",
    "most_votes": "had most votes for it",
    "people": "were, as most people say",
}


@dataclass(frozen=True)
class TrackRecord:
    """The measurements of one head of a model.

    Attributes:
        plain: its answers on uncorrupted images.
        degraded: its answers on corrupted images; used for faces with a flaw.
    """

    plain: Selective
    degraded: Selective

    def describe(self, verdict: Verdict) -> str:
        """Return a sentence on how often such a verdict was right; "" if unmeasured."""
        if "turned" in verdict.flaws:
            return _TURNED
        measured = self.degraded if verdict.flaws else self.plain
        return _sentence(measured, verdict)


def track_record(report: Report, head: str) -> TrackRecord | None:
    """Return the measurements of one head from the preferred split that has them, or None."""
    for split in SPLITS:
        plain = report.selective_of(split, head)
        degraded = report.selective_of(split, head, degraded=True)
        if plain and degraded:
            return TrackRecord(plain, degraded)
    return None


def _sentence(measured: Selective, verdict: Verdict) -> str:
    """Return how often such answers, or such first guesses, were right; "" if unmeasured."""
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
