"""All marked pictures in one file. Does not use Streamlit."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from pathlib import PurePath

from app.photo.album import unique_names
from app.photo.images import download_jpeg
from app.photo.store import AnalysedPhoto
from fer import decode_image

#: Longest side in pixels of a picture in the archive. With the number of photos of an album, it
#: bounds the memory that an archive takes.
MAX_SIDE = 2560


def zip_of(photos: Sequence[AnalysedPhoto]) -> bytes:
    """Return a ZIP with a marked JPEG of each readable photograph, at most `MAX_SIDE` large.

    Photographs are decoded again, one at a time.
    """
    readable = [analysed for analysed in photos if analysed.readable]
    names = unique_names([f"{_stem(a.result.name)}-marked.jpg" for a in readable])
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:  # a JPEG gets no smaller
        for name, analysed in zip(names, readable, strict=True):
            image = decode_image(analysed.photo.data)
            archive.writestr(name, download_jpeg(image, analysed.faces, MAX_SIDE))
    return out.getvalue()


def _stem(name: str) -> str:
    # Names come from the browser; whoever unpacks the archive must not get files elsewhere.
    return PurePath(name.replace("\\", "/")).stem or "photo"
