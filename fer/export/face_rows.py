"""What is said about one face, for photographs, recordings and cameras alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fer.types import FLAWS, UNCERTAIN, Faces, Floats

_BOX = ("left", "top", "right", "bottom")

#: The columns of a face in every table, before one per label: its box in pixels, the detector's
#: score, the head that answered, "uncertain" or the expression, whether it is uncertain (true,
#: false), what is wrong with its picture (with semicolons between), the most probable expression
#: and the probability of that.
_COLUMNS = (
    *_BOX,
    *("score", "head", "answer", "uncertain", "quality", "expression", "confidence"),
)


def face_columns(labels: Sequence[str]) -> list[str]:
    """Return the names of the columns of `FaceRow.cells`."""
    return [*_COLUMNS, *labels]


@dataclass(frozen=True)
class FaceRow:
    """One face, with figures as they are shown: rounded.

    Attributes:
        box: left, top, right, bottom in pixels.
        score: how sure the detector is, 0…1.
        head: of the network, which answered.
        answer: what FER Lens says: an expression, or "uncertain".
        quality: what is wrong with the picture, names of `fer.types.FLAWS`.
        expression: the most probable one in any case.
        confidence: its probability.
        probabilities: by label, of the head's own labels alone.
    """

    box: tuple[float, ...]
    score: float
    head: str
    answer: str
    quality: tuple[str, ...]
    expression: str
    confidence: float
    probabilities: dict[str, float]

    @classmethod
    def of(
        cls,
        *,
        box: Floats,
        score: float,
        head: str,
        labels: Sequence[str],
        probabilities: Floats,
        uncertain: bool,
        flaws: Sequence[bool],
    ) -> FaceRow:
        """Return the row of a face.

        Args:
            box: ``(4,)`` xyxy in pixels.
            score: of the detector.
            head: of the network, which answered.
            labels: names of its ``k`` classes.
            probabilities: ``(k,)`` of them.
            uncertain: whether that is the answer.
            flaws: one per `fer.types.FLAWS`.
        """
        # Before rounding, which may make two equal that were not when the picture was marked.
        best = labels[int(np.argmax(probabilities))]
        shares = {n: round(float(p), 4) for n, p in zip(labels, probabilities, strict=True)}
        return cls(
            box=tuple(round(float(v), 1) for v in box),
            score=round(float(score), 4),
            head=head,
            answer=UNCERTAIN if uncertain else best,
            quality=tuple(name for name, on in zip(FLAWS, flaws, strict=True) if on),
            expression=best,
            confidence=shares[best],
            probabilities=shares,
        )

    @property
    def uncertain(self) -> bool:
        """Whether there is no answer but "uncertain"."""
        return self.answer == UNCERTAIN

    def record(self) -> dict[str, Any]:
        """Return the row as a JSON-ready object."""
        return {
            "box": list(self.box),
            "score": self.score,
            "head": self.head,
            "answer": self.answer,
            "uncertain": self.uncertain,
            "quality": list(self.quality),
            "expression": self.expression,
            "confidence": self.confidence,
            "probabilities": self.probabilities,
        }

    def cells(self, labels: Sequence[str]) -> list[object]:
        """Return the row as cells of a table; see `face_columns`.

        Args:
            labels: of the table's columns; empty cells for those that the head does not have.
        """
        return [
            *self.box,
            self.score,
            self.head,
            self.answer,
            str(self.uncertain).lower(),
            ";".join(self.quality),
            self.expression,
            self.confidence,
            *(self.probabilities.get(label, "") for label in labels),
        ]


def face_rows(faces: Faces) -> list[FaceRow]:
    """Return one row per face of a picture, in their order."""
    return [
        FaceRow.of(
            box=faces.xyxy[i],
            score=float(faces.score[i]),
            head=faces.head,
            labels=faces.labels,
            probabilities=faces.probabilities[i],
            uncertain=bool(uncertain),
            flaws=faces.flaws[i].tolist(),
        )
        for i, uncertain in enumerate(faces.uncertain)
    ]
