"""Parts of a report: the measurements of a model beyond the metrics of each split."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Literal, Self

from pydantic import Field, model_validator

from fer.evaluation.metrics import CalibrationBin, Evaluation, calibration_error
from fer.records import ClassName, Record, Share, check_table


class Variant(Record):
    """The validation split evaluated under a corruption or with test-time augmentation."""

    name: str
    description: str
    evaluation: Evaluation


#: Rules that turn FER+ votes into a label, as sentences for users.
VOTE_RULES = {
    "majority": "one of FER2013's seven classes has more than half of all ten votes",
    "plurality": "one of FER2013's seven classes has more votes than every other choice",
}
VoteRule = Literal["majority", "plurality"]

#: Kinds of ground truth with which answers are compared, as sentences for users.
TRUTHS = {
    "label": "the label of the data set",
    "most_votes": "the expression with most votes of FER+, on faces where one has more than all "
    "others",
    "people": "what most people said: the expression with most votes of FER+, on faces where one "
    "has more than all others, and the label of data sets without votes",
}
Truth = Literal["label", "most_votes", "people"]


class FerPlusAgreement(Record):
    """Agreement of a head with the ten annotators of FER+, on the validation split.

    Attributes:
        rule: which images are included and what their label is; a key of `VOTE_RULES`.
        accuracy: fraction on which the head agrees with the annotators.
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
    """A point of a risk-coverage curve, at one confidence threshold of the answers."""

    coverage: Share
    threshold: Share
    accuracy: Share


#: Number of equal parts into which `Selective.predicted` divides the confidence.
CONFIDENCE_BINS = 20

#: Number of faces from which `Selective.near` tells a share.
NEIGHBOURS = 40

#: Bins to either side of the confidence beyond which it looks for `LEAST_NEIGHBOURS` only: some
#: expressions are rare.
_REACH = 2
LEAST_NEIGHBOURS = 10

#: Least share of right answers among its neighbours for an answer to be given.
ENOUGH_RIGHT = 0.55


@dataclass(frozen=True)
class Neighbours:
    """Predictions of a confidence from `low` to `high`.

    Attributes:
        count: number of faces; of labels, if each face has two.
        correct: number of them with this true class.
    """

    low: float
    high: float
    count: int
    correct: int


class Selective(Record):
    """Selective prediction: the effect of answering "uncertain" below a threshold and a margin.

    Attributes:
        corruptions: each face is included once with each of them; empty if there were none.
        truth: the ground truth, and for which faces it is known; a key of `TRUTHS`. Where a face
            has two labels, it counts twice.
        threshold: confidence below which the answer is "uncertain".
        floors: confidence of each expression below which it is, too; see `floor`. Empty in older
            reports.
        cross_fitted_coverage: coverage with thresholds fitted on other faces (five folds), and the
            same floors.
        curve: the risk-coverage curve, highest confidence first.
        confusion: counts of the answers given; rows are the ground truth, columns the answers.
        calibration: all faces, answered or not, binned by confidence; without empty bins.
        predicted: counts of all faces, answered or not; rows are the most probable classes, columns
            are `CONFIDENCE_BINS` equal parts of the confidence from 0 to 1. On the validation split
            without corruption, with temperatures fitted on other faces. Empty in older reports.
        correct: how many of them are correct.
    """

    head: str
    split: str
    corruptions: tuple[str, ...] = ()
    truth: Truth
    target: Share
    threshold: Share
    margin: Share = 0.0
    floors: dict[ClassName, Share] = Field(default_factory=dict, exclude_if=operator.not_)
    coverage: Share
    accuracy: Share
    cross_fitted_coverage: Share
    cross_fitted_accuracy: Share
    curve: tuple[RiskPoint, ...]
    labels: tuple[ClassName, ...]
    confusion: tuple[tuple[int, ...], ...]
    calibration: tuple[CalibrationBin, ...]
    predicted: tuple[tuple[int, ...], ...] = ()
    correct: tuple[tuple[int, ...], ...] = ()

    @model_validator(mode="after")
    def _check_shapes(self) -> Self:
        classes = len(self.labels)
        check_table("confusion", self.confusion, classes, classes)
        if self.predicted or self.correct:
            check_table("predicted", self.predicted, classes, CONFIDENCE_BINS)
            check_table("correct", self.correct, classes, CONFIDENCE_BINS)
        return self

    @property
    def degraded(self) -> bool:
        """Whether the images were corrupted."""
        return bool(self.corruptions)

    @property
    def count(self) -> int:
        """Number of images, answered or not; each face counts once per corruption."""
        return sum(b.count for b in self.calibration)

    @property
    def calibration_error(self) -> float:
        """Expected calibration error over all images, answered or not."""
        return calibration_error(self.calibration)

    def answered_as(self, label: str) -> dict[str, int]:
        """Return how often each true label was answered as `label`; empty for unknown labels."""
        if label not in self.labels:
            return {}
        column = self.labels.index(label)
        return {n: row[column] for n, row in zip(self.labels, self.confusion, strict=True)}

    def near(self, label: str, confidence: float) -> Neighbours | None:
        """Return how often such a prediction was correct at about this confidence.

        The range around the confidence is as narrow as it can be with `NEIGHBOURS` faces, or, where
        they are rare, with `LEAST_NEIGHBOURS`. None if there are too few, or none were recorded.
        """
        if not self.predicted or label not in self.labels:
            return None
        row = self.labels.index(label)
        centre = min(int(confidence * CONFIDENCE_BINS), CONFIDENCE_BINS - 1)
        for reach in range(CONFIDENCE_BINS):
            low, high = max(0, centre - reach), min(CONFIDENCE_BINS, centre + reach + 1)
            count = sum(self.predicted[row][low:high])
            least = NEIGHBOURS if reach <= _REACH else LEAST_NEIGHBOURS
            if count >= least:
                correct = sum(self.correct[row][low:high])
                return Neighbours(low / CONFIDENCE_BINS, high / CONFIDENCE_BINS, count, correct)
        return None

    def floor(self, label: str) -> float:
        """Return the confidence from which on enough predictions of a class were correct.

        It is 1 if they never were, or if there are too few to say.
        """
        floor = 1.0
        for column in reversed(range(CONFIDENCE_BINS)):
            near = self.near(label, (column + 0.5) / CONFIDENCE_BINS)
            if near is None or near.correct / near.count < ENOUGH_RIGHT:
                break
            floor = column / CONFIDENCE_BINS
        return floor


class SeedVariance(Record):
    """Variation of the metrics between several seeds of the same short run.

    Attributes:
        initial_model: name of the model whose weights initialise every run; None if random.
        accuracies: of each run on the validation split, without test-time augmentation.
    """

    command: str
    initial_model: str | None = None
    epochs: int
    seeds: tuple[int, ...]
    accuracies: tuple[Share, ...]
    macro_f1s: tuple[Share, ...]
    training_seconds: tuple[float, ...]

    @model_validator(mode="after")
    def _check_lengths(self) -> Self:
        measured = (self.accuracies, self.macro_f1s, self.training_seconds)
        check_table("a run each", measured, len(measured), len(self.seeds))
        return self
