"""The files that a visitor can save of a collection. Does not use Streamlit."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from os.path import splitext

from app.collection.item import Item
from app.photo.downloads import results_csv, results_json
from fer.export.photos import distinct_names
from fer.labelled.names import portable_name
from fer.model.spec import ModelSpec

#: Folder of the marked pictures in the archive.
_PICTURES = "marked"

#: Threads that draw pictures.
_THREADS = 2


def csv_of(items: Sequence[Item], head: str, spec: ModelSpec) -> str:
    """Return a CSV table with a row per face, which Excel reads; see `fer.export.photos.to_csv`."""
    return results_csv([item.result(head) for item in items], spec)


def json_of(items: Sequence[Item], head: str, spec: ModelSpec) -> str:
    """Return all results as JSON; see `fer.export.photos.to_json`."""
    return results_json([item.result(head) for item in items], spec)


def zip_of(items: Sequence[Item], head: str, spec: ModelSpec) -> bytes:
    """Return a ZIP with the CSV, the JSON, and a marked picture of each photo in its folder.

    Pictures are drawn on the copies that are kept, `app.collection.item.PICTURE_SIDE` pixels large.
    """
    read = [item for item in items if not item.error]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"expressions-{head}.csv", csv_of(items, head, spec))
        archive.writestr(f"expressions-{head}.json", json_of(items, head, spec))
        with ThreadPoolExecutor(_THREADS) as pool:
            pictures = pool.map(lambda item: item.marked(head), read)
            for name, picture in zip(picture_names(read), pictures, strict=True):
                archive.writestr(name, picture, zipfile.ZIP_STORED)  # a JPEG gets no smaller
    return out.getvalue()


def picture_names(items: Sequence[Item]) -> list[str]:
    """Return the path of each photo's marked picture in the archive, which any system unpacks."""
    paths = (splitext(portable_name(item.name))[0] for item in items)
    return distinct_names([f"{_PICTURES}/{path}-marked.jpg" for path in paths])
