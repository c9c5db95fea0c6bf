"""Results as plain rows: what the command line prints and the pages offer for download."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from fer.model.spec import EXPRESSION_HEAD
from fer.types import Faces


@dataclass(frozen=True)
class PhotoResult:
    """A photograph by name and size in pixels, with what was found in it; not its pixels.

    Attributes:
        reading: the output of the network that answered.
    """

    name: str
    width: int
    height: int
    faces: Faces
    reading: str = EXPRESSION_HEAD


def one_of(names: Sequence[str]) -> str:
    """Return names as alternatives: ``sad``, ``sad or fear``, ``sad, fear or neutral``."""
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last


def chance(probability: float) -> str:
    """Return a probability in per cent; no network is certain, whatever rounding says."""
    if probability >= 0.995:
        return ">99%"
    return "<1%" if probability < 0.005 else f"{probability:.0%}"


def photo_record(result: PhotoResult) -> dict[str, Any]:
    """Return one photograph as a JSON-ready object; boxes in pixels of the upright image."""
    return {
        "file": result.name,
        "width": result.width,
        "height": result.height,
        "reading": result.reading,
        "faces": face_records(result.faces),
    }


def face_records(faces: Faces) -> list[dict[str, Any]]:
    """Return one JSON-ready object per face, in the order of `faces`.

    ``answer`` is what FER Lens says, an expression or "uncertain"; ``expression`` and
    ``confidence`` are of the most probable one in any case.
    """
    rows = [
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
    judged = zip(faces.answers, faces.uncertain.tolist(), faces.quality, strict=True)
    return [
        {"answer": answer, "uncertain": uncertain, "quality": list(quality)} | row
        for (answer, uncertain, quality), row in zip(judged, rows, strict=True)
    ]


def to_json(results: Iterable[PhotoResult]) -> str:
    """Return photographs as a JSON array of `photo_record`."""
    return json.dumps([photo_record(result) for result in results], indent=1, ensure_ascii=False)


def to_csv(results: Iterable[PhotoResult], labels: tuple[str, ...]) -> str:
    """Return a table with a row per face, and one with empty cells per photograph without any.

    Columns: file, reading, width, height, face (from 1), left, top, right, bottom in pixels, score,
    answer ("uncertain" or the expression), uncertain (true, false), quality (what is wrong with the
    face's picture, with semicolons between), expression (the most probable one), confidence, then a
    probability per label.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    box = ("left", "top", "right", "bottom")
    said = ("score", "answer", "uncertain", "quality", "expression", "confidence")
    writer.writerow(["file", "reading", "width", "height", "face", *box, *said, *labels])
    for result in results:
        photo = (result.name, result.reading, result.width, result.height)
        rows = face_records(result.faces)
        if not rows:
            writer.writerow([*photo, *[""] * (1 + len(box) + len(said) + len(labels))])
        for number, row in enumerate(rows, start=1):
            cells = row | {
                "uncertain": str(row["uncertain"]).lower(),
                "quality": ";".join(row["quality"]),
            }
            shares = [row["probabilities"][label] for label in labels]
            writer.writerow([*photo, number, *row["box"], *[cells[n] for n in said], *shares])
    return out.getvalue()
