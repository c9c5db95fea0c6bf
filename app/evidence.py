"""What the model's report says about an answer like the one on the page. No streamlit in here."""

from __future__ import annotations

from dataclasses import dataclass

from fer.metrics import Evaluation
from fer.model_card import ModelSpec
from fer.report import Report

#: Splits that count as evidence, the best first. Nothing was chosen by the test split.
SPLITS = ("test", "validation")


@dataclass(frozen=True)
class Evidence:
    """The evaluation of the model that runs, and the split that it was made on."""

    split: str
    evaluation: Evaluation

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
