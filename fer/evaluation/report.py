"""``report.json``: all measurements of a model, written only by the training code.

The app reads it through the same classes, so it can show only what the training wrote.
"""

from __future__ import annotations

import operator
from typing import ClassVar

from pydantic import Field

from fer.evaluation.adaptation import Adaptation
from fer.evaluation.measurements import FerPlusAgreement, SeedVariance, Selective, Variant
from fer.evaluation.metrics import Evaluation
from fer.labels import BALANCED_HEAD, EXPRESSION_HEAD, FERPLUS_HEAD
from fer.model.spec import ModelSpec
from fer.records import FileName, Record, RecordFile, Share


class DomainEpoch(Record):
    """Loss and accuracy of the expression head on one domain's validation faces."""

    loss: float
    accuracy: float


class Epoch(Record):
    """Losses and accuracies of the expression head in one epoch.

    Training metrics are computed on augmented images during the weight updates. Validation metrics
    are computed on unaugmented images with the averaged (EMA) weights.

    Attributes:
        domains: validation metrics of each domain; empty where all data are of one.
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
        name: name of its model.
        command: command that repeats it.
        training_seconds: wall-clock time of the fit; None if it is not known.
        sha256: SHA-256 of its ``model.keras``; "" if it is not known.
        teacher_weight: weight of teachers in the targets of the expression head, 0…1.
        history: one entry per epoch; empty if its report is gone.
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
        name: name of the file or folder.
        sha256: SHA-256 of the data set.
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
    """A row of the network's layer table.

    Attributes:
        name: name of the layer.
        kind: Keras class.
        kernel: rows and columns of a convolution's or pooling layer's window; empty for others.
        stride: stride of a convolution.
        width: filters of a convolution, units of a dense layer; None for others.
        rate: rate of a dropout layer; None for others.
        activation: function of an activation layer; empty for others.
        shape: output shape without the batch dimension.
        parameters: number of weights, trainable or not.
        inputs: names of the preceding layers.
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
        name: name of the model.
        command: command that reproduces it.
        created: time of writing, ISO 8601 with time zone.
        preset: name of the preset.
        configuration: every field of the preset.
        seed: seed of initial weights, data order and augmentation.
        initial_model: name of the model whose weights initialised the training; None if random.
            If it is set, time and history cover only the last training.
        earlier_trainings: the trainings before it, first to last; empty if there are none, or if
            the report was written before they were kept.
        averaged_with: names of the models whose weights were averaged with the trained weights.
        teachers: names of the teacher models (knowledge distillation).
        teacher_weight: weight of the teachers in the targets of the expression head, 0…1.
        training_seconds: wall-clock time of the fit, summed over all parts of a resumed run.
        versions: versions of Python and of the packages that affect results.
        machine: processor, cores and accelerator.
        data: the data set.
        history: one entry per epoch.
        evaluations: metrics per split, without test-time augmentation, with temperature scaling.
        without_duplicates: the same, without images that are also in the training split.
        before_temperature: metrics of the validation split without temperature scaling.
        cross_fitted_calibration_error: calibration error of the validation split with temperatures
            fitted on other faces (five folds).
        ferplus_evaluations: metrics of the FER+ head per split, where its truth is the expression
            with most votes, on faces where one has more than all others; empty without such a head
            or votes.
        balanced_evaluations: metrics of the balanced head per split, where its truth is the label;
            empty without such a head.
        tta: the validation split with test-time augmentation; None if it was not measured.
        selective: effect of the thresholds for "uncertain" per split and head, on uncorrupted and
            on corrupted images.
        seed_variance: variation between seeds of a short run; None if it was not measured.
        robustness: the validation split under corruptions; empty if it was not measured.
        ferplus_agreement: agreement with FER+; empty if the data set has no votes.
        parameters: number of weights of the network.
        layers: layers of the network, in order.
        parity: largest difference between the probabilities of Keras and LiteRT.
        latency_ms: median time for one face with LiteRT on one thread of `machine`.
        files: files of the model directory, by name.
        adaptation: what teaching a trained model further images changed; None if it is none.
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

    def describes(self, spec: ModelSpec) -> bool:
        """Return whether the report belongs to the exact LiteRT file that a spec names."""
        file = self.files.get(spec.file)
        return file is not None and file.sha256 == spec.sha256
