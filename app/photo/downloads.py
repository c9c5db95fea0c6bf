"""The files that a visitor can save: tables, and all marked pictures. Does not use Streamlit."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime

from app.common.text import stem_of
from app.photo.images import download_jpeg
from app.photo.store import AnalysedPhoto
from fer import decode_image
from fer.detection.version import photo_detector
from fer.export.photos import PhotoResult, distinct_names, to_csv, to_json
from fer.export.table import BYTE_ORDER_MARK, ExportInfo
from fer.model.spec import ModelSpec

#: Longest side in pixels of a picture in the archive. With the number of photos of an album, it
#: bounds the memory that an archive takes.
MAX_SIDE = 2560


def csv_of(photos: Sequence[AnalysedPhoto], spec: ModelSpec) -> str:
    """Return a CSV table with a row per face, which Excel reads; see `fer.export.photos.to_csv`."""
    return results_csv([a.result for a in photos], spec)


def json_of(photos: Sequence[AnalysedPhoto], spec: ModelSpec) -> str:
    """Return all results as JSON; see `fer.export.photos.to_json`."""
    return results_json([a.result for a in photos], spec)


def results_csv(results: Sequence[PhotoResult], spec: ModelSpec) -> str:
    """Return what `csv_of` returns, of results alone."""
    return BYTE_ORDER_MARK + to_csv(results, _info(spec))


def results_json(results: Sequence[PhotoResult], spec: ModelSpec) -> str:
    """Return what `json_of` returns, of results alone."""
    return to_json(results, _info(spec))


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


def zip_of(photos: Sequence[AnalysedPhoto]) -> bytes:
    """Return a ZIP with a marked JPEG of each readable photograph, at most `MAX_SIDE` large.

    Photographs are decoded again, one at a time.
    """
    readable = [analysed for analysed in photos if analysed.readable]
    names = distinct_names([f"{stem_of(a.result.name, 'photo')}-marked.jpg" for a in readable])
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:  # a JPEG gets no smaller
        for name, analysed in zip(names, readable, strict=True):
            image = decode_image(analysed.photo.data)
            picture = download_jpeg(image, analysed.faces, MAX_SIDE, analysed.mesh.drawn)
            archive.writestr(name, picture)
    return out.getvalue()
