"""Colour legend as Markdown text, which wraps on a phone. Does not use Streamlit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fer.labels import colour_of
from fer.types import UNCERTAIN


def mark(answer: str) -> str:
    """Return the coloured mark of an answer; "uncertain" has no colour and is hatched in charts."""
    return "▨" if answer == UNCERTAIN else f':color[●]{{foreground="{colour_of(answer)}"}}'


def legend(answers: Sequence[str], values: Mapping[str, str] | None = None) -> str:
    """Return a coloured mark and a name for each answer.

    Args:
        answers: expressions, and possibly "uncertain", in display order.
        values: text per answer, shown in bold after its name; none if None.
    """
    parts = []
    for answer in answers:
        value = f"\u00a0**{values[answer]}**" if values else ""
        parts.append(f"{mark(answer)}\u00a0{answer}{value}")
    return "\u2002 ".join(parts)
