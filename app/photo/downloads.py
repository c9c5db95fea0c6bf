"""The files that a visitor can save: tables, and all marked pictures. Does not use Streamlit."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import PurePath

from app.photo.images import download_jpeg
from app.photo.store import AnalysedPhoto
from fer import decode_image
from fer.detection.version import photo_detector
from fer.export.face_rows import BYTE_ORDER_MARK
from fer.export.info import ExportInfo
from fer.export.photos import distinct_names, to_csv, to_json
from fer.model.spec import ModelSpec

#: Longest side in pixels of a picture in the archive. With the number of photos of an album, it
#: bounds the memory that an archive takes.
MAX_SIDE = 2560


def csv_of(photos: Sequence[AnalysedPhoto], spec: ModelSpec) -> str:
    """Return a CSV table with a row per face, which Excel reads; see `fer.export.photos.to_csv`."""
    return BYTE_ORDER_MARK + to_csv([a.result for a in photos], _info(spec))


def json_of(photos: Sequence[AnalysedPhoto], spec: ModelSpec) -> str:
    """Return all results as JSON; see `fer.export.photos.to_json`."""
    return to_json([a.result for a in photos], _info(spec))


def file_name(name: str, head: str, ending: str) -> str:
    """Return the name of a file with results: ``group-ferplus.csv`` for ``group.jpg``.

    Args:
        name: name of the photograph, or of all of them.
        head: name of the head that answered.
        ending: ending of the file, without the dot.
    """
    return f"{_stem(name)}-{head}.{ending}"


def _info(spec: ModelSpec) -> ExportInfo:
    return ExportInfo.of(spec, photo_detector(), datetime.now(UTC))


def zip_of(photos: Sequence[AnalysedPhoto]) -> bytes:
    """Return a ZIP with a marked JPEG of each readable photograph, at most `MAX_SIDE` large.

    Photographs are decoded again, one at a time.
    """
    readable = [analysed for analysed in photos if analysed.readable]
    names = distinct_names([f"{_stem(a.result.name)}-marked.jpg" for a in readable])
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:  # a JPEG gets no smaller
        for name, analysed in zip(names, readable, strict=True):
            image = decode_image(analysed.photo.data)
            picture = download_jpeg(image, analysed.faces, MAX_SIDE, analysed.mesh.drawn)
            archive.writestr(name, picture)
    return out.getvalue()


def _stem(name: str) -> str:
    # Names come from the browser; whoever unpacks the archive must not get files elsewhere.
    return PurePath(name.replace("\\", "/")).stem or "photo"
