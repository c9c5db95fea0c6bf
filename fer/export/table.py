"""What every table says of a face, and of all of its answers: when, and by what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

import numpy as np

from fer.model.spec import ModelSpec
from fer.types import FLAWS, UNCERTAIN, Faces, Floats

#: Begins a CSV file for Excel, which else reads it as if it were in the letters of one country.
BYTE_ORDER_MARK = "\ufeff"

#: Names of the sides of a box, in order.
BOX = ("left", "top", "right", "bottom")

#: Columns of a face in every table; one column per label follows. They are the box in pixels, the
#: detection score, the name of the head, the answer (an expression or "uncertain"), whether it is
#: uncertain (true or false), the quality flaws (separated by semicolons), the most probable
#: expression and its probability.
_COLUMNS = (
    *BOX,
    *("detection_score", "head", "answer", "uncertain", "quality", "expression", "confidence"),
)


def face_columns(labels: Sequence[str]) -> list[str]:
    """Return the column names of `face_cells`."""
    return [*_COLUMNS, *labels]


def face_record(
    box: Floats,
    score: float,
    head: str,
    labels: Sequence[str],
    probabilities: Floats,
    uncertain: bool,
    flaws: Sequence[bool],
) -> dict[str, Any]:
    """Return a face as a JSON-ready object with rounded numbers.

    Its keys are "box" (left, top, right, bottom in pixels), "probabilities" (by the head's own
    labels), and the columns between them in a table, see `face_columns`.

    Args:
        box: ``(4,)`` xyxy in pixels.
        score: detection score, 0…1.
        head: name of the head that answered.
        labels: names of its ``k`` classes.
        probabilities: ``(k,)`` probabilities of `labels`.
        uncertain: whether the answer is "uncertain".
        flaws: one per `fer.types.FLAWS`.
    """
    # Chosen before rounding, which may create a tie that the annotated image does not have.
    best = labels[int(np.argmax(probabilities))]
    shares = {n: round(float(p), 4) for n, p in zip(labels, probabilities, strict=True)}
    return {
        "box": [round(float(side), 1) for side in box],
        "detection_score": round(float(score), 4),
        "head": head,
        "answer": UNCERTAIN if uncertain else best,
        "uncertain": bool(uncertain),
        "quality": [name for name, on in zip(FLAWS, flaws, strict=True) if on],
        "expression": best,
        "confidence": shares[best],
        "probabilities": shares,
    }


def face_records(faces: Faces) -> list[dict[str, Any]]:
    """Return the `face_record` of each face, in the order of `faces`."""
    columns = faces.xyxy, faces.score, faces.probabilities, faces.uncertain, faces.flaws
    return [
        face_record(box, score, faces.head, faces.labels, probabilities, uncertain, flaws)
        for box, score, probabilities, uncertain, flaws in zip(*columns, strict=True)
    ]


def face_cells(record: Mapping[str, Any], labels: Sequence[str]) -> list[object]:
    """Return a `face_record` as the cells of a CSV table with these labels; see `face_columns`.

    Cells of labels that the head lacks are empty.
    """
    cells = {
        **record,
        "uncertain": str(record["uncertain"]).lower(),
        "quality": ";".join(record["quality"]),
    }
    shares = record["probabilities"]
    between = [cells[column] for column in _COLUMNS[len(BOX) :]]
    return [*record["box"], *between, *(shares.get(label, "") for label in labels)]


@dataclass(frozen=True)
class ExportInfo:
    """When answers were made, and with which model and detector.

    Attributes:
        time: date, time and zone; of a session, those of its first frame.
        model: name of the model.
        sha256: SHA-256 of the model's file.
        detector: name and version of what found the faces; see `fer.detection.version`.
        heads: labels of each head of the model, by its name.
        others: name and SHA-256 of each further model that answered, where that was changed.
    """

    time: datetime
    model: str
    sha256: str
    detector: str
    heads: dict[str, tuple[str, ...]]
    others: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if self.time.tzinfo is None:
            raise ValueError(f"expected a time with its zone, got {self.time.isoformat()}")

    @classmethod
    def of(cls, spec: ModelSpec, detector: str, time: datetime) -> ExportInfo:
        """Describe an export of answers of a model."""
        heads = {head.name: head.labels for head in spec.heads}
        return cls(time, spec.name, spec.sha256, detector, heads)

    @property
    def labels(self) -> tuple[str, ...]:
        """The distinct labels of all heads, in order of first occurrence."""
        return tuple(dict.fromkeys(chain.from_iterable(self.heads.values())))

    @property
    def iso_time(self) -> str:
        """The time in ISO 8601, to the second."""
        return self.time.isoformat(timespec="seconds")

    def iso_time_after(self, seconds: float) -> str:
        """Return the time after so many seconds, in ISO 8601 with milliseconds and zone."""
        # `isoformat` cuts off what is below a millisecond.
        when = self.time + timedelta(seconds=seconds, microseconds=500)
        return when.isoformat(timespec="milliseconds")

    def record(self) -> dict[str, object]:
        """Return model and detector as a JSON-ready object; all models where there are several."""
        first, *others = [
            {"name": name, "sha256": sha256}
            for name, sha256 in ((self.model, self.sha256), *self.others)
        ]
        several = {"models": [first, *others]} if others else {}
        return {"model": first, **several, "detector": self.detector}
