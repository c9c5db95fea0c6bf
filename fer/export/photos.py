"""Results of photographs as JSON and CSV, for the command line and the app."""

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
    """The result of one photograph, without its pixels.

    Attributes:
        name: name of the file.
        width: width of the upright image in pixels; 0 if the file could not be read.
        height: height, likewise.
        faces: the faces that were detected.
        error: why the file could not be read, as the end of a sentence that starts with its name;
            empty if it was read.
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
    """Return a JSON array with one `photo_record` per photograph."""
    return json.dumps([photo_record(result) for result in results], indent=1, ensure_ascii=False)


def to_csv(results: Iterable[PhotoResult], labels: tuple[str, ...]) -> str:
    """Return a CSV table with one row per face; a photograph without faces has one row.

    The columns are file, width and height of the image, face (from 1), and those of
    `fer.export.face_rows.face_columns`. Without a face, the cells after height are empty.
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
