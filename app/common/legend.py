"""The key to colours, as Markdown: as text it wraps on a phone. No streamlit in here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fer.labels import colour_of
from fer.types import UNCERTAIN


def legend(answers: Sequence[str], values: Mapping[str, str] | None = None) -> str:
    """Return a mark and a name for each answer.

    Args:
        answers: expressions, and perhaps "uncertain", in the order to show.
        values: what stands behind each name, in bold; nothing if not given.
    """
    parts = []
    for answer in answers:
        value = f"\u00a0**{values[answer]}**" if values else ""
        parts.append(f"{_mark(answer)}\u00a0{answer}{value}")
    return "\u2002 ".join(parts)


def _mark(answer: str) -> str:
    if answer == UNCERTAIN:  # hatched in charts, as it has no colour
        return "▨"
    return f':color[●]{{foreground="{colour_of(answer)}"}}'
