"""Export a camera session or video: one row per face and frame, one per frame without faces."""

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

#: Value of `track` in the row of a frame without faces.
NO_FACE = -2


@dataclass(frozen=True)
class HeadLabels:
    """Name and labels of a head."""

    name: str
    labels: tuple[str, ...]


def row_type(labels: tuple[str, ...]) -> np.dtype:
    """Return the NumPy dtype of one row: 70 bytes with seven labels."""
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
    """The ``n`` ≥ 0 rows of a session in chronological order.

    Attributes:
        array: ``(n,)`` of `row_type`. Boxes are in pixels of an image of ``width`` × ``height``.
            Probabilities of labels that the row's head lacks are 0.
        heads: the heads that may occur; a row's ``head`` is an index into them.
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
        """Names of the probability columns: the labels of all heads."""
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
            faces: the faces of the frame; `seconds` must be set.
            size: width and height of the frame in pixels.
            heads: the heads that may occur in the session, including that of `faces`; only that one
                if not given.
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
        """Return the rows with only those heads that occur in them; the first one if none does."""
        used = np.unique(self.array["head"]).tolist() or [0]
        if len(used) == len(self.heads):
            return self
        heads = tuple(self.heads[i] for i in used)
        labels = labels_of(heads)
        array = np.zeros(len(self), row_type(labels))
        for name in array.dtype.names or ():
            if name not in ("head", "probabilities"):
                array[name] = self.array[name]
        array["head"] = np.searchsorted(used, self.array["head"])
        columns = [self.labels.index(label) for label in labels]
        array["probabilities"] = self.array["probabilities"][:, columns]
        return StreamRows(array, heads)

    @property
    def seconds(self) -> NDArray[np.float64]:
        """Time of each row since the start of the session, ``(n,)``."""
        return self.array["seconds"]

    @property
    def track(self) -> NDArray[np.int32]:
        """Track number of each row, `NO_FACE` in a row without a face, ``(n,)``."""
        return self.array["track"]

    @property
    def probabilities(self) -> Floats:
        """Probability of each label, ``(n, k)``; 0 for a label that the row's head lacks."""
        return self.array["probabilities"]

    @property
    def has_face(self) -> NDArray[np.bool_]:
        """Whether each row describes a face, ``(n,)``."""
        return self.track != NO_FACE

    def take(self, index: NDArray | slice) -> StreamRows:
        """Return the rows at `index` (a mask, positions or a slice)."""
        return StreamRows(self.array[index], self.heads)


def labels_of(heads: tuple[HeadLabels, ...]) -> tuple[str, ...]:
    """Return the distinct labels of all heads, in order of first occurrence."""
    return tuple(dict.fromkeys(label for head in heads for label in head.labels))


def stream_csv(rows: StreamRows) -> str:
    """Return a CSV table with one row per face and frame; a frame without faces has one row.

    The columns are seconds, width and height of the image, person (the track number), and those of
    `fer.export.face_rows.face_columns`. Without a face, the cells after height are empty. Boxes are
    in camera coordinates (not mirrored).
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
    """Return a JSON object with the labels, the heads, and one entry per frame with its faces."""
    rows = rows.used()
    heads = {head.name: head.labels for head in rows.heads}
    return json.dumps({"labels": rows.labels, "heads": heads, "frames": list(_frames(rows))})


def _frames(rows: StreamRows) -> Iterator[dict[str, Any]]:
    for seconds, frame in groupby(rows.array, key=lambda row: float(row["seconds"])):
        frame_rows = list(frame)
        yield {
            "seconds": round(seconds, 3),
            "width": int(frame_rows[0]["width"]),
            "height": int(frame_rows[0]["height"]),
            "faces": [
                {"person": int(row["track"])} | _face_row(row, rows).record()
                for row in frame_rows
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
