"""What a model directory holds: ``spec.json`` to run it; `fer.evaluation.report` has the rest."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar

from pydantic import Field

from fer.alignment import Framing
from fer.errors import ModelError
from fer.labels import EXPRESSION_HEAD
from fer.records import Positive, Record, RecordFile, Share


class Abstention(Record):
    """Below which confidence a head answers "uncertain". Chosen on the validation split.

    Attributes:
        threshold: least confidence of an answer, such that of the answers given a promised share is
            right; 0 where that holds for all, 1 where it holds for none.
        degraded_threshold: the same for a face that is small, blurred, dark or turned, chosen on
            validation images that were corrupted.
    """

    threshold: Share
    degraded_threshold: Share


class Head(Record):
    """One output of the network that answers.

    Attributes:
        name: `EXPRESSION_HEAD` or `FERPLUS_HEAD`.
        output: name of the output in the network's files.
        labels: names of its columns.
        meaning: what its probabilities say, in a sentence for people.
        temperature: what logits are divided by, fitted on the validation split.
        abstention: when it says "uncertain"; None where that was not measured, and it always does.
        activation_map: output with the class activation map, ``(n, rows, columns, labels)``: its
            mean over the places plus a constant is the logit. Empty where the file has none.
    """

    name: str
    output: str
    labels: tuple[str, ...]
    meaning: str
    temperature: Annotated[float, Field(gt=0)] = 1.0
    abstention: Abstention | None = None
    activation_map: str = ""

    @property
    def answers(self) -> bool:
        """Whether it was measured, and is sure enough of at least some answers to give them."""
        return self.abstention is not None and self.abstention.threshold < 1

    @property
    def thresholds(self) -> tuple[float, float]:
        """Least confidence of an answer, for a face without a flaw and for one with any."""
        if self.abstention is None:
            return math.inf, math.inf
        return self.abstention.threshold, self.abstention.degraded_threshold


class ModelSpec(RecordFile):
    """All that the app must know to run a model; standardisation is inside the network.

    Attributes:
        name: of the model.
        file: LiteRT file beside the record.
        sha256: of that file.
        input_size: height and width of a crop, in pixels.
        channels: 1 for grey, 3 for RGB.
        framing: how faces are cut out.
        heads: outputs that answer, `EXPRESSION_HEAD` among them.
    """

    filename: ClassVar[str] = "spec.json"
    current_version: ClassVar[int] = 2
    oldest_version: ClassVar[int] = 1

    version: int = current_version
    name: str
    file: str
    sha256: str
    input_size: Positive
    channels: Annotated[int, Field(ge=1, le=3)]
    framing: Framing
    heads: tuple[Head, ...]

    def head(self, name: str) -> Head:
        """Return one head.

        Raises:
            ModelError: the network has no such head.
        """
        for head in self.heads:
            if head.name == name:
                return head
        raise ModelError(
            f"model {self.name} has no head {name!r}, only {', '.join(self.head_names)}."
        )

    @property
    def head_names(self) -> tuple[str, ...]:
        """Names of all heads."""
        return tuple(head.name for head in self.heads)

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the expressions that the app shows."""
        return self.head(EXPRESSION_HEAD).labels
