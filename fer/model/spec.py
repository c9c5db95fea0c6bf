"""What a model directory holds: ``spec.json`` to run it; `fer.evaluation.report` has the rest."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from fer.alignment import Framing
from fer.errors import ModelError
from fer.records import Positive, Record, RecordFile, Share

#: Name of the output that answers with the data set's own labels.
EXPRESSION_HEAD = "expression"

#: Name of the output that answers with the distribution of FER+'s ten votes.
VOTES_HEAD = "votes"


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
