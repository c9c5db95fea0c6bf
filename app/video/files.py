"""The files that a visitor can save of a recording. Does not use Streamlit."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import tzinfo
from pathlib import Path, PurePath
from typing import BinaryIO, cast

from app.video.engine import Result
from app.video.visit import Source
from fer.export.face_rows import BYTE_ORDER_MARK
from fer.export.parquet import write_parquet
from fer.export.sessions import write_csv, write_json
from fer.export.stream_result import StreamResult
from fer.export.subtitles import srt, webvtt
from fer.export.summary import summary_json

Write = Callable[[StreamResult, BinaryIO], None]

#: Name of the archive with all files, in the folder of the recording.
_ARCHIVE = "all.zip"


@dataclass(frozen=True)
class Format:
    """One kind of file with results.

    Attributes:
        label: what its button says.
        ending: of the file's name, after that of the recording.
        mime: media type.
        purpose: what it is for.
        write: writes it.
    """

    label: str
    ending: str
    mime: str
    purpose: str
    write: Write


def _csv(result: StreamResult, out: BinaryIO) -> None:
    text = io.TextIOWrapper(out, encoding="utf-8", newline="")
    text.write(BYTE_ORDER_MARK)
    write_csv(result.rows, result.info, text)
    text.flush()
    text.detach()


def _json(result: StreamResult, out: BinaryIO) -> None:
    text = io.TextIOWrapper(out, encoding="utf-8", newline="")
    write_json(result.rows, result.info, text)
    text.flush()
    text.detach()


def _of_text(make: Callable[[StreamResult], str]) -> Write:
    def write(result: StreamResult, out: BinaryIO) -> None:
        out.write(make(result).encode())

    return write


FORMATS = (
    Format("CSV", ".csv", "text/csv", "A row per person and frame, for spreadsheets.", _csv),
    Format("JSON", ".json", "application/json", "The same, with all settings.", _json),
    Format(
        "Parquet",
        ".parquet",
        "application/vnd.apache.parquet",
        "The same, for data tools.",
        lambda result, out: write_parquet(result.rows, result.info, out),
    ),
    Format(
        "Subtitles (VTT)", ".vtt", "text/vtt", "Who shows what, for browsers.", _of_text(webvtt)
    ),
    Format(
        "Subtitles (SRT)", ".srt", "application/x-subrip", "The same, for players.", _of_text(srt)
    ),
    Format(
        "Summary (JSON)",
        "-summary.json",
        "application/json",
        "Share of time per person and expression, and the surest moments.",
        _of_text(summary_json),
    ),
)

MARKED_ENDING = "-expressions.mp4"


def stream_result(source: Source, result: Result, zone: tzinfo) -> StreamResult:
    """Return what the files say of a recording, with times in a zone."""
    found = result.recording
    return StreamResult(
        found.rows,
        replace(found.info, time=found.info.time.astimezone(zone)),
        recorded=True,
        cuts=found.cuts,
        end=found.end,
        note=found.note,
        source={
            "file": source.name,
            "width": found.video.width,
            "height": found.video.height,
            "frame_rate": found.video.frame_rate,
            "codec": found.video.codec,
        },
    )


def file_name(source: Source, ending: str) -> str:
    """Return the name of a file with results: ``holiday.csv`` for ``holiday.mov``."""
    # Names come from the browser; whoever unpacks the archive must not get files elsewhere.
    return f"{PurePath(source.name.replace(chr(92), '/')).stem or 'video'}{ending}"


def contents(kind: Format, result: StreamResult) -> bytes:
    """Return a file with results."""
    out = io.BytesIO()
    kind.write(result, out)
    return out.getvalue()


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
