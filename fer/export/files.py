"""The files that are made of a camera session or a recording."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import BinaryIO, TextIO

from fer.export.parquet import write_parquet
from fer.export.sessions import write_csv, write_json
from fer.export.stream_result import StreamResult
from fer.export.subtitles import srt, webvtt
from fer.export.summary import summary_json


def _text(write: Callable[[StreamResult, TextIO], object]) -> Callable[..., None]:
    def encoded(result: StreamResult, out: BinaryIO) -> None:
        text = io.TextIOWrapper(out, encoding="utf-8", newline="")
        write(result, text)
        text.detach()  # else it would close what the caller has opened

    return encoded


#: What writes a file, by the ending that its name gets.
WRITERS: dict[str, Callable[[StreamResult, BinaryIO], None]] = {
    ".csv": _text(lambda result, out: write_csv(result.rows, result.info, out)),
    ".json": _text(lambda result, out: write_json(result.rows, result.info, out)),
    ".parquet": lambda result, out: write_parquet(result.rows, result.info, out),
    ".vtt": _text(lambda result, out: out.write(webvtt(result))),
    ".srt": _text(lambda result, out: out.write(srt(result))),
    "-summary.json": _text(lambda result, out: out.write(summary_json(result))),
}


def file_bytes(result: StreamResult, ending: str) -> bytes:
    """Return one of the files; see `WRITERS`."""
    out = io.BytesIO()
    WRITERS[ending](result, out)
    return out.getvalue()
