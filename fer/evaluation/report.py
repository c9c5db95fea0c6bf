"""Everything that was measured about a model: ``report.json``, written by the training alone.

The app reads it through the same classes, so nothing can be shown that the training did not write.
"""

from __future__ import annotations

from typing import ClassVar

from fer.evaluation.measurements import FerPlusAgreement, SeedVariance, Selective, Variant
from fer.evaluation.metrics import Evaluation
from fer.model.spec import ModelSpec
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
        kernel: rows and columns that a convolution or a pooling looks at; empty for others.
        stride: of a convolution.
        width: filters of a convolution, units of a dense layer; None for others.
        rate: of dropout; None for others.
        activation: name of the function, of an activation layer.
        shape: of the output, without the batch.
        parameters: all weights, trained or not.
        inputs: names of the layers it reads.
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
    """Everything that was measured about a model, written by the training alone.

    Attributes:
        name: of the model.
        command: what reproduces it.
        created: time of writing, ISO 8601 with its zone.
        preset: name of the configuration.
        configuration: every field of it.
        seed: decides weights, order and augmentation.
        initial_model: name of the model whose weights the training began with; None for random
            ones. Then time and history are of the last part alone.
        averaged_with: names of the models whose weights were averaged with the outcome.
        teachers: names of the models that it learnt from.
        teacher_weight: share of their answers in what the expression head learnt, 0…1.
        training_seconds: wall clock of the fit, all parts of a resumed run together.
        versions: of Python and the packages that matter.
        machine: processor, cores and accelerator.
        data: what was trained and evaluated on.
        history: one entry per epoch.
        evaluations: per split, single view, with temperature.
        without_duplicates: the same, without images that also stand in the training split.
        before_temperature: the validation split without temperature.
        cross_fitted_calibration_error: of the validation split, with temperatures that were fitted
            on other faces (five folds).
        tta: the validation split with test-time augmentation.
        selective: what the thresholds for "uncertain" do, per split and head, to pictures as they
            are and to corrupted ones.
        seed_variance: the same short run with several seeds; None until it was measured.
        robustness: the validation split under corruptions.
        ferplus_agreement: agreement with FER+, empty where the data set has no votes.
        parameters: of the network.
        layers: of the network, in order.
        parity: largest difference between the probabilities of Keras and LiteRT.
        latency_ms: median time of one face through LiteRT on one thread of `machine`.
        files: of the model directory, by name.
    """

    filename: ClassVar[str] = "report.json"
    current_version: ClassVar[int] = 4
    oldest_version: ClassVar[int] = 3

    version: int = current_version
    name: str
    command: str
    created: str
    preset: str
    configuration: dict[str, object]
    seed: int
    initial_model: str | None = None
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
    tta: Variant
    selective: tuple[Selective, ...]
    seed_variance: SeedVariance | None = None
    robustness: tuple[Variant, ...]
    ferplus_agreement: tuple[FerPlusAgreement, ...]
    parameters: int
    layers: tuple[Layer, ...]
    parity: float
    latency_ms: float
    files: dict[str, FileCard]

    def describes(self, spec: ModelSpec) -> bool:
        """Tell whether this is about the very weights that a spec names."""
        file = self.files.get(spec.file)
        return file is not None and file.sha256 == spec.sha256
