"""Results of photographs as JSON and CSV, for the command line and the app."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from os.path import splitext
from typing import Any

from fer.export.table import ExportInfo, face_cells, face_columns, face_records
from fer.text import cell
from fer.types import Faces


@dataclass(frozen=True)
class PhotoResult:
    """The result of one photograph, without its pixels.

    Attributes:
        name: name of the file.
        width: width of the upright image in pixels; 0 if the file could not be read.
        height: height, likewise.
        faces: the faces that were detected.
        error: why the file could not be read, to follow its name; empty if it was read.
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
        "faces": [
            {"face": number, **record}
            for number, record in enumerate(face_records(result.faces), 1)
        ],
    }


def to_json(results: Iterable[PhotoResult], info: ExportInfo) -> str:
    """Return a JSON object with time, model, detector, heads, and a `photo_record` per photo."""
    record = {
        "time": info.iso_time,
        **info.record(),
        "labels": info.labels,
        "heads": info.heads,
        "photos": [photo_record(result) for result in _with_distinct_names(results)],
    }
    return json.dumps(record, indent=1, ensure_ascii=False)


def to_csv(results: Iterable[PhotoResult], info: ExportInfo) -> str:
    """Return a CSV table with one row per face, whatever head answered.

    The columns are file, width and height of the image, face (from 1), those of `face_columns` with
    the labels of all heads, why the file could not be read, the time in ISO 8601, and the names of
    model and detector. A photograph without faces, or one that could not be read, has one row,
    whose cells from face to the last label are empty. No name is a formula; see `fer.text.cell`.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    columns = face_columns(info.labels)
    last = ("error", "time", "model", "detector")
    writer.writerow(["file", "width", "height", "face", *columns, *last])
    made_by = (info.iso_time, cell(info.model), info.detector)
    for result in _with_distinct_names(results):
        size = ("", "") if result.error else (result.width, result.height)
        faces = enumerate(face_records(result.faces), 1)
        rows = [[number, *face_cells(record, info.labels)] for number, record in faces]
        for cells in rows or [[""] * (1 + len(columns))]:
            writer.writerow([cell(result.name), *size, *cells, cell(result.error), *made_by])
    return out.getvalue()


def _with_distinct_names(results: Iterable[PhotoResult]) -> list[PhotoResult]:
    results = list(results)
    names = distinct_names([result.name for result in results])
    return [replace(result, name=name) for result, name in zip(results, names, strict=True)]


def distinct_names(names: Sequence[str]) -> list[str]:
    """Number names that occur again, before their ending: ``a.jpg``, ``a (2).jpg``.

    Names that differ only in capitals count as the same, as they do on many computers.
    """
    given, taken = {name.casefold() for name in names}, set[str]()
    distinct = []
    for name in names:
        new, number = name, 1
        while new.casefold() in taken or (number > 1 and new.casefold() in given):
            number += 1
            stem, ending = splitext(name)
            new = f"{stem} ({number}){ending}"
        taken.add(new.casefold())
        distinct.append(new)
    return distinct
