"""Results of photographs as JSON and CSV: what the command line prints and the pages offer."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from fer.export.face_rows import face_columns, face_rows
from fer.types import Faces


@dataclass(frozen=True)
class PhotoResult:
    """What became of one photograph; not its pixels.

    Attributes:
        name: of the file.
        width: of the upright image, in pixels; 0 where it could not be read.
        height: likewise.
        faces: that were found.
        error: why it could not be read, as the rest of a sentence that starts with its name; empty
            where it could.
    """

    name: str
    width: int = 0
    height: int = 0
    faces: Faces = field(default_factory=lambda: Faces.empty(()))
    error: str = ""


def photo_record(result: PhotoResult) -> dict[str, Any]:
    """Return one photograph as a JSON-ready object; boxes in pixels of the upright image."""
    if result.error:
        return {"file": result.name, "error": result.error}
    return {
        "file": result.name,
        "width": result.width,
        "height": result.height,
        "head": result.faces.head,
        "faces": [row.record() for row in face_rows(result.faces)],
    }


def to_json(results: Iterable[PhotoResult]) -> str:
    """Return photographs as a JSON array of `photo_record`."""
    return json.dumps([photo_record(result) for result in results], indent=1, ensure_ascii=False)


def to_csv(results: Iterable[PhotoResult], labels: tuple[str, ...]) -> str:
    """Return a table with a row per face, and one with empty cells per photograph without any.

    Columns: file, width and height of the picture, face (from 1), then those of
    `fer.export.face_rows.face_columns`.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    columns = face_columns(labels)
    writer.writerow(["file", "width", "height", "face", *columns])
    for result in results:
        photo = (result.name, result.width, result.height)
        rows = face_rows(result.faces)
        if not rows:
            writer.writerow([*photo, *[""] * (1 + len(columns))])
        for number, row in enumerate(rows, start=1):
            writer.writerow([*photo, number, *row.cells(labels)])
    return out.getvalue()
