"""Texts on the results of photographs: in a line, a filter, on a tile. Does not use Streamlit."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Sequence
from typing import Any

from app.core.models.head_text import TrackRecord
from app.core.photo import Missing, max_faces
from app.core.text import (
    FLAW_ICONS,
    Verdict,
    answer_counts,
    counted,
    listed,
    mark,
    verdicts,
)
from app.photos.pictures import PhotoView
from app.photos.selection import NO_FACE
from fer.labels import colour_of
from fer.text import chance, one_of
from fer.types import UNCERTAIN, Faces

#: Answers that a card without one names, and nothing.
_CANDIDATES, _NONE = 2, Counter[str]()

#: What a tile says of a photo with several faces: answers at most.
_MOST_MARKS = 3

#: Number of faces from which a photograph is of a crowd.
CROWD = 10

#: Where several faces are in the picture and one of them is as narrow as this, in pixels, there may
#: be others that are too small.
_SEVERAL, _SMALL_WIDTH = 3, 30


#: What a flaw of the picture of a face is called behind "The face is".
_FLAWS = {"turned": "turned away"}


def summary(results: Sequence[Faces], photos: int = 1, missing: Counter[str] = _NONE) -> str:
    """Return what there is in all, in Markdown: ``6 faces: ● 5 happy, ▨ 1 you should look at …``.

    Args:
        results: the faces of one or several photographs.
        photos: number of photographs that were read.
        missing: number of files without a result, by the reason.
    """
    total, counts = sum(map(len, results)), answer_counts(results)
    found = f"{total:,} face{'' if total == 1 else 's'}" if total else "no face"
    start = f"{counted(photos, 'photo')}, {found}" if photos != 1 or missing else found
    look = "you should look at yourself" if total > 1 else "you should look yourself"
    parts = [
        f"{mark(one)}\u00a0{f'{count:,} ' if total > 1 else ''}{look if one == UNCERTAIN else one}"
        for one, count in counts.items()
    ]
    left_out = [f"{count:,} {what}" for what, count in missing.items()]
    said = f"{start[0].upper()}{start[1:]}{': ' if parts else ''}{', '.join(parts)}"
    return "; ".join([said, *left_out])


def card_text(verdict: Verdict, record: TrackRecord | None) -> tuple[str, str]:
    """Return what a card says of a face: its answer, and what that is worth or why there is none.

    Args:
        verdict: the answer.
        record: measurements of the model, if there are some.
    """
    flaws = listed([_FLAWS.get(flaw, flaw) for flaw in verdict.flaws]) if verdict.flaws else ""
    why = f"The face is {flaws}." if flaws else ""
    if not verdict.sure:
        worth, why = "You should look yourself.", why or "No expression stands out."
    else:
        worth = record.in_short(verdict) if record else ""
        # Markdown takes a line that begins with ">" as a quotation.
        worth = worth or f"{chance(verdict.confidence).replace('>', 'Over ')} confident."
    return one_of(verdict.candidates[:_CANDIDATES]).capitalize(), f"{worth} {why}".strip()


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
    icon = {**FLAW_ICONS, **_ICONS}.get(answer) or mark(answer)
    return f"{icon} {answer.capitalize()} {counts[answer]}"


_ICONS = {
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
