"""What is measured about a model beside the plain figures of a split; parts of its report."""

from __future__ import annotations

from typing import Literal

from fer.evaluation.metrics import CalibrationBin, Evaluation, calibration_error
from fer.records import Record, Share


class Variant(Record):
    """The validation split measured in another way: corrupted, or with test-time augmentation.

    Attributes:
        name: short, such as ``darker``.
        description: what was done to each image.
        evaluation: the figures.
    """

    name: str
    description: str
    evaluation: Evaluation


#: By which votes of FER+ a face gets a label, as a sentence for people.
VOTE_RULES = {
    "majority": "one of FER2013's seven classes has more than half of all ten votes",
    "plurality": "one of FER2013's seven classes has more votes than every other choice",
}
VoteRule = Literal["majority", "plurality"]

#: What an answer is compared with, as a sentence for people.
TRUTHS = {
    "label": "the label of the data set",
    "most_votes": "the expression with most votes of FER+, on faces where one has more than all "
    "others",
}
Truth = Literal["label", "most_votes"]


class FerPlusAgreement(Record):
    """How often a head agrees with the ten voters of FER+, on the validation split.

    Attributes:
        head: of the network.
        rule: which images count and what their label is; a key of `VOTE_RULES`.
        count: images that count.
        accuracy: share of them on which the head agrees.
        accuracy_low: lower end of its 95 % interval.
        accuracy_high: upper end.
        macro_f1: mean F1 of the classes that occur.
    """

    head: str
    rule: VoteRule
    count: int
    accuracy: float
    accuracy_low: float
    accuracy_high: float
    macro_f1: Share


class RiskPoint(Record):
    """A point of a risk-coverage curve: answering only at this confidence or more.

    Attributes:
        coverage: share of the faces that are answered.
        threshold: least confidence of those answers.
        accuracy: share of them that is right.
    """

    coverage: Share
    threshold: Share
    accuracy: Share


class Selective(Record):
    """What it brings to say "uncertain" below a threshold.

    Attributes:
        head: of the network.
        split: of the data set.
        corruptions: what was done to the pictures, by name, each face being seen once with each;
            empty for the pictures as they are.
        truth: what counts as right, and of which faces it is known; a key of `TRUTHS`.
        target: share of the answers that the threshold was chosen for.
        threshold: confidence below which the answer is "uncertain".
        coverage: share of the faces that are answered.
        accuracy: share of these answers that is right.
        cross_fitted_coverage: the same with thresholds from other faces (five folds).
        cross_fitted_accuracy: likewise.
        curve: the risk-coverage curve, the surest first.
        labels: classes of the head.
        confusion: counts of the answers that are given; rows are the truth, columns the answers.
        calibration: all faces by confidence, answered or not; bins that hold at least one.
    """

    head: str
    split: str
    corruptions: tuple[str, ...] = ()
    truth: Truth
    target: Share
    threshold: Share
    coverage: Share
    accuracy: Share
    cross_fitted_coverage: Share
    cross_fitted_accuracy: Share
    curve: tuple[RiskPoint, ...]
    labels: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]
    calibration: tuple[CalibrationBin, ...]

    @property
    def degraded(self) -> bool:
        """Whether it is about corrupted pictures, not about the pictures as they are."""
        return bool(self.corruptions)

    @property
    def count(self) -> int:
        """Pictures that were to be answered: of a degraded face one per corruption."""
        return sum(b.count for b in self.calibration)

    @property
    def calibration_error(self) -> float:
        """Expected calibration error of all answers, given or not."""
        return calibration_error(self.calibration)

    def answered_as(self, label: str) -> dict[str, int]:
        """Return the truths behind an answer that was given, by count; empty for unknown labels."""
        if label not in self.labels:
            return {}
        column = self.labels.index(label)
        return {n: row[column] for n, row in zip(self.labels, self.confusion, strict=True)}


class SeedVariance(Record):
    """How much of a figure is chance: the same short run with several seeds.

    Attributes:
        command: what repeats it.
        initial_model: name of the model whose weights every run begins with; None for random ones.
        epochs: of each run.
        seeds: one per run.
        accuracies: on the validation split, single view.
        macro_f1s: likewise.
        training_seconds: wall clock of each.
    """

    command: str
    initial_model: str | None = None
    epochs: int
    seeds: tuple[int, ...]
    accuracies: tuple[Share, ...]
    macro_f1s: tuple[Share, ...]
    training_seconds: tuple[float, ...]
