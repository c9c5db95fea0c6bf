"""Text formatting shared by the command line, annotated images and the app."""

from __future__ import annotations

import re
from collections.abc import Sequence

#: What programs for tables take for the beginning of a formula, also in full width, and the mark
#: that tells them that it is a text.
_FORMULA, MARK = (*"=+-@\uff1d\uff0b\uff0d\uff20", "\t", "\r", "\n"), "'"

#: Beginning of an address, as of a web page, a camera or the data themselves.
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+://|data:", re.IGNORECASE)

#: Most characters of a name and of a path on the usual file systems.
_MAX_NAME = 255
MAX_PATH = 4096

#: Characters that an error shows of a text that is no path.
_SHOWN = 60


def one_of(names: Sequence[str]) -> str:
    """Return names as alternatives: ``sad``, ``sad or fear``, ``sad, fear or neutral``."""
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last


def chance(probability: float) -> str:
    """Format a probability as a percentage, never as 0% or 100%, since no network is certain."""
    if probability >= 0.995:
        return ">99%"
    return "<1%" if probability <= 0.005 else f"{probability:.0%}"


def cell(text: str) -> str:
    """Return a text from outside for a cell of a CSV table, which no program takes for a formula.

    What begins like one gets a mark in front, and so does what begins with the mark.
    """
    return MARK + text if text.startswith((*_FORMULA, MARK)) else text


def duration(seconds: float) -> str:
    """Return how long something lasted: ``<0.1 s``, ``0.4 s``, and from one second on `clock`."""
    if seconds >= 1:
        return clock(seconds)
    return f"{seconds:.1f} s" if seconds >= 0.05 else "<0.1 s"


def clock(seconds: float) -> str:
    """Return seconds as minutes and seconds, with hours if needed: ``0:07``, ``1:02:03``."""
    whole = int(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def shortened(text: str, most: int = _SHOWN) -> str:
    """Return a text for an error: all of it, or its first `most` characters and ``…``."""
    return text if len(text) <= most else f"{text[:most]}…"


def path_problem(text: str) -> str:
    """Return why a text cannot be the path of a file, to follow it; empty if it can."""
    if _ADDRESS.match(text):
        return "is an address; only files are read. Save it as a file first, and give its path."
    longest_name = max(map(len, re.split(r"[\\/]", text)))
    if longest_name > _MAX_NAME or len(text) > MAX_PATH:
        return f"is too long for a path ({len(text):,} characters)."
    return ""
