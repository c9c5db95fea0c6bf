"""Texts on the results of photographs: in a line, a filter, on a tile. Does not use Streamlit."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Sequence
from typing import Any

from app.core.photo import Missing, max_faces
from app.core.text import FLAW_ICONS, answer_counts, counted, legend, verdicts
from app.photos.pictures import PhotoView
from app.photos.selection import NO_FACE
from fer.labels import colour_of
from fer.text import chance
from fer.types import UNCERTAIN, Faces

#: What a tile says of a photo with several faces: answers at most.
_MOST_MARKS = 3


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
    count, most = len(faces), max_faces()
    if count >= most:
        return f"This server reads the {most} largest faces of a photo; there may be more."
    widths = faces.xyxy[:, 2] - faces.xyxy[:, 0]
    if count < CROWD and not (count >= _SEVERAL and widths.min() < _SMALL_WIDTH):
        return ""
    return (
        f"{count} faces were found; there may be more. In a crowd, small faces and those that are "
        "partly hidden are often missed."
    )


def facts(count: int, system: int) -> str:
    """Return how many files there are, and how many system files were left out, in a line."""
    left_out = [f"{counted(system, 'hidden or system file')} left out"] if system else []
    return " · ".join([f"{count:,} file{'' if count == 1 else 's'}", *left_out])


def pill(answer: str, counts: Counter[str]) -> str:
    """Return the label of a filter, in Markdown: what it shows, and how many photos those are."""
    mark = {**FLAW_ICONS, **_ICONS}.get(answer)
    mark = mark or f':color[●]{{foreground="{colour_of(answer)}"}}'
    return f"{mark} {answer.capitalize()} {counts[answer]}"


_ICONS = {
    UNCERTAIN: "▨",
    NO_FACE: ":material/face_retouching_off:",
    Missing.NOT_READ: ":material/error:",
    Missing.NOT_STARTED: ":material/hourglass_disabled:",
}


def tile(view: PhotoView) -> dict[str, Any]:
    """Return what the grid shows of a file; see ``frontend/grid.js``."""
    photo, faces = view.photo, view.faces
    said = {"number": photo.number, "name": photo.name}
    if photo.error:
        return {**said, "error": photo.error}
    found = NO_FACE
    if len(faces):
        order = ", from left to right" if len(faces) > 1 else ""
        sentences = "; ".join(verdict.sentence for verdict in verdicts(faces))
        found = f"{counted(len(faces), 'face')}{order}: {sentences}"
    return {
        **said,
        "picture": base64.b64encode(photo.thumbnail).decode(),
        "label": f"{photo.name}: {found}.",
        "marks": marks(faces),
    }


def marks(faces: Faces) -> list[dict[str, str]]:
    """Return what a tile says of the faces of a photo: colours and texts."""
    if not len(faces):
        return [{"text": NO_FACE}]
    if len(faces) == 1:
        (verdict,) = verdicts(faces)
        share = chance(verdict.confidence)
        return [_mark(verdict.answer, f"{verdict.answer} {share}" if verdict.sure else UNCERTAIN)]
    counts = answer_counts([faces])
    found = [_mark(one, f"{count} {one}") for one, count in counts.items()][:_MOST_MARKS]
    return found if len(counts) <= _MOST_MARKS else [*found, {"text": "…"}]


def _mark(answer: str, text: str) -> dict[str, str]:
    return {"text": text, "colour": "" if answer == UNCERTAIN else colour_of(answer)}
