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

from fer.model.spec import EXPRESSION_HEAD
from fer.types import FLAWS, UNCERTAIN, Faces, Floats

#: `track` of a row that stands for a frame without a face.
NO_FACE = -2


@dataclass(frozen=True)
class Reading:
    """What may answer: an output of the network by name, and its labels."""

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
            ("reading", np.uint8),
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
            probabilities of labels that the row's reading does not have are NaN.
        readings: what may have answered; a row's ``reading`` is a position here.
    """

    array: NDArray[np.void]
    readings: tuple[Reading, ...]

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
        """Names of the probabilities' columns: the labels of all readings."""
        return labels_of(self.readings)

    @classmethod
    def empty(cls, readings: tuple[Reading, ...]) -> StreamRows:
        """Return no rows."""
        return cls(np.zeros(0, row_type(labels_of(readings))), readings)

    @classmethod
    def of(
        cls, faces: Faces, size: tuple[int, int], readings: tuple[Reading, ...] = ()
    ) -> StreamRows:
        """Return the rows of one frame.

        Args:
            faces: of the frame; its `seconds` must be known.
            size: width and height of the frame in pixels.
            readings: what may answer, one with the labels of `faces` among them; only these labels
                if not given.
        """
        if faces.seconds is None:
            raise ValueError("expected the faces of a stream, got those of a still photograph")
        readings = readings or (Reading(EXPRESSION_HEAD, faces.labels),)
        labels = labels_of(readings)
        array = np.zeros(max(1, len(faces)), row_type(labels))
        array["seconds"] = faces.seconds
        array["width"], array["height"] = size
        array["reading"] = [reading.labels for reading in readings].index(faces.labels)
        if len(faces):
            array["track"] = faces.track_id
            array["box"] = faces.xyxy
            array["score"] = faces.score
            array["uncertain"] = faces.uncertain
            array["flaws"] = faces.flaws
            array["probabilities"] = np.nan
            columns = [labels.index(label) for label in faces.labels]
            array["probabilities"][:, columns] = faces.probabilities
        else:
            array["track"] = NO_FACE
        return cls(array, readings)

    def used(self) -> StreamRows:
        """Return the same rows with the readings that occur in them alone; the first if none do."""
        kept = np.unique(self.array["reading"]).tolist() or [0]
        if len(kept) == len(self.readings):
            return self
        readings = tuple(self.readings[i] for i in kept)
        labels = labels_of(readings)
        array = np.zeros(len(self), row_type(labels))
        for name in array.dtype.names or ():
            if name not in ("reading", "probabilities"):
                array[name] = self.array[name]
        array["reading"] = np.searchsorted(kept, self.array["reading"])
        columns = [self.labels.index(label) for label in labels]
        array["probabilities"] = self.array["probabilities"][:, columns]
        return StreamRows(array, readings)

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
        """Of each expression, ``(n, k)``; 0 for a label that the row's reading does not have."""
        return np.nan_to_num(self.array["probabilities"], nan=0.0)

    @property
    def has_face(self) -> NDArray[np.bool_]:
        """Whether each row is about a face, ``(n,)``."""
        return self.track != NO_FACE

    def take(self, index: NDArray | slice) -> StreamRows:
        """Return the rows at `index` (a mask, positions or a slice)."""
        return StreamRows(self.array[index], self.readings)


def labels_of(readings: tuple[Reading, ...]) -> tuple[str, ...]:
    """Return the labels of all readings, each once, in the order of the first that has it."""
    return tuple(dict.fromkeys(label for reading in readings for label in reading.labels))


def stream_csv(rows: StreamRows) -> str:
    """Return a table with a row per face and frame, and one with empty cells per frame without any.

    Columns: seconds, track, width and height of the picture, left, top, right, bottom in its pixels
    as the camera sees it (not mirrored), score, reading (the output that answered), answer
    ("uncertain" or the expression), uncertain (true, false), quality (flaws of the face's picture,
    with semicolons between), expression (the most probable one), confidence, a probability per
    label; empty for a label that the reading does not have.
    """
    rows = rows.used()
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    box = ("left", "top", "right", "bottom")
    size = ("width", "height")
    said = ("score", "reading", "answer", "uncertain", "quality", "expression", "confidence")
    writer.writerow(["seconds", "track", *size, *box, *said, *rows.labels])
    for row in rows.array:
        seconds, sides = round(float(row["seconds"]), 3), (int(row["width"]), int(row["height"]))
        if row["track"] == NO_FACE:
            writer.writerow([seconds, "", *sides, *[""] * len(box + said + rows.labels)])
            continue
        face = _face(row, rows)
        cells = face | {
            "uncertain": str(face["uncertain"]).lower(),
            "quality": ";".join(face["quality"]),
        }
        values = [cells[name] for name in said]
        shares = [face["probabilities"].get(label, "") for label in rows.labels]
        writer.writerow([seconds, face["track"], *sides, *face["box"], *values, *shares])
    return out.getvalue()


def stream_json(rows: StreamRows) -> str:
    """Return an object with the labels and one entry per frame, each with its faces."""
    rows = rows.used()
    readings = {reading.name: reading.labels for reading in rows.readings}
    return json.dumps({"labels": rows.labels, "readings": readings, "frames": list(_frames(rows))})


def _frames(rows: StreamRows) -> Iterator[dict[str, Any]]:
    for seconds, frame in groupby(rows.array, key=lambda row: float(row["seconds"])):
        found = list(frame)
        yield {
            "seconds": round(seconds, 3),
            "width": int(found[0]["width"]),
            "height": int(found[0]["height"]),
            "faces": [_face(row, rows) for row in found if row["track"] != NO_FACE],
        }


def _face(row: np.void, rows: StreamRows) -> dict[str, Any]:
    """Return one face, JSON-ready; the one place that decides what a face's row says."""
    reading = rows.readings[int(row["reading"])]
    exact = {
        label: float(p)
        for label, p in zip(rows.labels, row["probabilities"], strict=True)
        if label in reading.labels
    }
    # Rounded, two may be equal that were not when the picture was marked.
    best = max(exact, key=lambda label: exact[label])
    shares = {label: round(p, 4) for label, p in exact.items()}
    return {
        "track": int(row["track"]),
        "box": [round(float(v), 1) for v in row["box"]],
        "score": round(float(row["score"]), 4),
        "reading": reading.name,
        "answer": UNCERTAIN if row["uncertain"] else best,
        "uncertain": bool(row["uncertain"]),
        "quality": [name for name, on in zip(FLAWS, row["flaws"], strict=True) if on],
        "expression": best,
        "confidence": shares[best],
        "probabilities": shares,
    }
