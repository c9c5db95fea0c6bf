"""Everything that was measured about a model: ``report.json``, written by the training alone.

The app reads it through the same classes, so nothing can be shown that the training did not write.
"""

from __future__ import annotations

from typing import ClassVar

from fer.evaluation.metrics import CalibrationBin, Evaluation, calibration_error
from fer.records import Record, RecordFile, Share


class Epoch(Record):
    """One pass over the training split; losses and accuracies are of the expression head.

    The training figures are on augmented images while the weights still moved, the validation
    figures on plain ones with the averaged weights.
    """

    loss: float
    accuracy: float
    validation_loss: float
    validation_accuracy: float
    learning_rate: float


class DataCard(Record):
    """What was trained and evaluated on.

    Attributes:
        name: of the file or folder.
        sha256: of the file.
        class_counts: faces per split and class, before cleaning.
        dropped: training faces left out, by reason.
    """

    name: str
    sha256: str
    class_counts: dict[str, dict[str, int]]
    dropped: dict[str, int]


class Layer(Record):
    """A row of the network's layer table.

    Attributes:
        name: of the layer.
        kind: Keras class.
        detail: kernel, stride, width, rate: what tells it from others of its kind; may be empty.
        shape: of the output, without the batch.
        parameters: all weights, trained or not.
        inputs: names of the layers it reads.
    """

    name: str
    kind: str
    detail: str
    shape: tuple[int, ...]
    parameters: int
    inputs: tuple[str, ...]


class FileCard(Record):
    """One file of the model directory."""

    sha256: str
    bytes: int


class Slice(Record):
    """The validation split, looked at in another way: under a disturbance, or in several views.

    Attributes:
        name: short, such as ``darker``.
        description: what was done to each image.
        evaluation: the figures.
    """

    name: str
    description: str
    evaluation: Evaluation


class CrowdAgreement(Record):
    """How often an output agrees with the ten voters of FER+, on the validation split.

    Attributes:
        head: output of the network.
        rule: which images count and what their label is.
        count: images that count.
        accuracy: share of them on which the output agrees.
        accuracy_low: lower end of its 95 % interval.
        accuracy_high: upper end.
        macro_f1: mean F1 of the classes that occur.
    """

    head: str
    rule: str
    count: int
    accuracy: float
    accuracy_low: float
    accuracy_high: float
    macro_f1: Share


#: What was done to pictures that are used as they are.
PLAIN_PICTURES = "as they are"


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
        head: output of the network.
        split: of the data set.
        pictures: what was done to them.
        versions: of each face's picture, where it was made poor in several ways.
        truth: what counts as right, and of which faces it is known.
        target: share of the answers that the threshold was chosen for.
        threshold: confidence below which the answer is "uncertain".
        coverage: share of the faces that are answered.
        accuracy: share of these answers that is right.
        cross_fitted_coverage: the same with thresholds from other faces (five parts).
        cross_fitted_accuracy: likewise.
        curve: the risk-coverage curve, the surest first.
        labels: classes of the head.
        confusion: counts of the answers that are given; rows are the truth, columns the answers.
        calibration: all faces by confidence, answered or not; bins that hold at least one.
    """

    head: str
    split: str
    pictures: str
    versions: int = 1
    truth: str
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
    def plain(self) -> bool:
        """Whether it is about the pictures as they are, not about poor ones."""
        return self.pictures == PLAIN_PICTURES

    @property
    def count(self) -> int:
        """Pictures that were to be answered."""
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


class Spread(Record):
    """How much of a figure is chance: the same short run with several seeds.

    Attributes:
        command: what repeats it.
        begins_with: name of the model whose weights every run begins with; "" for random ones.
        epochs: of each run.
        seeds: one per run.
        accuracies: on the validation split, single view.
        macro_f1s: likewise.
        training_seconds: wall clock of each.
    """

    command: str
    begins_with: str = ""
    epochs: int
    seeds: tuple[int, ...]
    accuracies: tuple[Share, ...]
    macro_f1s: tuple[Share, ...]
    training_seconds: tuple[float, ...]


class Report(RecordFile):
    """Everything that was measured about a model, written by the training alone.

    Attributes:
        name: of the model.
        command: what reproduces it.
        created: time of writing, ISO 8601 with its zone.
        configuration: every field of the preset.
        seed: decides weights, order and augmentation.
        training_seconds: wall clock of the fit, all parts of a resumed run together.
        versions: of Python and the packages that matter.
        machine: processor, cores and accelerator.
        data: what was trained and evaluated on.
        history: one entry per epoch.
        evaluations: per split, single view, with temperature.
        without_duplicates: the same, without images that also stand in the training split.
        before_temperature: the validation split without temperature.
        cross_fitted_calibration_error: of the validation split, with temperatures that were fitted
            on other faces (five parts).
        views: the validation split under test-time views.
        selective: what the thresholds for "uncertain" do, per split and head, to plain pictures
            and to poor ones.
        spread: the same short run with several seeds; ``None`` until it was measured.
        robustness: the validation split under disturbances.
        crowd: agreement with FER+, empty where the data set has no votes.
        parameters: of the network.
        layers: of the network, in order.
        parity: largest difference between the probabilities of Keras and LiteRT.
        latency_ms: median time of one face through LiteRT on one thread of `machine`.
        files: of the model directory, by name.
    """

    filename: ClassVar[str] = "report.json"
    current_version: ClassVar[int] = 3

    version: int = current_version
    name: str
    command: str
    created: str
    configuration: dict[str, object]
    seed: int
    training_seconds: float
    versions: dict[str, str]
    machine: str
    data: DataCard
    history: tuple[Epoch, ...]
    evaluations: dict[str, Evaluation]
    without_duplicates: dict[str, Evaluation]
    before_temperature: Evaluation
    cross_fitted_calibration_error: Share
    views: Slice
    selective: tuple[Selective, ...]
    spread: Spread | None = None
    robustness: tuple[Slice, ...]
    crowd: tuple[CrowdAgreement, ...]
    parameters: int
    layers: tuple[Layer, ...]
    parity: float
    latency_ms: float
    files: dict[str, FileCard]

    @property
    def is_last_part(self) -> bool:
        """Whether the training began with a trained model, so that time and curves are not all."""
        return "--init" in self.command

    @property
    def is_average(self) -> bool:
        """Whether the weights are the mean of this training's and those of others."""
        return "--average" in self.command
