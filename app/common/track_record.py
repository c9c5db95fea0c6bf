"""What the model's report says about an answer like the one on the page. No streamlit in here."""

from __future__ import annotations

from dataclasses import dataclass

from app.common.text import Verdict
from fer.evaluation.report import Report, Selective
from fer.model.spec import ModelSpec
from fer.labels import EXPRESSION_HEAD

#: Splits that count as evidence, the best first. Nothing was chosen by the test split.
SPLITS = ("test", "validation")

#: Pictures cannot be turned afterwards, so the report has nothing about them; see `fer.quality`.
_TURNED = "Faces turned this far are read right much less often; no figure here is about them."


@dataclass(frozen=True)
class Evidence:
    """What was measured about one output of the model that runs.

    Attributes:
        plain: its answers to pictures as they are.
        poor: its answers to pictures made poor: what counts for a face with a flaw.
    """

    plain: Selective
    poor: Selective

    def beside(self, verdict: Verdict) -> str:
        """Return what is known about an answer like this one; "" if nothing is."""
        if "turned" in verdict.flaws:
            return _TURNED
        found = self.poor if verdict.flaws else self.plain
        if verdict.sure:
            return _about_answers(found, verdict.answer)
        return _about_guesses(found, verdict.confidence)


def evidence_for(report: Report, head: str) -> Evidence | None:
    """Return what a report says about the answers of one output of the network, or None."""
    for split in SPLITS:
        found = [s for s in report.selective if (s.split, s.head) == (split, head)]
        plain, poor = ([s for s in found if s.plain is wanted] for wanted in (True, False))
        if plain and poor:
            return Evidence(plain[0], poor[0])
    return None


def best_split(report: Report) -> str | None:
    """Return the split whose figures say most about new faces, or None if there are none."""
    return next((split for split in SPLITS if split in report.evaluations), None)


def describes(report: Report, spec: ModelSpec) -> bool:
    """Tell whether a report is about the very weights that run."""
    file = report.files.get(spec.file)
    return file is not None and file.sha256 == spec.sha256


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
    # Each face stands in several poor pictures.
    return f"{found.split} faces" if found.plain else f"poor pictures of {found.split} faces"
