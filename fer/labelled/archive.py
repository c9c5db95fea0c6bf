"""A set of labelled faces as a ZIP, in a layout that `training.data.load.load` reads unpacked.

::

    labels.csv                                      a row per labelled face, see `table`
    crops/<expression>/<photo>-face<number>.png     the face
    originals/<photo>                               the photograph as it came, if wanted
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from os.path import splitext
from typing import IO

from fer.export.photos import distinct_names
from fer.labelled.names import flat_name
from fer.labelled.table import FILE_NAME, LabelRow, write_table

#: Folders of the archive.
CROPS, ORIGINALS = "crops", "originals"

_NONE: Mapping[str, Callable[[], bytes]] = {}


@dataclass(frozen=True)
class LabelledFace:
    """A labelled face, or a labelled photograph without one.

    Attributes:
        row: what the table says of it.
        number: of the face in its photograph, from 1.
        crop: returns a PNG of the face; None if there is none.
    """

    row: LabelRow
    number: int = 1
    crop: Callable[[], bytes] | None = None


def _archive_names(photos: Sequence[str]) -> list[str]:
    """Return a name for each photograph in an archive: no folders, no two alike.

    Folders in ``originals`` would look like classes.

    Args:
        photos: names or paths, which may be anything.
    """
    return distinct_names([flat_name(photo) for photo in photos])


def write_archive(
    target: IO[bytes],
    faces: Sequence[LabelledFace],
    originals: Mapping[str, Callable[[], bytes]] = _NONE,
) -> None:
    """Write the ZIP, one picture at a time. Photographs may be called anything.

    Args:
        target: is written to.
        faces: what is labelled.
        originals: reads each photograph that is put in, by its name.
    """
    photos = dict.fromkeys([*(face.row.photo for face in faces), *originals])
    names = dict(zip(photos, _archive_names([*photos]), strict=True))
    files = iter(distinct_names([_crop_name(face) for face in faces if face.crop]))
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


def _crop_name(face: LabelledFace) -> str:
    folder = flat_name(face.row.expression)
    stem = splitext(flat_name(face.row.photo))[0]
    return f"{CROPS}/{folder}/{stem}-face{face.number}.png"
