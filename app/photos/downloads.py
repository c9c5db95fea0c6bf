"""The files that a visitor can save: tables, and all marked pictures. Does not use Streamlit."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from os.path import splitext

from app.core.text import stem_of
from app.photos.pictures import PhotoView
from fer.detection.blazeface import photo_detector
from fer.export.table import BYTE_ORDER_MARK, ExportInfo, distinct_names, to_csv, to_json
from fer.labelled.names import portable_name

#: Folder of the marked pictures in the archive.
_PICTURES = "marked"


def csv_of(views: Sequence[PhotoView]) -> str:
    """Return a CSV table with a row per face, which Excel reads; see `fer.export.table.to_csv`."""
    return BYTE_ORDER_MARK + to_csv([view.result for view in views], _info(views))


def json_of(views: Sequence[PhotoView]) -> str:
    """Return all results as JSON; see `fer.export.table.to_json`."""
    return to_json([view.result for view in views], _info(views))


def file_name(name: str, head: str, ending: str) -> str:
    """Return the name of a file with results: ``group-ferplus.csv`` for ``group.jpg``.

    Args:
        name: name of the photograph, or of all of them.
        head: name of the head that answered.
        ending: ending of the file, without the dot.
    """
    return f"{stem_of(name, 'photo')}-{head}.{ending}"


def _info(views: Sequence[PhotoView]) -> ExportInfo:
    return ExportInfo.of(views[0].spec, photo_detector(), datetime.now(UTC))


def zip_of(views: Sequence[PhotoView]) -> bytes:
    """Return a ZIP with the CSV, the JSON, and a marked picture of each photo in its folder."""
    read = [view for view in views if not view.photo.error]
    head, out = views[0].head, io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"expressions-{head}.csv", csv_of(views))
        archive.writestr(f"expressions-{head}.json", json_of(views))
        # Of those without a copy, one large picture at a time is in memory.
        with ThreadPoolExecutor(2 if all(view.photo.picture for view in read) else 1) as pool:
            names = picture_names([view.photo.name for view in read])
            for name, picture in zip(names, pool.map(PhotoView.jpeg, read), strict=True):
                archive.writestr(name, picture, zipfile.ZIP_STORED)  # a JPEG gets no smaller
    return out.getvalue()


def picture_names(names: Sequence[str]) -> list[str]:
    """Return the path of each photo's marked picture in the archive, which any system unpacks."""
    paths = (splitext(portable_name(name))[0] for name in names)
    return distinct_names([f"{_PICTURES}/{path}-marked.jpg" for path in paths])
