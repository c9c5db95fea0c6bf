"""A camera session or a video as rows: one per face and frame, one per frame without a face."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fer.export.face_rows import FaceRow, face_columns
from fer.types import FLAWS, Faces, Floats

#: `track` of a row that stands for a frame without a face.
NO_FACE = -2


@dataclass(frozen=True)
class HeadLabels:
    """A head that may answer, by name, and its labels."""

    name: str
    labels: tuple[str, ...]


def row_type(labels: tuple[str, ...]) -> np.dtype:
    """Return how one row is stored: 70 bytes with seven labels."""
    return np.dtype(
        [
            ("seconds", np.float64),
            ("track", np.int32),
            ("width", np.uint16),
            ("height", np.uint16),
            ("box", np.float32, (4,)),
            ("score", np.float32),
            ("head", np.uint8),
            ("uncertain", np.bool_),
            ("flaws", np.bool_, (len(FLAWS),)),
            ("probabilities", np.float32, (len(labels),)),
        ]
    )


@dataclass(frozen=True)
class StreamRows:
    """Rows in the order of time. ``n`` may be 0.

    Attributes:
        array: ``(n,)`` of `row_type`; boxes in pixels of a picture of ``width`` × ``height``;
            probabilities of labels that the row's head does not have are 0.
        heads: what may have answered; a row's ``head`` is a position here.
    """

    array: NDArray[np.void]
    heads: tuple[HeadLabels, ...]

    def __post_init__(self) -> None:
        expected = row_type(self.labels)
        if self.array.dtype != expected or self.array.ndim != 1:
            raise ValueError(
                f"expected rows (n,) of {expected}, got {self.array.shape} of {self.array.dtype}"
            )

    def __len__(self) -> int:
        return len(self.array)

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the probabilities' columns: the labels of all heads."""
        return labels_of(self.heads)

    @classmethod
    def empty(cls, heads: tuple[HeadLabels, ...]) -> StreamRows:
        """Return no rows."""
        return cls(np.zeros(0, row_type(labels_of(heads))), heads)

    @classmethod
    def of(
        cls, faces: Faces, size: tuple[int, int], heads: tuple[HeadLabels, ...] = ()
    ) -> StreamRows:
        """Return the rows of one frame.

        Args:
            faces: of the frame; its `seconds` must be known.
            size: width and height of the frame in pixels.
            heads: what may answer, that of `faces` among them; that alone if not given.
        """
        if faces.seconds is None:
            raise ValueError("expected the faces of a stream, got those of a still photograph")
        heads = heads or (HeadLabels(faces.head, faces.labels),)
        labels = labels_of(heads)
        array = np.zeros(max(1, len(faces)), row_type(labels))
        array["seconds"] = faces.seconds
        array["width"], array["height"] = size
        array["head"] = [head.name for head in heads].index(faces.head)
        if len(faces):
            array["track"] = faces.track_id
            array["box"] = faces.xyxy
            array["score"] = faces.score
            array["uncertain"] = faces.uncertain
            array["flaws"] = faces.flaws
            columns = [labels.index(label) for label in faces.labels]
            array["probabilities"][:, columns] = faces.probabilities
        else:
            array["track"] = NO_FACE
        return cls(array, heads)

    def used(self) -> StreamRows:
        """Return the same rows with the heads that occur in them alone; the first if none do."""
        kept = np.unique(self.array["head"]).tolist() or [0]
        if len(kept) == len(self.heads):
            return self
        heads = tuple(self.heads[i] for i in kept)
        labels = labels_of(heads)
        array = np.zeros(len(self), row_type(labels))
        for name in array.dtype.names or ():
            if name not in ("head", "probabilities"):
                array[name] = self.array[name]
        array["head"] = np.searchsorted(kept, self.array["head"])
        columns = [self.labels.index(label) for label in labels]
        array["probabilities"] = self.array["probabilities"][:, columns]
        return StreamRows(array, heads)

    @property
    def seconds(self) -> NDArray[np.float64]:
        """Time of each row since the start of the session, ``(n,)``."""
        return self.array["seconds"]

    @property
    def track(self) -> NDArray[np.int32]:
        """Number of each row's person, `NO_FACE` in a row without one, ``(n,)``."""
        return self.array["track"]

    @property
    def probabilities(self) -> Floats:
        """Of each expression, ``(n, k)``; 0 for a label that the row's head does not have."""
        return self.array["probabilities"]

    @property
    def has_face(self) -> NDArray[np.bool_]:
        """Whether each row is about a face, ``(n,)``."""
        return self.track != NO_FACE

    def take(self, index: NDArray | slice) -> StreamRows:
        """Return the rows at `index` (a mask, positions or a slice)."""
        return StreamRows(self.array[index], self.heads)


def labels_of(heads: tuple[HeadLabels, ...]) -> tuple[str, ...]:
    """Return the labels of all heads, each once, in the order of the first that has it."""
    return tuple(dict.fromkeys(label for head in heads for label in head.labels))


def stream_csv(rows: StreamRows) -> str:
    """Return a table with a row per face and frame, and one with empty cells per frame without any.

    Columns: seconds, width and height of the picture, person, then those of
    `fer.export.face_rows.face_columns`; boxes as the camera sees them (not mirrored).
    """
    rows = rows.used()
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    columns = face_columns(rows.labels)
    writer.writerow(["seconds", "width", "height", "person", *columns])
    for row in rows.array:
        frame = (round(float(row["seconds"]), 3), int(row["width"]), int(row["height"]))
        if row["track"] == NO_FACE:
            writer.writerow([*frame, *[""] * (1 + len(columns))])
        else:
            cells = _face_row(row, rows).cells(rows.labels)
            writer.writerow([*frame, int(row["track"]), *cells])
    return out.getvalue()


def stream_json(rows: StreamRows) -> str:
    """Return an object with the labels and one entry per frame, each with its faces."""
    rows = rows.used()
    heads = {head.name: head.labels for head in rows.heads}
    return json.dumps({"labels": rows.labels, "heads": heads, "frames": list(_frames(rows))})


def _frames(rows: StreamRows) -> Iterator[dict[str, Any]]:
    for seconds, frame in groupby(rows.array, key=lambda row: float(row["seconds"])):
        found = list(frame)
        yield {
            "seconds": round(seconds, 3),
            "width": int(found[0]["width"]),
            "height": int(found[0]["height"]),
            "faces": [
                {"person": int(row["track"])} | _face_row(row, rows).record()
                for row in found
                if row["track"] != NO_FACE
            ],
        }


def _face_row(row: np.void, rows: StreamRows) -> FaceRow:
    head = rows.heads[int(row["head"])]
    columns = [rows.labels.index(label) for label in head.labels]
    return FaceRow.of(
        box=row["box"],
        score=float(row["score"]),
        head=head.name,
        labels=head.labels,
        probabilities=row["probabilities"][columns],
        uncertain=bool(row["uncertain"]),
        flaws=row["flaws"].tolist(),
    )
