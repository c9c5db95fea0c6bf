"""The files that a visitor can save of a recording. Does not use Streamlit."""

from __future__ import annotations

import secrets
import zipfile
from dataclasses import replace
from datetime import tzinfo
from pathlib import Path
from typing import BinaryIO, cast

from app.core.session.stream_files import FORMATS
from app.core.text import stem_of
from app.video.engine import Result
from app.video.session import Source
from fer.export.stream import StreamResult
from fer.video.recording import result_of

MARKED_ENDING = "-expressions.mp4"


def stream_result(source: Source, result: Result, zone: tzinfo) -> StreamResult:
    """Return what the files say of a recording, with times in a zone."""
    found = result_of(result.recording, source.name)
    return replace(found, info=replace(found.info, time=found.info.time.astimezone(zone)))


def file_name(source: Source, ending: str) -> str:
    """Return the name of a file with results: ``holiday.csv`` for ``holiday.mov``."""
    return f"{stem_of(source.name, 'video')}{ending}"


def open_archive(
    source: Source, result: StreamResult, marked: Path | None, folder: Path
) -> BinaryIO:
    """Return a ZIP with all files, open for reading; it is gone from the disk when it is closed.

    It is made on the disk, one file after the other, so that no more than a part of it is in
    memory.

    Args:
        source: the recording.
        result: what the files say.
        marked: the marked video, if there is one.
        folder: that of the recording.

    Raises:
        OSError: it cannot be written.
    """
    target = folder / f"{secrets.token_hex(8)}.zip"
    try:
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for kind in FORMATS:
                name = file_name(source, kind.ending)
                with archive.open(name, "w", force_zip64=True) as out:
                    kind.write(result, cast(BinaryIO, out))
            if marked:  # a video gets no smaller
                name = file_name(source, MARKED_ENDING)
                archive.write(marked, name, compress_type=zipfile.ZIP_STORED)
        return target.open("rb")
    finally:
        target.unlink(missing_ok=True)
