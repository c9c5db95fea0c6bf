"""What the model's report says about an answer like the one on the page. No streamlit in here."""

from __future__ import annotations

from dataclasses import dataclass

from app.common.text import Verdict
from fer.evaluation.measurements import Selective
from fer.evaluation.report import Report
from fer.labels import EXPRESSION_HEAD

#: Splits whose figures count, the best first. Nothing was chosen by the test split.
SPLITS = ("test", "validation")

#: Pictures cannot be turned afterwards, so the report has nothing about them; see `fer.quality`.
_TURNED = "Faces turned this far are read right much less often; no figure here is about them."


@dataclass(frozen=True)
class TrackRecord:
    """What was measured about one head of the model that runs.

    Attributes:
        plain: its answers to pictures as they are.
        degraded: its answers to corrupted pictures: what counts for a face with a flaw.
    """

    plain: Selective
    degraded: Selective

    def beside(self, verdict: Verdict) -> str:
        """Return what is known about an answer like this one; "" if nothing is."""
        if "turned" in verdict.flaws:
            return _TURNED
        found = self.degraded if verdict.flaws else self.plain
        if verdict.sure:
            return _about_answers(found, verdict.answer)
        return _about_guesses(found, verdict.confidence)


def track_record(report: Report, head: str) -> TrackRecord | None:
    """Return what a report says about the answers of one head of the network, or None."""
    for split in SPLITS:
        found = [s for s in report.selective if (s.split, s.head) == (split, head)]
        plain = next((s for s in found if not s.degraded), None)
        degraded = next((s for s in found if s.degraded), None)
        if plain and degraded:
            return TrackRecord(plain, degraded)
    return None


def best_split(report: Report) -> str | None:
    """Return the split whose figures say most about new faces, or None if there are none."""
    return next((split for split in SPLITS if split in report.evaluations), None)


def _about_answers(found: Selective, label: str) -> str:
    """Return how often such an answer was right, and what the others were; "" if unknown."""
    truths = found.answered_as(label)
    answered, right = sum(truths.values()), truths.pop(label, 0)
    if not answered:
        return ""
    of = f"Of {answered:,} {_faces(found)} that it called {label}"
    if found.head == EXPRESSION_HEAD:
        known, others = f"{right / answered:.0%} were", "the others were most often"
    else:
        known, others = f"{right / answered:.0%} had most votes for it", "the others most often for"
    if right == answered:
        return f"{of}, {known}."
    return f"{of}, {known}; {others} {max(truths, key=lambda n: truths[n])}."


def _about_guesses(found: Selective, confidence: float) -> str:
    """Return how often the first guess was right at such a confidence; "" if unknown."""
    inside = (b for b in found.calibration if b.low < confidence <= b.high)
    if (near := next(inside, None)) is None:
        return ""
    return (
        f"Of {near.count:,} {_faces(found)} with a first guess of {near.low:.0%} to "
        f"{near.high:.0%}, that guess was right for {near.accuracy:.0%}."
    )


def _faces(found: Selective) -> str:
    # Each face stands in several corrupted pictures.
    return f"poor pictures of {found.split} faces" if found.degraded else f"{found.split} faces"
