"""``report.json``: all measurements of a model, written only by the training code.

The app reads it through the same classes, so it can show only what the training wrote.
"""

from __future__ import annotations

import operator
from typing import ClassVar, Literal

from pydantic import Base64Bytes, Field

from fer.evaluation.measurements import FerPlusAgreement, SeedVariance, Selective, Variant
from fer.evaluation.metrics import Evaluation
from fer.labels import BALANCED_HEAD, EXPRESSION_HEAD, FERPLUS_HEAD
from fer.model.spec import ModelSpec
from fer.records import FileName, Record, RecordFile, Share

#: What follows the name of a split where all domains are measured together.
ALL_DOMAINS = ", all domains"

#: Where temperatures and thresholds are from, as sentences for users.
CALIBRATIONS = {
    "fitted": "Temperatures and thresholds were fitted on the replayed data's validation split "
    "together with one's own.",
    "own": "Temperatures and thresholds were fitted on one's own images held out; those of the "
    "FER+ head are kept unless the images have votes.",
    "kept": "Temperatures and thresholds are those of the initial model, though it says other "
    "things now: the images held out are too few to fit them.",
}
Calibration = Literal["fitted", "own", "kept"]


class Given(Record):
    """The share of faces with an answer, and of right ones among the answers, 0 without any."""

    answered: Share
    right: Share


class Change(Record):
    """What a head answers to the same faces before and after; `given` is None in older reports."""

    head: str
    data: str
    split: str
    before: Evaluation
    after: Evaluation
    given_before: Given | None = None
    given_after: Given | None = None

    @property
    def gained(self) -> float:
        """Difference of the accuracies, −1…1."""
        return self.after.accuracy - self.before.accuracy


class OwnData(Record):
    """The images that a model was taught, by split and class, and those of other classes."""

    name: str
    sha256: str
    class_counts: dict[str, dict[str, int]]
    left_out: dict[str, int]

    @property
    def learnt(self) -> int:
        """Number of images that were learnt from."""
        return sum(self.class_counts["train"].values())


class Replay(Record):
    """What was replayed beside them.

    Attributes:
        of_initial_model: whether the initial model had been trained on this very data set.
    """

    name: str
    sha256: str
    pool: int
    per_epoch: int
    of_initial_model: bool


class Adaptation(Record):
    """What teaching a trained model further images changed.

    Attributes:
        own_changes: before and after on the images held out, of each head that knows these classes.
        replay_changes: before and after on the validation split of what was replayed, where
            forgetting shows; empty if nothing was.
        calibration: where temperatures and thresholds are from, a key of `CALIBRATIONS`.
        seconds: wall-clock time of the training, without measuring.
    """

    initial_model: str
    initial_sha256: str
    own: OwnData
    replay: Replay | None
    own_changes: tuple[Change, ...]
    replay_changes: tuple[Change, ...]
    calibration: Calibration
    seconds: float


class Mistake(Record):
    """A face, as the network saw it, and a wrong answer about it with its probability."""

    head: str
    truth: str
    answer: str
    confidence: Share
    png: Base64Bytes


class Mistakes(RecordFile):
    """Some of the most confident mistakes of a LiteRT file on one split, most confident first."""

    filename: ClassVar[str] = "mistakes.json"
    current_version: ClassVar[int] = 1

    version: int = current_version
    sha256: str
    data: str
    split: str
    mistakes: tuple[Mistake, ...]

    def describes(self, spec: ModelSpec) -> bool:
        """Return whether the answers are those of the exact LiteRT file that a spec names."""
        return self.sha256 == spec.sha256

    def of(self, head: str, truth: str, answer: str) -> tuple[Mistake, ...]:
        """Return the mistakes of a head where a class was taken for another."""
        wanted = (head, truth, answer)
        return tuple(m for m in self.mistakes if (m.head, m.truth, m.answer) == wanted)


class DomainEpoch(Record):
    """Loss and accuracy of the expression head on one domain's validation faces."""

    loss: float
    accuracy: float


class Epoch(Record):
    """Losses and accuracies of the expression head in one epoch.

    Training metrics are computed on augmented images during the weight updates. Validation metrics
    are computed on unaugmented images with the averaged (EMA) weights, and for each domain, where
    there are several.
    """

    loss: float
    accuracy: float
    validation_loss: float
    validation_accuracy: float
    learning_rate: float
    domains: dict[str, DomainEpoch] = Field(default_factory=dict, exclude_if=operator.not_)


class EarlierTraining(Record):
    """A training with whose weights a later one began.

    Attributes:
        training_seconds: wall-clock time of the fit; None if it is not known.
        sha256: SHA-256 of its ``model.keras``; "" if it is not known.
        teacher_weight: weight of teachers in the targets of the expression head, 0…1.
    """

    name: str
    command: str
    training_seconds: float | None = None
    sha256: str = ""
    teacher_weight: Share = 0.0
    history: tuple[Epoch, ...] = ()


class DataCard(Record):
    """The data set used for training and evaluation.

    Attributes:
        class_counts: number of faces per split and class, before cleaning.
        dropped: number of training faces left out, by reason.
        domains: SHA-256 of each domain's data set, where there are several.
    """

    name: str
    sha256: str
    class_counts: dict[str, dict[str, int]]
    dropped: dict[str, int]
    domains: dict[str, str] = Field(default_factory=dict, exclude_if=operator.not_)


class Layer(Record):
    """A row of the network's layer table; what a kind of layer lacks is empty or None.

    Attributes:
        kernel: rows and columns of a convolution's or pooling layer's window.
        width: filters of a convolution, units of a dense layer.
        shape: output shape without the batch dimension.
        parameters: number of weights, trainable or not.
    """

    name: str
    kind: str
    kernel: tuple[int, ...] = ()
    stride: int = 1
    width: int | None = None
    rate: float | None = None
    activation: str = ""
    shape: tuple[int, ...]
    parameters: int
    inputs: tuple[str, ...]


class FileCard(Record):
    """One file of the model directory."""

    sha256: str
    bytes: int


class Report(RecordFile):
    """All measurements of a model.

    Attributes:
        initial_model: name of the model whose weights initialised the training; None if random. If
            it is set, time and history cover only the last training.
        earlier_trainings: the trainings before it, first to last; empty if there are none, or if
            the report was written before they were kept.
        teacher_weight: weight of the teachers in the targets of the expression head, 0…1.
        training_seconds: wall-clock time of the fit, summed over all parts of a resumed run.
        evaluations: metrics per split, without test-time augmentation, with temperature scaling.
        without_duplicates: the same, without images that are also in the training split.
        cross_fitted_calibration_error: calibration error of the validation split with temperatures
            fitted on other faces (five folds).
        ferplus_evaluations: metrics of the FER+ head per split, where its truth is the expression
            with most votes, on faces where one has more than all others; empty without such a head
            or votes.
        balanced_evaluations: metrics of the balanced head per split, where its truth is the label;
            empty without such a head.
        selective: effect of the thresholds for "uncertain" per split and head, on uncorrupted and
            on corrupted images.
        parity: largest difference between the probabilities of Keras and LiteRT.
        latency_ms: median time for one face with LiteRT on one thread of `machine`.
    """

    filename: ClassVar[str] = "report.json"
    current_version: ClassVar[int] = 5

    version: int = current_version
    name: str
    command: str
    created: str
    preset: str
    configuration: dict[str, object]
    seed: int
    initial_model: str | None = None
    earlier_trainings: tuple[EarlierTraining, ...] = ()
    averaged_with: tuple[str, ...] = ()
    teachers: tuple[str, ...] = ()
    teacher_weight: Share = 0.0
    training_seconds: float
    versions: dict[str, str]
    machine: str
    data: DataCard
    history: tuple[Epoch, ...]
    evaluations: dict[str, Evaluation]
    without_duplicates: dict[str, Evaluation]
    before_temperature: Evaluation
    cross_fitted_calibration_error: Share
    ferplus_evaluations: dict[str, Evaluation] = Field(default_factory=dict)
    balanced_evaluations: dict[str, Evaluation] = Field(default_factory=dict)
    tta: Variant | None
    selective: tuple[Selective, ...]
    seed_variance: SeedVariance | None = None
    robustness: tuple[Variant, ...]
    ferplus_agreement: tuple[FerPlusAgreement, ...]
    parameters: int
    layers: tuple[Layer, ...]
    parity: float
    latency_ms: float
    files: dict[FileName, FileCard]
    adaptation: Adaptation | None = None

    def evaluations_of(self, head: str) -> dict[str, Evaluation]:
        """Return the metrics of a head by split; empty if it was not measured."""
        others = {
            BALANCED_HEAD: self.balanced_evaluations,
            FERPLUS_HEAD: self.ferplus_evaluations,
            EXPRESSION_HEAD: self.evaluations,
        }
        return others.get(head, {})

    def selective_of(self, split: str, head: str, *, degraded: bool = False) -> Selective | None:
        """Return what a head answers on pictures as they are, or made poor; None if unmeasured."""
        wanted = (split, head, degraded)
        found = (s for s in self.selective if (s.split, s.head, s.degraded) == wanted)
        return next(found, None)

    def describes(self, spec: ModelSpec) -> bool:
        """Return whether the report belongs to the exact LiteRT file that a spec names."""
        file = self.files.get(spec.file)
        return file is not None and file.sha256 == spec.sha256
