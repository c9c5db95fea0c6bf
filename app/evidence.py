"""What the model's report says about an answer like the one on the page. No streamlit in here."""

from __future__ import annotations

from dataclasses import dataclass

from app.wording import Verdict
from fer.metrics import CalibrationBin, Evaluation
from fer.model_card import EXPRESSION_HEAD, ModelSpec
from fer.report import CrowdAgreement, Report

#: Splits that count as evidence, the best first. Nothing was chosen by the test split.
SPLITS = ("test", "validation")

#: What was measured was measured on faces that are mostly well visible.
_POOR_PICTURE = "In a picture as poor as this one it is right less often."


@dataclass(frozen=True)
class Evidence:
    """The evaluation of the model that runs, and the split that it was made on."""

    split: str
    evaluation: Evaluation

    def beside(self, verdict: Verdict) -> str:
        """Return what is known about an answer like this one; "" if nothing is."""
        if verdict.sure:
            known = self.sentence(verdict.answer)
        else:
            known = self.when_as_sure(verdict.confidence)
        return f"{known} {_POOR_PICTURE}" if known and verdict.flaws else known

    def sentence(self, label: str) -> str:
        """Return how often such an answer was right, and what the others were; "" if unknown."""
        names = [c.label for c in self.evaluation.classes]
        if label not in names:
            return ""
        column = names.index(label)
        truths = {
            name: row[column] for name, row in zip(names, self.evaluation.confusion, strict=True)
        }
        answered, right = sum(truths.values()), truths.pop(label)
        if not answered:
            return ""
        called = f"Of {answered:,} {self.split} faces that it called {label}"
        start = f"{called}, {right / answered:.0%} were"
        if right == answered:
            return f"{start}."
        return f"{start}; the others were most often {max(truths, key=lambda n: truths[n])}."

    def when_as_sure(self, confidence: float) -> str:
        """Return how often the first guess was right at such a confidence; "" if unknown."""
        found = self._bin(confidence)
        if found is None:
            return ""
        return (
            f"Of {found.count:,} {self.split} faces with a first guess of {found.low:.0%} to "
            f"{found.high:.0%}, that guess was right for {found.accuracy:.0%}."
        )

    def _bin(self, confidence: float) -> CalibrationBin | None:
        bins = self.evaluation.calibration
        return next((b for b in bins if b.low < confidence <= b.high), None)


@dataclass(frozen=True)
class CrowdEvidence:
    """How often a reading that was learnt from votes agrees with the voters."""

    agreement: CrowdAgreement

    def beside(self, verdict: Verdict) -> str:
        """Return what is known about an answer; the same for all, as no more was measured."""
        if not verdict.sure:
            return ""
        found = self.agreement
        known = (
            f"It agreed with ten voters on {found.accuracy:.0%} of {found.count:,} validation "
            "faces on which most of them agreed."
        )
        return f"{known} {_POOR_PICTURE}" if verdict.flaws else known


def evidence_for(report: Report, head: str) -> Evidence | CrowdEvidence | None:
    """Return what a report says about the answers of one output of the network, or None."""
    if head == EXPRESSION_HEAD:
        return evidence_of(report)
    agreements = [agreement for agreement in report.crowd if agreement.head == head]
    return CrowdEvidence(agreements[0]) if agreements else None


def evidence_of(report: Report) -> Evidence | None:
    """Return the best evidence that a report has, or None."""
    for split in SPLITS:
        if split in report.evaluations:
            return Evidence(split, report.evaluations[split])
    return None


def describes(report: Report, spec: ModelSpec) -> bool:
    """Tell whether a report is about the very weights that run."""
    file = report.files.get(spec.file)
    return file is not None and file.sha256 == spec.sha256
