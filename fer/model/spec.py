"""What a model directory holds: ``spec.json`` to run it; `fer.evaluation.report` has the rest.

One schema writes and reads each file. An unknown key, a missing one or another version is an error,
so nothing can be shown that the training did not write.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fer.errors import ModelError

#: Name of the output that answers with the data set's own labels.
EXPRESSION_HEAD = "expression"

#: Name of the output that answers with the distribution of FER+'s ten votes.
VOTES_HEAD = "votes"

Positive = Annotated[int, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Point = tuple[float, float]


class Record(BaseModel):
    """A record that cannot be changed and has no unknown key."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class RecordFile(Record):
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


class Framing(Record):
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


class Head(Record):
    """One output of the network.

    Attributes:
        name: of the output in the LiteRT file.
        labels: names of its columns.
        meaning: what its probabilities say, in a sentence for people.
        temperature: what logits are divided by, fitted on the validation split.
        threshold: confidence below which the answer is "uncertain"; 0 for never. Chosen on the
            validation split so that of the answers given a promised share is right.
        flawed_threshold: the same for a face that is small, blurred or dark, chosen on validation
            images that were made so.
        evidence: output with the class activation map, ``(n, rows, columns, labels)``: its mean
            over the places plus a constant is the logit. Empty where the file has none.
    """

    name: str
    labels: tuple[str, ...]
    meaning: str
    temperature: Annotated[float, Field(gt=0)] = 1.0
    threshold: Share = 0.0
    flawed_threshold: Share = 0.0
    evidence: str = ""


class ModelSpec(RecordFile):
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
