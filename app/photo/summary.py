"""Results in a line: how many faces, and how many of each answer. Does not use Streamlit."""

from __future__ import annotations

from collections.abc import Sequence

from app.common.legend import legend
from app.common.text import answer_counts, counted, verdicts
from fer import Faces
from fer.text import chance
from fer.types import UNCERTAIN


def answers_line(results: Sequence[Faces]) -> str:
    """Return the number of faces and of each answer, in Markdown: ``2 faces: ● happy 2``.

    A single face gets its verdict in place of a count.

    Args:
        results: the faces of one or several photographs.
    """
    total = sum(map(len, results))
    start = f"**{counted(total, 'face').capitalize()}**"
    if not total:
        return start
    if total > 1:
        return f"{start}: {answers_legend(results)}"
    (verdict,) = (v for faces in results for v in verdicts(faces))
    if verdict.sure:
        return f"{start}: {legend([verdict.answer])} **{chance(verdict.confidence)}**"
    return f"{start}: {legend([UNCERTAIN])}, {verdict.alternatives}"


def answers_legend(results: Sequence[Faces]) -> str:
    """Return the number of each answer with its colour, in Markdown, the most frequent first."""
    counts = answer_counts(results)
    given = sorted(counts, key=lambda answer: (answer == UNCERTAIN, -counts[answer], answer))
    return legend(given, {answer: str(counts[answer]) for answer in given})
