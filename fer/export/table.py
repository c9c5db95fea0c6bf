"""What every table says of a face, when and by what; results of photographs as JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import chain
from os.path import splitext
from typing import Any

import numpy as np

from fer.model.spec import ModelSpec
from fer.text import cell
from fer.types import ISSUES, UNCERTAIN, Faces, Floats

#: Begins a CSV file for Excel, which else reads it as if it were in the letters of one country.
BYTE_ORDER_MARK = "\ufeff"

#: Names of the sides of a box, in order.
BOX = ("left", "top", "right", "bottom")

#: Columns of a face in every table; one column per label follows. They are the box in pixels, the
#: detection score, the name of the head, the answer (an expression or "uncertain"), whether it is
#: uncertain (true or false), the quality issues (separated by semicolons), the most probable
#: expression and its probability.
_COLUMNS = (
    *BOX,
    *("detection_score", "head", "answer", "uncertain", "quality", "expression", "confidence"),
)


def face_columns(labels: Sequence[str]) -> list[str]:
    """Return the column names of `face_cells`."""
    return [*_COLUMNS, *labels]


def face_record(
    box: Floats,
    score: float,
    head: str,
    labels: Sequence[str],
    probabilities: Floats,
    uncertain: bool,
    issues: Sequence[bool],
) -> dict[str, Any]:
    """Return a face as a JSON-ready object with rounded numbers.

    Its keys are "box" (left, top, right, bottom in pixels), "probabilities" (by the head's own
    labels), and the columns between them in a table, see `face_columns`.
    """
    # Chosen before rounding, which may create a tie that the annotated image does not have.
    best = labels[int(np.argmax(probabilities))]
    shares = {n: round(float(p), 4) for n, p in zip(labels, probabilities, strict=True)}
    return {
        "box": [round(float(side), 1) for side in box],
        "detection_score": round(float(score), 4),
        "head": head,
        "answer": UNCERTAIN if uncertain else best,
        "uncertain": bool(uncertain),
        "quality": [name for name, on in zip(ISSUES, issues, strict=True) if on],
        "expression": best,
        "confidence": shares[best],
        "probabilities": shares,
    }


def face_records(faces: Faces) -> list[dict[str, Any]]:
    """Return the `face_record` of each face, in the order of `faces`."""
    columns = faces.xyxy, faces.score, faces.probabilities, faces.uncertain, faces.issues
    return [
        face_record(box, score, faces.head, faces.labels, probabilities, uncertain, issues)
        for box, score, probabilities, uncertain, issues in zip(*columns, strict=True)
    ]


def face_cells(record: Mapping[str, Any], labels: Sequence[str]) -> list[object]:
    """Return a `face_record` as the cells of a CSV table with these labels; see `face_columns`.

    Cells of labels that the head lacks are empty.
    """
    cells = {
        **record,
        "uncertain": str(record["uncertain"]).lower(),
        "quality": ";".join(record["quality"]),
    }
    shares = record["probabilities"]
    between = [cells[column] for column in _COLUMNS[len(BOX) :]]
    return [*record["box"], *between, *(shares.get(label, "") for label in labels)]


@dataclass(frozen=True)
class ExportInfo:
    """When answers were made, and with which model and detector.

    Attributes:
        time: date, time and zone; of a session, those of its first frame.
        detector: name and version of what found the faces.
        others: name and SHA-256 of each further model that answered, where that was changed.
    """

    time: datetime
    model: str
    sha256: str
    detector: str
    heads: dict[str, tuple[str, ...]]
    others: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if self.time.tzinfo is None:
            raise ValueError(f"expected a time with its zone, got {self.time.isoformat()}")

    @classmethod
    def of(cls, spec: ModelSpec, detector: str, time: datetime) -> ExportInfo:
        """Describe an export of answers of a model."""
        heads = {head.name: head.labels for head in spec.heads}
        return cls(time, spec.name, spec.sha256, detector, heads)

    @property
    def labels(self) -> tuple[str, ...]:
        """The distinct labels of all heads, in order of first occurrence."""
        return tuple(dict.fromkeys(chain.from_iterable(self.heads.values())))

    @property
    def iso_time(self) -> str:
        """The time in ISO 8601, to the second."""
        return self.time.isoformat(timespec="seconds")

    def iso_time_after(self, seconds: float) -> str:
        """Return the time after so many seconds, in ISO 8601 with milliseconds and zone."""
        # `isoformat` cuts off what is below a millisecond.
        when = self.time + timedelta(seconds=seconds, microseconds=500)
        return when.isoformat(timespec="milliseconds")

    def record(self) -> dict[str, object]:
        """Return model and detector as a JSON-ready object; all models where there are several."""
        first, *others = [
            {"name": name, "sha256": sha256}
            for name, sha256 in ((self.model, self.sha256), *self.others)
        ]
        several = {"models": [first, *others]} if others else {}
        return {"model": first, **several, "detector": self.detector}


@dataclass(frozen=True)
class PhotoResult:
    """The result of one photograph, without its pixels.

    Attributes:
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
