"""Results in a line: how many faces, and how many of each answer. Does not use Streamlit."""

from __future__ import annotations

from collections.abc import Sequence

from app.common.legend import legend
from app.common.text import answer_counts, counted, verdicts
from app.limits.photos import photo_limits
from fer import Faces
from fer.text import chance
from fer.types import UNCERTAIN

#: Number of faces from which a photograph is of a crowd.
CROWD = 10

#: Where several faces are in the picture and one of them is as narrow as this, in pixels, there may
#: be others that are too small.
_SEVERAL, _SMALL_WIDTH = 3, 30


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
    """Return the number of each answer with its colour, in Markdown; see `answer_counts`."""
    counts = answer_counts(results)
    return legend([*counts], {answer: str(count) for answer, count in counts.items()})


def crowd_note(faces: Faces) -> str:
    """Return a sentence on faces that may not have been found; "" if nothing suggests it.

    Few people in the foreground are found reliably. Of a crowd's faces, many are small or covered
    by others.
    """
    count, most = len(faces), photo_limits().faces
    if count >= most:
        return f"This server reads the {most} largest faces of a photo; there may be more."
    widths = faces.xyxy[:, 2] - faces.xyxy[:, 0]
    if count < CROWD and not (count >= _SEVERAL and widths.min() < _SMALL_WIDTH):
        return ""
    return (
        f"{count} faces were found; there may be more. In a crowd, small faces and those that are "
        "partly hidden are often missed."
    )
