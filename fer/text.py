"""Text formatting shared by the command line, annotated images and the app."""

from __future__ import annotations

from collections.abc import Sequence

#: What programs for tables take for the beginning of a formula, also in full width, and the mark
#: that tells them that it is a text.
_FORMULA, MARK = (*"=+-@\uff1d\uff0b\uff0d\uff20", "\t", "\r", "\n"), "'"


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
