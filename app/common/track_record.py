"""What the model's report says about answers like the one on the page. Does not use Streamlit."""

from __future__ import annotations

from dataclasses import dataclass

from app.common.text import Verdict
from fer.evaluation.measurements import Selective
from fer.evaluation.report import Report
from fer.labels import EXPRESSION_HEAD

#: Splits whose figures are shown, in order of preference: nothing was chosen on the test split.
SPLITS = ("test", "validation")

#: A corruption cannot turn a face afterwards, so the report has no figure about it; see
#: `fer.quality`.
_TURNED = "Faces turned this far are read right much less often; no figure here is about them."


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
        if verdict.sure:
            return _answer_sentence(measured, verdict.answer)
        return _guess_sentence(measured, verdict.confidence)


def track_record(report: Report, head: str) -> TrackRecord | None:
    """Return the measurements of one head from the preferred split that has them, or None."""
    for split in SPLITS:
        records = [s for s in report.selective if (s.split, s.head) == (split, head)]
        plain = next((s for s in records if not s.degraded), None)
        degraded = next((s for s in records if s.degraded), None)
        if plain and degraded:
            return TrackRecord(plain, degraded)
    return None


def best_split(report: Report) -> str | None:
    """Return the split whose figures say most about new faces; None without an evaluation."""
    return next((split for split in SPLITS if split in report.evaluations), None)


def _answer_sentence(measured: Selective, label: str) -> str:
    """Return how often this answer was right, and the most frequent error; "" if unmeasured."""
    truths = measured.answered_as(label)
    answered, right = sum(truths.values()), truths.pop(label, 0)
    if not answered:
        return ""
    of = f"Of {answered:,} {_faces(measured)} that it called {label}"
    if measured.head == EXPRESSION_HEAD:
        correct, others = f"{right / answered:.0%} were", "the others were most often"
    else:
        correct = f"{right / answered:.0%} had most votes for it"
        others = "the others most often for"
    if right == answered:
        return f"{of}, {correct}."
    return f"{of}, {correct}; {others} {max(truths, key=lambda n: truths[n])}."


def _guess_sentence(measured: Selective, confidence: float) -> str:
    """Return how often the first guess was right at this confidence; "" if unmeasured."""
    matching = (b for b in measured.calibration if b.low < confidence <= b.high)
    if (bin_ := next(matching, None)) is None:
        return ""
    return (
        f"Of {bin_.count:,} {_faces(measured)} with a first guess of {bin_.low:.0%} to "
        f"{bin_.high:.0%}, that guess was right for {bin_.accuracy:.0%}."
    )


def _faces(measured: Selective) -> str:
    # Each face has several corrupted pictures, so these are not counts of faces.
    if measured.degraded:
        return f"poor pictures of {measured.split} faces"
    return f"{measured.split} faces"
