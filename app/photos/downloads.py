"""The files that a visitor can save: tables, and all marked pictures. Does not use Streamlit."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from os.path import splitext

from app.core.photo import Photo
from app.core.pictures import download_jpeg
from app.core.text import stem_of
from app.photos.pictures import PhotoView, marked_copy
from fer import decode_image
from fer.detection.version import photo_detector
from fer.export.photos import distinct_names, to_csv, to_json
from fer.export.table import BYTE_ORDER_MARK, ExportInfo
from fer.labelled.names import portable_name
from fer.model.spec import ModelSpec

#: Longest side in pixels of a picture in the archive. With the number of photos of an album, it
#: bounds the memory that an archive takes.
MAX_SIDE = 2560

#: Folder of the marked pictures in the archive of a collection.
_PICTURES = "marked"

#: Threads that draw pictures.
_THREADS = 2


def csv_of(photos: Iterable[Photo], head: str, spec: ModelSpec) -> str:
    """Return a CSV table with a row per face, which Excel reads; see `fer.export.photos.to_csv`."""
    return BYTE_ORDER_MARK + to_csv([photo.result(head) for photo in photos], _info(spec))


def json_of(photos: Iterable[Photo], head: str, spec: ModelSpec) -> str:
    """Return all results as JSON; see `fer.export.photos.to_json`."""
    return to_json([photo.result(head) for photo in photos], _info(spec))


def file_name(name: str, head: str, ending: str) -> str:
    """Return the name of a file with results: ``group-ferplus.csv`` for ``group.jpg``.

    Args:
        name: name of the photograph, or of all of them.
        head: name of the head that answered.
        ending: ending of the file, without the dot.
    """
    return f"{stem_of(name, 'photo')}-{head}.{ending}"


def _info(spec: ModelSpec) -> ExportInfo:
    return ExportInfo.of(spec, photo_detector(), datetime.now(UTC))


def marked_zip(views: Sequence[PhotoView]) -> bytes:
    """Return a ZIP with a marked JPEG of each readable photograph, at most `MAX_SIDE` large.

    Photographs are decoded again, one at a time.
    """
    readable = [view for view in views if not view.photo.error]
    names = distinct_names([f"{stem_of(v.photo.name, 'photo')}-marked.jpg" for v in readable])
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:  # a JPEG gets no smaller
        for name, view in zip(names, readable, strict=True):
            image = decode_image(view.photo.data)
            picture = download_jpeg(image, view.faces, MAX_SIDE, view.drawings.meshes)
            archive.writestr(name, picture)
    return out.getvalue()


def zip_of(photos: Sequence[Photo], head: str, spec: ModelSpec) -> bytes:
    """Return a ZIP with the CSV, the JSON, and a marked picture of each photo in its folder.

    Pictures are drawn on the copies that are kept, `app.photos.pictures.COPY_SIDE` pixels large.
    """
    read = [photo for photo in photos if not photo.error]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"expressions-{head}.csv", csv_of(photos, head, spec))
        archive.writestr(f"expressions-{head}.json", json_of(photos, head, spec))
        with ThreadPoolExecutor(_THREADS) as pool:
            pictures = pool.map(lambda photo: marked_copy(photo, head), read)
            for name, picture in zip(picture_names(read), pictures, strict=True):
                archive.writestr(name, picture, zipfile.ZIP_STORED)  # a JPEG gets no smaller
    return out.getvalue()


def picture_names(photos: Sequence[Photo]) -> list[str]:
    """Return the path of each photo's marked picture in the archive, which any system unpacks."""
    paths = (splitext(portable_name(photo.name))[0] for photo in photos)
    return distinct_names([f"{_PICTURES}/{path}-marked.jpg" for path in paths])
