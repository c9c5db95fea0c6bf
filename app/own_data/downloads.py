"""The labelled set as files to save. Does not use Streamlit."""

from __future__ import annotations

import io
from dataclasses import replace
from functools import partial

from app.core.models.runnable import ModelEntry
from app.own_data.own_set import OwnFace, OwnSet
from fer import decode_image
from fer.drawing.pictures import encoded
from fer.export.table import BYTE_ORDER_MARK, face_records
from fer.labelled.table import SKIPPED, LabelledFace, LabelRow, write_archive, write_table


def labels_csv(own: OwnSet, model: ModelEntry, head: str) -> str:
    """Return the table of all labels, those of skipped faces too, to go on with later.

    Args:
        own: the faces and their labels.
        model: whose answers the table has.
        head: name of its head.
    """
    return BYTE_ORDER_MARK + write_table(face.row for face in _labelled(own, model, head))


def set_zip(own: OwnSet, model: ModelEntry, head: str, *, originals: bool = True) -> bytes:
    """Return the labelled set as a ZIP, see `fer.labelled.table`.

    Args:
        own: the faces and their labels.
        model: whose answers the table has.
        head: name of its head.
        originals: whether the photographs are put in as they came.
    """
    faces = [face for face in _labelled(own, model, head) if face.row.expression != SKIPPED]
    names = dict.fromkeys(face.row.photo for face in faces) if originals else ()
    out = io.BytesIO()
    write_archive(out, faces, {name: own.photos[name].read for name in names})
    return out.getvalue()


def _labelled(own: OwnSet, model: ModelEntry, head: str) -> list[LabelledFace]:
    faces = own.faces
    found = [
        LabelledFace(
            replace(
                _row(face, model, head),
                photo=name,
                expression=label.expression,
                answer_seen=label.answer_seen,
            ),
            face.index + 1,
            partial(_png, face),
        )
        for index, label in sorted(own.labels.items())
        for name, face in [faces[index]]
    ]
    misses = [
        LabelledFace(LabelRow(name, photo.label))
        for name, photo in own.photos.items()
        if photo.label and not photo.face_count
    ]
    return found + misses


def _row(face: OwnFace, model: ModelEntry, head: str) -> LabelRow:
    """Return the row of a face without its label: what the model answered."""
    answered = face.answered(model.key, head)
    if answered is None:
        return LabelRow("", "", face.box)
    [record] = face_records(answered)
    return LabelRow(
        "",
        "",
        face.box,
        answer=record["answer"],
        confidence=record["confidence"],
        model=model.name,
        head=record["head"],
        detection_score=record["detection_score"] if not face.photo.cut_out else None,
        quality=tuple(record["quality"]),
    )


def _png(face: OwnFace) -> bytes:
    aligned = face.crop.aligned
    return aligned if face.photo.cut_out else encoded(decode_image(aligned), ".png")
