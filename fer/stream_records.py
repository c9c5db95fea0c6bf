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

from fer.types import FLAWS, UNCERTAIN, Faces, Floats

#: `track` of a row that stands for a frame without a face.
NO_FACE = -2


def row_type(labels: tuple[str, ...]) -> np.dtype:
    """Return how one row is stored: 69 bytes with seven labels."""
    return np.dtype(
        [
            ("seconds", np.float64),
            ("track", np.int32),
            ("width", np.uint16),
            ("height", np.uint16),
            ("box", np.float32, (4,)),
            ("score", np.float32),
            ("uncertain", np.bool_),
            ("flaws", np.bool_, (len(FLAWS),)),
            ("probabilities", np.float32, (len(labels),)),
        ]
    )


@dataclass(frozen=True)
class StreamRows:
    """Rows in the order of time. ``n`` may be 0.

    Attributes:
        array: ``(n,)`` of `row_type`; boxes in pixels of a picture of ``width`` × ``height``.
        labels: names of the probabilities' columns.
    """

    array: NDArray[np.void]
    labels: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.array.dtype != row_type(self.labels) or self.array.ndim != 1:
            raise ValueError(
                f"expected rows (n,) of {row_type(self.labels)}, "
                f"got {self.array.shape} of {self.array.dtype}"
            )

    def __len__(self) -> int:
        return len(self.array)

    @classmethod
    def empty(cls, labels: tuple[str, ...]) -> StreamRows:
        """Return no rows."""
        return cls(np.zeros(0, row_type(labels)), labels)

    @classmethod
    def of(cls, faces: Faces, size: tuple[int, int]) -> StreamRows:
        """Return the rows of one frame.

        Args:
            faces: of the frame; its `seconds` must be known.
            size: width and height of the frame in pixels.
        """
        if faces.seconds is None:
            raise ValueError("expected the faces of a stream, got those of a still photograph")
        array = np.zeros(max(1, len(faces)), row_type(faces.labels))
        array["seconds"] = faces.seconds
        array["width"], array["height"] = size
        if len(faces):
            array["track"] = faces.track_id
            array["box"] = faces.xyxy
            array["score"] = faces.score
            array["uncertain"] = faces.uncertain
            array["flaws"] = faces.flaws
            array["probabilities"] = faces.probabilities
        else:
            array["track"] = NO_FACE
        return cls(array, faces.labels)

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
        """Of each expression, ``(n, k)``; zeros in a row without a face."""
        return self.array["probabilities"]

    @property
    def has_face(self) -> NDArray[np.bool_]:
        """Whether each row is about a face, ``(n,)``."""
        return self.track != NO_FACE

    def take(self, index: NDArray | slice) -> StreamRows:
        """Return the rows at `index` (a mask, positions or a slice)."""
        return StreamRows(self.array[index], self.labels)


def stream_csv(rows: StreamRows) -> str:
    """Return a table with a row per face and frame, and one with empty cells per frame without any.

    Columns: seconds, track, width and height of the picture, left, top, right, bottom in its pixels
    as the camera sees it (not mirrored), score, answer ("uncertain" or the expression), uncertain
    (true, false), quality (flaws of the face's picture, with semicolons between), expression (the
    most probable one), confidence, a probability per label.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    box = ("left", "top", "right", "bottom")
    size = ("width", "height")
    said = ("score", "answer", "uncertain", "quality", "expression", "confidence")
    writer.writerow(["seconds", "track", *size, *box, *said, *rows.labels])
    for row in rows.array:
        seconds, sides = round(float(row["seconds"]), 3), (int(row["width"]), int(row["height"]))
        if row["track"] == NO_FACE:
            writer.writerow([seconds, "", *sides, *[""] * len(box + said + rows.labels)])
            continue
        face = _face(row, rows.labels)
        cells = face | {
            "uncertain": str(face["uncertain"]).lower(),
            "quality": ";".join(face["quality"]),
        }
        values = [cells[name] for name in said]
        shares = face["probabilities"].values()
        writer.writerow([seconds, face["track"], *sides, *face["box"], *values, *shares])
    return out.getvalue()


def stream_json(rows: StreamRows) -> str:
    """Return an object with the labels and one entry per frame, each with its faces."""
    return json.dumps({"labels": rows.labels, "frames": list(_frames(rows))})


def _frames(rows: StreamRows) -> Iterator[dict[str, Any]]:
    for seconds, frame in groupby(rows.array, key=lambda row: float(row["seconds"])):
        found = list(frame)
        yield {
            "seconds": round(seconds, 3),
            "width": int(found[0]["width"]),
            "height": int(found[0]["height"]),
            "faces": [_face(row, rows.labels) for row in found if row["track"] != NO_FACE],
        }


def _face(row: np.void, labels: tuple[str, ...]) -> dict[str, Any]:
    """Return one face, JSON-ready; the one place that decides what a face's row says."""
    best = int(row["probabilities"].argmax())
    shares = [round(float(p), 4) for p in row["probabilities"]]
    return {
        "track": int(row["track"]),
        "box": [round(float(v), 1) for v in row["box"]],
        "score": round(float(row["score"]), 4),
        "answer": UNCERTAIN if row["uncertain"] else labels[best],
        "uncertain": bool(row["uncertain"]),
        "quality": [name for name, on in zip(FLAWS, row["flaws"], strict=True) if on],
        "expression": labels[best],
        "confidence": shares[best],
        "probabilities": dict(zip(labels, shares, strict=True)),
    }
