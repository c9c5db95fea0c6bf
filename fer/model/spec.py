"""``spec.json``, which tells how to run a model; `fer.evaluation.report` has its measurements."""

from __future__ import annotations

import math
import operator
import os
from pathlib import Path
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from fer.alignment import Framing
from fer.errors import ModelError
from fer.labels import EXPRESSION_HEAD
from fer.records import ClassName, FileName, Positive, Record, RecordFile, Share

Weight = Annotated[float, Field(gt=0, lt=1)]


class Abstention(Record):
    """When a head answers "uncertain". Chosen on the validation split.

    Attributes:
        threshold: least confidence at which the answers given reach the target accuracy; 1 if no
            threshold does.
        degraded_threshold: the same for a face with a quality issue; chosen on corrupted
            validation images.
        margin: least difference between the two highest probabilities of an answer.
        floors: least confidence of an answer of each expression, for a face without and with a
            issue: from there on, enough of such answers were right; 1 if they never were, or if too
            few were seen to say. Empty if it was not measured.
    """

    threshold: Share
    degraded_threshold: Share
    margin: Share = 0.0
    floors: dict[ClassName, tuple[Share, Share]] = Field(
        default_factory=dict, exclude_if=operator.not_
    )


class Head(Record):
    """A classification head: an output of the network, or a blend of others.

    Attributes:
        name: `EXPRESSION_HEAD`, `FERPLUS_HEAD` or `BALANCED_HEAD`.
        output: name of the output in the network's files; empty for a blend.
        temperature: divisor of the logits, fitted on the validation split.
        abstention: None if it was not measured, and then every answer is "uncertain".
        activation_map: name of the output with the class activation maps, ``(n, rows, columns,
            labels)``, whose mean over rows and columns plus a constant is the logit. Empty if the
            file has none, and for a blend, whose maps follow from those of its parts.
        blend: weights of the heads that it blends, by their names, with a sum of 1; empty for an
            output of the network.
    """

    name: ClassName
    output: str = ""
    labels: tuple[ClassName, ...]
    meaning: str
    temperature: Annotated[float, Field(gt=0)] = 1.0
    abstention: Abstention | None = None
    activation_map: str = ""
    blend: dict[str, Weight] = Field(default_factory=dict)

    @property
    def can_answer(self) -> bool:
        """Whether thresholds were measured and the head reaches them for at least some faces."""
        return self.abstention is not None and self.abstention.threshold < 1

    @property
    def thresholds(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Least confidence of an answer of each label, for faces without and with an issue."""
        says = self.abstention
        if says is None:
            return ((math.inf,) * len(self.labels),) * 2
        floors = [says.floors.get(label, (0.0, 0.0)) for label in self.labels]
        return (
            tuple(max(says.threshold, plain) for plain, _ in floors),
            tuple(max(says.degraded_threshold, degraded) for _, degraded in floors),
        )

    @property
    def margin(self) -> float:
        """Least difference between the two highest probabilities of an answer."""
        return self.abstention.margin if self.abstention else 0.0


class ModelSpec(RecordFile):
    """Everything that is needed to run a model; standardisation is part of the network.

    Attributes:
        file: name of the LiteRT file in the same directory.
        channels: 1 for grey, 3 for RGB.
        heads: the classification heads, the usual one first; one of them is `EXPRESSION_HEAD`.
    """

    filename: ClassVar[str] = "spec.json"
    current_version: ClassVar[int] = 3

    version: int = current_version
    name: str
    file: FileName
    sha256: str
    input_size: Positive
    channels: Annotated[int, Field(ge=1, le=3)]
    framing: Framing
    heads: tuple[Head, ...]

    @model_validator(mode="after")
    def _check_heads(self) -> Self:
        outputs = {head.name: set(head.labels) for head in self.network_heads}
        for head in self.heads:
            if bool(head.output) == bool(head.blend):
                raise ValueError(f"head {head.name} needs either an output or heads to blend")
            if missing := head.blend.keys() - outputs.keys():
                raise ValueError(f"head {head.name} blends {', '.join(sorted(missing))}, not here")
            if any(not set(head.labels) <= outputs[part] for part in head.blend):
                raise ValueError(f"head {head.name} has labels that a head it blends lacks")
        return self

    def head(self, name: str | None = None) -> Head:
        """Return a head by its name, or else the usual one; ModelError for an unknown name."""
        name = name or self.default_head
        for head in self.heads:
            if head.name == name:
                return head
        raise ModelError(
            f"model {self.name} has no head {name!r}, only {', '.join(self.head_names)}."
        )

    @property
    def network_heads(self) -> tuple[Head, ...]:
        """The heads that are outputs of the network; blends follow from them."""
        return tuple(head for head in self.heads if head.output)

    @property
    def default_head(self) -> str:
        """Name of the head that answers where nobody has chosen another."""
        return next((head.name for head in self.heads if head.can_answer), EXPRESSION_HEAD)

    def has_activation_map(self, name: str) -> bool:
        """Return whether a head's class activation maps can be computed."""
        head = self.head(name)
        parts = [self.head(part) for part in head.blend] or [head]
        return all(part.activation_map for part in parts)

    @property
    def head_names(self) -> tuple[str, ...]:
        """Names of all heads."""
        return tuple(head.name for head in self.heads)

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the expressions of the data set's labels."""
        return self.head(EXPRESSION_HEAD).labels


def model_directory(model: str | os.PathLike[str]) -> Path:
    """Return the directory of a model from its path, or from its name beside the shipped one.

    A directory of the current folder comes before a name. It need not exist.
    """
    path = Path(model)
    named = shipped_model().parent / path
    is_name = path.name == os.fspath(model)
    return named if is_name and not path.is_dir() and named.is_dir() else path


def shipped_model() -> Path:
    """Return the directory of the model that ships with the wheel, or stands in a checkout."""
    package = Path(__file__).parent.parent
    installed = package / "_models" / "compact"
    return installed if installed.is_dir() else package.parent / "models" / "compact"
