"""The labelled set as files: what a visitor drops, and what is saved. Does not use Streamlit."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import PurePosixPath

from app.core.models.runnable import ModelEntry
from app.core.photo import Photo, RefusedError, Upload
from app.core.text import counted
from app.core.uploads import Files, files_of
from app.own_data.own_set import OwnFace, OwnSet
from fer.drawing.pictures import encoded
from fer.errors import DataError
from fer.export.table import BYTE_ORDER_MARK, face_records
from fer.images import decode as decode_image
from fer.labelled.names import labelled_files
from fer.labelled.table import (
    CROPS,
    FILE_NAME,
    ORIGINALS,
    SKIPPED,
    LabelledFace,
    LabelRow,
    read_table,
    write_archive,
    write_table,
)
from fer.text import one_of


@dataclass(frozen=True)
class LabelledFiles(Files):
    """What a visitor has dropped, before any photograph is opened; tables are no photographs.

    Attributes:
        rows: the labels of tables.
        notes: what was left out, in sentences.
    """

    rows: tuple[LabelRow, ...] = ()
    notes: tuple[str, ...] = ()


def labelled_files_of(
    uploads: Sequence[Upload], expressions: Sequence[str], *, by_hand: bool = False
) -> LabelledFiles:
    """Return what there is in what was uploaded: photographs, ZIP archives, tables.

    Folders say nothing if the visitor labels by hand.
    """
    files = files_of(uploads)
    tables = [one for one in files.photos if one.name.lower().endswith(".csv")]
    rows, faulty = list[LabelRow](), list[Photo]()
    for table in tables:
        try:
            rows += read_table(table.read())
        except (DataError, RefusedError) as error:
            faulty.append(Photo(table.name, str(error)))
    notes = _unknown([row.expression for row in rows], [*expressions, SKIPPED], "label", "called")
    photos = _of_own_archive([one for one in files.photos if one not in tables], tables)
    if not by_hand:
        names = [one.name for one in photos if not one.error]
        found = {name: label for name, (label, _) in labelled_files(names, expressions).items()}
        notes += _unknown([*found.values()], expressions, "photo", "in folders called")
        known = [one for one in photos if found.get(one.name, "") in ("", *expressions)]
        photos = [replace(one, label=found.get(one.name, "")) for one in known]
    return LabelledFiles(files.title, (*faulty, *photos), files.system, tuple(rows), tuple(notes))


def _of_own_archive(photos: Sequence[Photo], tables: Sequence[Photo]) -> list[Photo]:
    """Return the photographs of a set that this page has saved; its crops are cut-out faces.

    Such a set has every face twice. The originals say more; without them, the crops must do.
    """
    for table in tables:
        if PurePosixPath(table.name).name != FILE_NAME:
            continue
        prefix = table.name.removesuffix(FILE_NAME)
        originals, crops = f"{prefix}{ORIGINALS}/", f"{prefix}{CROPS}/"
        if any(one.name.startswith(originals) for one in photos):
            kept = [one for one in photos if not one.name.startswith(crops)]
            return [replace(one, name=one.name.removeprefix(originals)) for one in kept]
        inside = [one.name.startswith(crops) for one in photos]
        return [
            replace(one, name=one.name.removeprefix(crops), cut_out=cut_out)
            for one, cut_out in zip(photos, inside, strict=True)
        ]
    return [*photos]


def _unknown(names: Sequence[str], known: Sequence[str], noun: str, called: str) -> list[str]:
    """Return a sentence on labels that no model here knows; none if there are none."""
    unknown = Counter(name for name in names if name not in known)
    if not unknown:
        return []
    which = one_of([f"“{name}” ({count:,})" for name, count in unknown.most_common(6)])
    more = ", among others" if len(unknown) > 6 else ""
    count = counted(unknown.total(), noun)
    return [f"{count} {called} {which}{more} left out: no model here knows such an expression."]


def labels_csv(own: OwnSet, model: ModelEntry, head: str) -> str:
    """Return the table of all labels, those of skipped faces too, to go on with later.

    What a head of the model answered stands beside them.
    """
    return BYTE_ORDER_MARK + write_table(face.row for face in _labelled(own, model, head))


def set_zip(own: OwnSet, model: ModelEntry, head: str, *, originals: bool = True) -> bytes:
    """Return the labelled set as a ZIP, with the photographs as they came if wanted.

    See `fer.labelled.table`.
    """
    faces = [face for face in _labelled(own, model, head) if face.row.expression != SKIPPED]
    names = dict.fromkeys(face.row.photo for face in faces) if originals else ()
    out = io.BytesIO()
    write_archive(out, faces, {name: own.photos[name].read for name in names})
    return out.getvalue()


def training_zip(own: OwnSet, model: ModelEntry, head: str) -> bytes:
    """Return what a training on this server reads: the cut-out faces of the labelled set.

    It holds no photo and no file name. A training only has to know which faces share a photo, so
    photos are numbered. Labelled photos without a face are left out, as in every training.
    """
    faces = [
        face for face in _labelled(own, model, head) if face.crop and face.row.expression != SKIPPED
    ]
    names = dict.fromkeys(face.row.photo for face in faces)
    numbers = {name: f"photo {number}" for number, name in enumerate(names, 1)}
    numbered = [
        replace(face, row=replace(face.row, photo=numbers[face.row.photo])) for face in faces
    ]
    out = io.BytesIO()
    write_archive(out, numbered)
    return out.getvalue()


def _labelled(own: OwnSet, model: ModelEntry, head: str) -> list[LabelledFace]:
    faces, labelled = own.faces, []
    for index, label in sorted(own.labels.items()):
        name, face = faces[index]
        row = LabelRow(name, label.expression, face.box, answer_seen=label.answer_seen)
        if answered := face.answered(model.key, head):
            [record] = face_records(answered)
            row = replace(
                row,
                answer=record["answer"],
                confidence=record["confidence"],
                model=model.name,
                head=record["head"],
                detection_score=record["detection_score"] if not face.photo.cut_out else None,
                quality=tuple(record["quality"]),
            )
        labelled.append(LabelledFace(row, face.index + 1, partial(_png, face)))
    return labelled + [
        LabelledFace(LabelRow(name, photo.label))
        for name, photo in own.photos.items()
        if photo.label and not photo.face_count
    ]


def _png(face: OwnFace) -> bytes:
    aligned = face.crop.aligned
    return aligned if face.photo.cut_out else encoded(decode_image(aligned), ".png")
