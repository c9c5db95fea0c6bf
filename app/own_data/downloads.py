"""The labelled set as files to save. Does not use Streamlit."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from app.own_data.own_set import OwnSet
from app.own_data.reading import OwnFace
from fer import decode_image
from fer.drawing.pictures import encoded
from fer.export.table import BYTE_ORDER_MARK, face_records
from fer.labelled.table import SKIPPED, LabelledFace, LabelRow, write_archive, write_table
from fer.model.spec import ModelSpec

#: Reads a photograph as it came.
Read = Callable[[], bytes]


def labels_csv(own: OwnSet, model: str, head: str, spec: ModelSpec) -> str:
    """Return the table of all labels, those of skipped faces too, to go on with later.

    Args:
        own: the faces and their labels.
        model: name of the model whose answers the table has.
        head: name of its head.
        spec: describes it.
    """
    labelled = _labelled(own, model, head, spec)
    return BYTE_ORDER_MARK + write_table(face.row for face in labelled)


def set_zip(
    own: OwnSet, model: str, head: str, spec: ModelSpec, originals: Mapping[str, Read]
) -> bytes:
    """Return the labelled set as a ZIP, see `fer.labelled.table`.

    Args:
        own: the faces and their labels.
        model: name of the model whose answers the table has.
        head: name of its head.
        spec: describes it.
        originals: reads the photographs that are put in, by their name in the set.
    """
    labelled = _labelled(own, model, head, spec)
    faces = [face for face in labelled if face.row.expression != SKIPPED]
    photos = dict.fromkeys(face.row.photo for face in faces)
    out = io.BytesIO()
    write_archive(out, faces, {name: originals[name] for name in photos if name in originals})
    return out.getvalue()


def _labelled(own: OwnSet, model: str, head: str, spec: ModelSpec) -> list[LabelledFace]:
    labels, said = own.labels, partial(_said, model=model, head=head)
    found = [
        LabelledFace(
            replace(
                said(face),
                photo=name,
                expression=labels[index].expression,
                answer_seen=labels[index].answer_seen,
            ),
            face.index + 1,
            partial(_png, face),
        )
        for index, (name, face) in enumerate(own.faces)
        if index in labels
    ]
    misses = [
        LabelledFace(LabelRow(name, photo.label))
        for name, photo in own.photos.items()
        if photo.label and not photo.face_count
    ]
    return found + misses


def _said(face: OwnFace, *, model: str, head: str) -> LabelRow:
    """Return the row of a face without its label: what the model answered."""
    answered = face.answered(model, head)
    if answered is None:
        return LabelRow("", "", face.box)
    [record] = face_records(answered)
    return LabelRow(
        "",
        "",
        face.box,
        answer=record["answer"],
        confidence=record["confidence"],
        model=model,
        head=record["head"],
        detection_score=record["detection_score"] if not face.photo.cut_out else None,
        quality=tuple(record["quality"]),
    )


def _png(face: OwnFace) -> bytes:
    aligned = face.crop.aligned
    return aligned if face.photo.cut_out else encoded(decode_image(aligned), ".png")
