"""Results as plain rows: what the command line prints and the pages offer for download."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from fer.types import Faces


@dataclass(frozen=True)
class PhotoResult:
    """A photograph by name and size in pixels, with what was found in it; not its pixels."""

    name: str
    width: int
    height: int
    faces: Faces


def photo_record(result: PhotoResult) -> dict[str, Any]:
    """Return one photograph as a JSON-ready object; boxes in pixels of the upright image."""
    return {
        "file": result.name,
        "width": result.width,
        "height": result.height,
        "faces": face_records(result.faces),
    }


def face_records(faces: Faces) -> list[dict[str, Any]]:
    """Return one JSON-ready object per face, in the order of `faces`."""
    return [
        {
            "box": [round(float(v), 1) for v in box],
            "score": round(float(score), 4),
            "expression": expression,
            "confidence": round(float(confidence), 4),
            "probabilities": {
                label: round(float(p), 4)
                for label, p in zip(faces.labels, probabilities, strict=True)
            },
        }
        for box, score, expression, confidence, probabilities in zip(
            faces.xyxy,
            faces.score,
            faces.expressions,
            faces.confidence,
            faces.probabilities,
            strict=True,
        )
    ]


def to_json(results: Iterable[PhotoResult]) -> str:
    """Return photographs as a JSON array of `photo_record`."""
    return json.dumps([photo_record(result) for result in results], indent=1, ensure_ascii=False)


def to_csv(results: Iterable[PhotoResult], labels: tuple[str, ...]) -> str:
    """Return a table with a row per face, and one with empty cells per photograph without any.

    Columns: file, width, height, face (from 1), left, top, right, bottom in pixels, score,
    expression, confidence, then a probability per label.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    box = ("left", "top", "right", "bottom")
    writer.writerow(
        ["file", "width", "height", "face", *box, "score", "expression", "confidence", *labels]
    )
    for result in results:
        photo = (result.name, result.width, result.height)
        rows = face_records(result.faces)
        if not rows:
            writer.writerow([*photo, *[""] * (8 + len(labels))])
        for number, row in enumerate(rows, start=1):
            values = [row["score"], row["expression"], row["confidence"]]
            shares = [row["probabilities"][label] for label in labels]
            writer.writerow([*photo, number, *row["box"], *values, *shares])
    return out.getvalue()
