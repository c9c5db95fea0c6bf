"""The files that a visitor can save of a recording. Does not use Streamlit."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from datetime import tzinfo
from pathlib import Path, PurePath
from typing import BinaryIO, cast

from app.session.stream_files import FORMATS
from app.video.engine import Result
from app.video.visit import Source
from fer.export.stream_result import StreamResult
from fer.video.result import result_of

#: Name of the archive with all files, in the folder of the recording.
_ARCHIVE = "all.zip"


MARKED_ENDING = "-expressions.mp4"


def stream_result(source: Source, result: Result, zone: tzinfo) -> StreamResult:
    """Return what the files say of a recording, with times in a zone."""
    found = result_of(result.recording, source.name)
    return replace(found, info=replace(found.info, time=found.info.time.astimezone(zone)))


def file_name(source: Source, ending: str) -> str:
    """Return the name of a file with results: ``holiday.csv`` for ``holiday.mov``."""
    # Names come from the browser; whoever unpacks the archive must not get files elsewhere.
    return f"{PurePath(source.name.replace(chr(92), '/')).stem or 'video'}{ending}"


def write_archive(source: Source, result: StreamResult, marked: Path | None, folder: Path) -> Path:
    """Write a ZIP with all files, one after the other, and return where it is.

    Args:
        source: the recording.
        result: what the files say.
        marked: the marked video, if there is one.
        folder: that of the recording.

    Raises:
        OSError: it cannot be written.
    """
    target = folder / _ARCHIVE
    try:
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for kind in FORMATS:
                name = file_name(source, kind.ending)
                with archive.open(name, "w", force_zip64=True) as out:
                    kind.write(result, cast(BinaryIO, out))
            if marked:  # a video gets no smaller
                name = file_name(source, MARKED_ENDING)
                archive.write(marked, name, compress_type=zipfile.ZIP_STORED)
    except OSError:
        target.unlink(missing_ok=True)
        raise
    return target
