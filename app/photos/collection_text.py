"""Texts of the Collection page that depend on its results. Does not use Streamlit."""

from __future__ import annotations

import base64
from collections import Counter
from typing import Any

from app.common.text import FLAW_ICONS, answer_counts, counted, verdicts
from app.core.photo import Missing, Photo
from app.core.photo_set import PhotoSet
from app.photos.selection import NO_FACE
from fer import Faces
from fer.labels import colour_of
from fer.text import chance
from fer.types import UNCERTAIN

#: What a tile says of a photo with several faces: answers at most.
_MOST_MARKS = 3


def facts(collection: PhotoSet) -> str:
    """Return what there is in a collection beside what its title says, in a line."""
    count = len(collection)
    files = "no files" if not count else f"{count:,} file{'' if count == 1 else 's'}"
    parts = [] if files == collection.title else [files]
    if collection.system:
        parts.append(f"{counted(collection.system, 'hidden or system file')} left out")
    return " · ".join(parts)


def pill(answer: str, counts: Counter[str]) -> str:
    """Return the label of a filter, in Markdown: what it shows, and how many photos those are."""
    name = answer.capitalize()
    return f"{_pill_mark(answer)} {name} {counts[answer]}"


def _pill_mark(answer: str) -> str:
    if answer in FLAW_ICONS:
        return FLAW_ICONS[answer]
    if answer in _ICONS:
        return _ICONS[answer]
    return f':color[●]{{foreground="{colour_of(answer)}"}}'


_ICONS = {
    UNCERTAIN: "▨",
    NO_FACE: ":material/face_retouching_off:",
    Missing.NOT_READ: ":material/error:",
    Missing.NOT_STARTED: ":material/hourglass_disabled:",
}


def tile(item: Photo, head: str) -> dict[str, Any]:
    """Return what the grid shows of a file; see ``frontend/grid.js``."""
    said = {"number": item.number, "name": item.name}
    if item.error:
        return {**said, "error": item.error}
    faces = item.faces(head)
    return {
        **said,
        "picture": base64.b64encode(item.thumbnail).decode(),
        "label": f"{item.name}: {_sentences(faces)}.",
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


def _sentences(faces: Faces) -> str:
    if not len(faces):
        return NO_FACE
    found = "; ".join(verdict.sentence for verdict in verdicts(faces))
    order = ", from left to right" if len(faces) > 1 else ""
    return f"{counted(len(faces), 'face')}{order}: {found}"
