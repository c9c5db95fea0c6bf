"""What a model directory holds: ``spec.json`` to run it and ``report.json`` to know it.

One schema writes and reads each file. An unknown key, a missing one or another version is an error,
so nothing can be shown that the training did not write.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fer.errors import ModelError
from fer.metrics import Evaluation

#: Name of the output that answers with the data set's own labels.
EXPRESSION_HEAD = "expression"

#: Name of the output that answers with the distribution of FER+'s ten votes.
VOTES_HEAD = "votes"

Positive = Annotated[int, Field(gt=0)]
Point = tuple[float, float]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _File(_Record):
    """A record with a file name of its own and a version."""

    filename: ClassVar[str]
    current_version: ClassVar[int]

    version: int

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read the record of a model directory.

        Raises:
            ModelError: the file is missing, no valid record, or of another version.
        """
        file = directory / cls.filename
        if not file.is_file():
            raise ModelError(
                f"{file} is missing. A model directory is written by "
                f"`python -m training train --out {directory}`."
            )
        try:
            record = cls.model_validate_json(file.read_bytes())
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"])) or "the file"
            raise ModelError(
                f"{file} is not a record of version {cls.current_version} of this project: "
                f"{place}: {first['msg']}. Export the model again."
            ) from error
        if record.version != cls.current_version:
            raise ModelError(
                f"{file} has version {record.version}, expected {cls.current_version}. "
                "Export the model again."
            )
        return record

    def save(self, directory: Path) -> None:
        """Write the record into a model directory."""
        directory.mkdir(parents=True, exist_ok=True)
        text = self.model_dump_json(indent=1)
        (directory / self.filename).write_text(text + "\n", encoding="utf-8")


class Framing(_Record):
    """Where a face stands in the images that a network learnt from.

    Attributes:
        side: of those images, in pixels; the unit of what follows.
        points: where right eye, left eye, nose tip and mouth are, ``(x, y)``; (0, 0) is the top
            left corner, the first pixel's centre is (0.5, 0.5).
        box_centre: middle of the detector's box.
        box_side: side of that box.
    """

    side: Positive
    points: tuple[Point, Point, Point, Point]
    box_centre: Point
    box_side: Annotated[float, Field(gt=0)]


class Head(_Record):
    """One output of the network.

    Attributes:
        name: of the output in the LiteRT file.
        labels: names of its columns.
        meaning: what its probabilities say, in a sentence for people.
        temperature: what logits are divided by, fitted on the validation split.
    """

    name: str
    labels: tuple[str, ...]
    meaning: str
    temperature: Annotated[float, Field(gt=0)] = 1.0


class ModelSpec(_File):
    """All that the app must know to run a model; standardisation is inside the network.

    Attributes:
        name: of the model.
        file: LiteRT file beside the record.
        sha256: of that file.
        input_size: height and width of a crop, in pixels.
        channels: 1 for grey, 3 for RGB.
        framing: how faces are cut out.
        heads: outputs, `EXPRESSION_HEAD` among them.
    """

    filename: ClassVar[str] = "spec.json"
    current_version: ClassVar[int] = 1

    version: int = current_version
    name: str
    file: str
    sha256: str
    input_size: Positive
    channels: Annotated[int, Field(ge=1, le=3)]
    framing: Framing
    heads: tuple[Head, ...]

    def head(self, name: str) -> Head:
        """Return one output.

        Raises:
            ModelError: the network has no such output.
        """
        for head in self.heads:
            if head.name == name:
                return head
        raise ModelError(f"model {self.name} has no output {name!r}, only {self.head_names}.")

    @property
    def head_names(self) -> tuple[str, ...]:
        """Names of all outputs."""
        return tuple(head.name for head in self.heads)

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the expressions that the app shows."""
        return self.head(EXPRESSION_HEAD).labels


class Epoch(_Record):
    """One pass over the training split; losses and accuracies are of the expression head.

    The training figures are on augmented images while the weights still moved, the validation
    figures on plain ones with the averaged weights.
    """

    loss: float
    accuracy: float
    validation_loss: float
    validation_accuracy: float
    learning_rate: float


class DataCard(_Record):
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


class Layer(_Record):
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


class FileCard(_Record):
    """One file of the model directory."""

    sha256: str
    bytes: int


class Slice(_Record):
    """The validation split under a disturbance.

    Attributes:
        name: short, such as ``darker``.
        description: what was done to each image.
        evaluation: the figures.
    """

    name: str
    description: str
    evaluation: Evaluation


class CrowdAgreement(_Record):
    """How often an output agrees with the ten voters of FER+, on the validation split.

    Attributes:
        head: output of the network.
        rule: which images count and what their label is.
        count: images that count.
        accuracy: share of them on which the output agrees.
        accuracy_low: lower end of its 95 % interval.
        accuracy_high: upper end.
    """

    head: str
    rule: str
    count: int
    accuracy: float
    accuracy_low: float
    accuracy_high: float


class Report(_File):
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
        robustness: the validation split under disturbances.
        crowd: agreement with FER+, empty where the data set has no votes.
        parameters: of the network.
        layers: of the network, in order.
        parity: largest difference between the probabilities of Keras and LiteRT.
        latency_ms: median time of one face through LiteRT on one thread of `machine`.
        files: of the model directory, by name.
    """

    filename: ClassVar[str] = "report.json"
    current_version: ClassVar[int] = 1

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
    robustness: tuple[Slice, ...]
    crowd: tuple[CrowdAgreement, ...]
    parameters: int
    layers: tuple[Layer, ...]
    parity: float
    latency_ms: float
    files: dict[str, FileCard]
