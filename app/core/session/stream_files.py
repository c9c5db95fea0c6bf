"""The files that a visitor can save of a camera session or a recording. No Streamlit."""

from __future__ import annotations

import codecs
import io
from dataclasses import dataclass
from typing import BinaryIO

from fer.export.sessions import WRITERS
from fer.export.stream import StreamResult


@dataclass(frozen=True)
class Format:
    """One kind of file with results: what its button says, its ending, media type and purpose."""

    label: str
    ending: str
    mime: str
    purpose: str

    def write(self, result: StreamResult, out: BinaryIO) -> None:
        """Write the file."""
        if self.ending == ".csv":  # else Excel reads it as if it were in the letters of one country
            out.write(codecs.BOM_UTF8)
        WRITERS[self.ending](result, out)

    def contents(self, result: StreamResult) -> bytes:
        """Return the file."""
        out = io.BytesIO()
        self.write(result, out)
        return out.getvalue()


FORMATS = (
    Format("CSV", ".csv", "text/csv", "A row per person and frame, for spreadsheets."),
    Format(
        "JSON",
        ".json",
        "application/json",
        "The same, with model, detector and every change of the settings, for programs.",
    ),
    Format("Parquet", ".parquet", "application/vnd.apache.parquet", "The same, for data tools."),
    Format("Subtitles (VTT)", ".vtt", "text/vtt", "Who shows what, when, for browsers."),
    Format("Subtitles (SRT)", ".srt", "application/x-subrip", "The same, for players."),
    Format(
        "Summary (JSON)",
        "-summary.json",
        "application/json",
        "Share of time per person and expression, and the surest moments.",
    ),
)
