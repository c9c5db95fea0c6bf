"""Words that the command line, the pictures and the pages have in common."""

from __future__ import annotations

from collections.abc import Sequence


def one_of(names: Sequence[str]) -> str:
    """Return names as alternatives: ``sad``, ``sad or fear``, ``sad, fear or neutral``."""
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last


def chance(probability: float) -> str:
    """Return a probability in per cent; no network is certain, whatever rounding says."""
    if probability >= 0.995:
        return ">99%"
    return "<1%" if probability < 0.005 else f"{probability:.0%}"
