"""``labels.csv``: which expression somebody says that each face of their photographs shows."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from os.path import splitext
from types import MappingProxyType
from typing import IO

from fer.errors import DataError
from fer.export.table import BOX, distinct_names
from fer.labelled.names import flat_name
from fer.labels import canonical
from fer.text import MARK, cell
from fer.types import UNCERTAIN

#: Name of the table.
FILE_NAME = "labels.csv"

#: Its columns, in order; a set with pictures of the faces has one more, "file". What is about the
#: answer has the names of `fer.export.table`; ``expression`` is what somebody says.
COLUMNS = (
    "photo", "expression", *BOX, "detection_score", "head", "answer", "uncertain", "quality",
    "confidence", "model", "answer_seen",
)  # fmt: skip

#: What stands in place of an expression where somebody could not say one.
SKIPPED = "skipped"

#: Largest table that is read, in bytes; a row takes about 120.
MAX_BYTES = 16 * 2**20

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class LabelRow:
    """A row of the table.

    Attributes:
        expression: what the face shows, by its name in this project; `SKIPPED` if nobody can say.
        box: left, top, right and bottom of the face, in pixels of the upright photograph; None if
            no face was found in it.
        file: the face's picture beside the table; empty without one.
        answer: what the model answered: an expression, or "uncertain"; empty if nothing.
        confidence: probability of the most probable expression, 0…1; None without an answer.
        detection_score: how surely it is a face, 0…1; None of a picture that was cut out before.
    """

    photo: str
    expression: str
    box: Box | None = None
    file: str = ""
    answer: str = ""
    confidence: float | None = None
    model: str = ""
    head: str = ""
    answer_seen: bool = False
    detection_score: float | None = None
    quality: tuple[str, ...] = ()


def write_table(rows: Iterable[LabelRow]) -> str:
    """Return the table. No text in it is a formula, whatever files are called."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    rows = list(rows)
    with_files = any(row.file for row in rows)
    writer.writerow([*COLUMNS, *(["file"] if with_files else [])])
    for row in rows:
        box = [f"{side:.1f}" for side in row.box] if row.box else [""] * 4
        score, confidence = (
            "" if share is None else f"{share:.4f}"
            for share in (row.detection_score, row.confidence)
        )
        uncertain = str(row.answer == UNCERTAIN).lower() if row.answer else ""
        said = (row.head, row.answer, uncertain, ";".join(row.quality), confidence, row.model)
        last = ["yes" if row.answer_seen else "no", *([cell(row.file)] if with_files else [])]
        named = (cell(row.photo), cell(row.expression))
        writer.writerow([*named, *box, score, *map(cell, said), *last])
    return out.getvalue()


#: What may separate the cells of a table. Excel writes semicolons in many countries.
_DELIMITERS = ",;\t"


def delimiter_of(first_line: str) -> str:
    """Return what separates the column names of a table; a comma if there is only one column."""
    return max(_DELIMITERS, key=first_line.count)


def read_table(data: bytes) -> list[LabelRow]:
    """Return the rows of a table, of which only the columns photo and expression must be there.

    A DataError's message is to follow the table's name.
    """
    if len(data) > MAX_BYTES:
        raise DataError(f"is larger than {MAX_BYTES // 2**20} MB, as no table of labels is.")
    try:
        text = data.decode("utf-8-sig")
        delimiter = delimiter_of(text.partition("\n")[0])
        source = io.StringIO(text, newline="")
        reader = csv.DictReader(source, strict=True, delimiter=delimiter)
        missing = {"photo", "expression"} - set(reader.fieldnames or ())
        if missing:
            lacks = " and ".join(f"no column {name}" for name in sorted(missing))
            raise DataError(
                f"is not a table of labels: it has {lacks}. Take the labels.csv that this page has "
                "saved."
            )
        rows = [_row(record) for record in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError("is not a table in UTF-8 that can be read.") from error
    return [row for row in rows if row.photo and row.expression]


def _row(record: dict[str, str | None]) -> LabelRow:
    def text(column: str) -> str:
        value = (record.get(column) or "").strip(" ")
        return value.removeprefix(MARK)

    return LabelRow(
        text("photo"),
        canonical(text("expression")),
        _box([_number(record.get(side)) for side in BOX]),
        text("file"),
        text("answer"),
        _number(record.get("confidence")),
        text("model"),
        text("head"),
        text("answer_seen") == "yes",
        _number(record.get("detection_score")),
        tuple(filter(None, text("quality").split(";"))),
    )


def _box(sides: list[float | None]) -> Box | None:
    left, top, right, bottom = sides
    if left is None or top is None or right is None or bottom is None:
        return None
    return left, top, right, bottom


def _number(text: str | None) -> float | None:
    try:
        number = float((text or "").replace(",", "."))  # a comma is the decimal mark of Excel
    except ValueError:
        return None
    return number if abs(number) < 1e9 else None  # which is False for what is no number


#: Folders of the archive.
CROPS, ORIGINALS = "crops", "originals"


@dataclass(frozen=True)
class LabelledFace:
    """A labelled face, with its number in its photograph, or a labelled photograph without one.

    Its crop returns a PNG of the face.
    """

    row: LabelRow
    number: int = 1
    crop: Callable[[], bytes] | None = None


def write_archive(
    target: IO[bytes],
    faces: Sequence[LabelledFace],
    originals: Mapping[str, Callable[[], bytes]] = MappingProxyType({}),
) -> None:
    """Write the ZIP, one picture at a time, with the photographs that are read by their names.

    Photographs may be called anything.
    """
    photos = dict.fromkeys([*(face.row.photo for face in faces), *originals])
    # No folders, which would look like classes, and no two alike.
    names = dict(zip(photos, distinct_names([flat_name(photo) for photo in photos]), strict=True))
    crops = [
        f"{CROPS}/{flat_name(face.row.expression)}/"
        f"{splitext(flat_name(face.row.photo))[0]}-face{face.number}.png"
        for face in faces
        if face.crop
    ]
    files = iter(distinct_names(crops))
    named = [
        replace(face.row, photo=names[face.row.photo], file=next(files) if face.crop else "")
        for face in faces
    ]
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:  # a picture gets no smaller
        archive.writestr(FILE_NAME, write_table(named), zipfile.ZIP_DEFLATED)
        for face, row in zip(faces, named, strict=True):
            if face.crop:
                archive.writestr(row.file, face.crop())
        for photo, read in originals.items():
            archive.writestr(f"{ORIGINALS}/{names[photo]}", read())
