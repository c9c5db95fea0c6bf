"""Results as plain rows: what the command line prints and the pages offer for download."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from typing import Any

from fer.types import Faces, Image

#: A photograph by name, with its pixels and what was found in it.
Result = tuple[str, Image, Faces]


def photo_record(name: str, image: Image, faces: Faces) -> dict[str, Any]:
    """Return one photograph as a JSON-ready object; boxes in pixels of the upright image."""
    height, width = image.shape[:2]
    return {"file": name, "width": width, "height": height, "faces": face_records(faces)}


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


def to_json(results: Iterable[Result]) -> str:
    """Return photographs as a JSON array of `photo_record`."""
    return json.dumps([photo_record(*result) for result in results], indent=1, ensure_ascii=False)


def to_csv(results: Iterable[Result], labels: tuple[str, ...]) -> str:
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
    for name, image, faces in results:
        height, width = image.shape[:2]
        rows = face_records(faces)
        if not rows:
            writer.writerow([name, width, height, *[""] * (8 + len(labels))])
        for number, row in enumerate(rows, start=1):
            values = [row["score"], row["expression"], row["confidence"]]
            shares = [row["probabilities"][label] for label in labels]
            writer.writerow([name, width, height, number, *row["box"], *values, *shares])
    return out.getvalue()
