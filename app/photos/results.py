"""Results of photographs: which are shown, in what order, in words, and as files. No Streamlit."""

from __future__ import annotations

import base64
import io
import zipfile
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from os.path import splitext
from typing import Any

import numpy as np

from app.core.models.head_text import TrackRecord
from app.core.photo import Missing, max_faces
from app.core.text import (
    ISSUE_ICONS,
    Verdict,
    answer_counts,
    counted,
    listed,
    mark,
    stem_of,
    verdicts,
)
from app.photos.pictures import PhotoView
from fer.detection.blazeface import photo_detector
from fer.export.table import BYTE_ORDER_MARK, ExportInfo, distinct_names, to_csv, to_json
from fer.labelled.names import natural_order, portable_name
from fer.labels import colour_of
from fer.text import chance, one_of
from fer.types import UNCERTAIN, Faces

#: What a file without a face stands under beside the answers; without a result, see `Missing`.
NO_FACE = "no face"

#: Thumbnails on a page.
PER_PAGE = 24

#: What a tile says of a photo with several faces: answers at most.
_MOST_MARKS = 3

#: Number of faces from which a photograph is of a crowd.
_CROWD = 10

#: Where several faces are in the picture and one of them is as narrow as this, in pixels, there may
#: be others that are too small.
_SEVERAL, _SMALL_WIDTH = 3, 30

_ICONS = ISSUE_ICONS | {
    NO_FACE: ":material/face_retouching_off:",
    Missing.NOT_READ: ":material/error:",
    Missing.NOT_STARTED: ":material/hourglass_disabled:",
}


class Order(StrEnum):
    """The orders of results, by the names that visitors choose between."""

    SUREST = "Surest first"
    LEAST_SURE = "Least sure first"
    NAME = "Name"
    FACES = "Most faces first"


@dataclass(frozen=True)
class Filter:
    """What is shown; with nothing chosen, everything.

    A photo is shown if one of its faces has any of the answers and any of the issues.

    Attributes:
        answers: expressions, "uncertain", `NO_FACE` and those of `Missing`.
        issues: names from `fer.types.ISSUES`.
    """

    answers: frozenset[str] = frozenset()
    issues: frozenset[str] = frozenset()

    def matching(self, faces: Faces) -> list[int]:
        """Return the indices of the faces that it is about."""
        pairs = enumerate(zip(faces.answers, faces.quality, strict=True))
        return [
            index
            for index, (answer, issues) in pairs
            if (not self.answers or answer in self.answers)
            and (not self.issues or not self.issues.isdisjoint(issues))
        ]

    def passes(self, view: PhotoView) -> bool:
        """Return whether a file is shown."""
        if len(view.faces):
            return bool(self.matching(view.faces))
        what = view.photo.missing if view.photo.error else NO_FACE
        return not self.issues and (not self.answers or what in self.answers)


def counts(views: Sequence[PhotoView]) -> tuple[Counter[str], Counter[str]]:
    """Count the files that stand under each answer, and under each issue of their faces."""
    answers, issues = Counter[str](), Counter[str]()
    for view in views:
        if view.photo.error:
            answers[view.photo.missing] += 1
            continue
        answers.update(set(view.faces.answers) or {NO_FACE})
        issues.update({issue for found in view.faces.quality for issue in found})
    return answers, issues


def offered_answers(there: Collection[str], labels: Sequence[str]) -> list[str]:
    """Return the answers that there are, in the order in which they are offered."""
    return [one for one in (*labels, UNCERTAIN, NO_FACE, *Missing) if one in there]


def selected(views: Iterable[PhotoView], chosen: Filter, order: Order) -> list[PhotoView]:
    """Return the files that are shown, in their order.

    Those without a face and those that were not read come last, but among names. Where only some
    faces of a photo were chosen, those decide its place.
    """

    def rank(view: PhotoView) -> tuple[int, float]:
        faces = view.faces
        if not len(faces):
            return 2 if view.photo.error else 1, 0.0
        if order is Order.FACES:
            return 0, -float(len(faces))
        confidence = faces.confidence[np.array(chosen.matching(faces), int)]
        return 0, float(-confidence.max() if order is Order.SUREST else confidence.min())

    shown = sorted(filter(chosen.passes, views), key=lambda view: natural_order(view.photo.name))
    return shown if order is Order.NAME else sorted(shown, key=rank)


def pages(count: int) -> int:
    """Return the number of pages of so many thumbnails, one at least."""
    return max(1, -(-count // PER_PAGE))


def summary(results: Sequence[Faces], photos: int = 1, missing: Counter[str] | None = None) -> str:
    """Return what there is in all, in Markdown: ``6 faces: ● 5 happy, ▨ 1 uncertain``.

    `missing` counts the files without a result by the reason.
    """
    total, answers = sum(map(len, results)), answer_counts(results)
    found = f"{total:,} face{'' if total == 1 else 's'}" if total else "no face"
    start = f"{counted(photos, 'photo')}, {found}" if photos != 1 or missing else found
    parts = [
        f"{mark(one)}\u00a0{f'{count:,} ' if total > 1 else ''}{one}"
        for one, count in answers.items()
    ]
    said = f"{start[0].upper()}{start[1:]}{': ' if parts else ''}{', '.join(parts)}"
    return "; ".join([said, *(f"{count:,} {what}" for what, count in (missing or {}).items())])


def card_text(verdict: Verdict, record: TrackRecord | None) -> tuple[str, str]:
    """Return a face's answer on a card, and what that is worth or why there is none."""
    issues = [{"turned": "turned away"}.get(issue, issue) for issue in verdict.issues]
    why = f"The face is {listed(issues)}." if issues else ""
    if not verdict.sure:
        worth, why = "Uncertain.", why or "No expression stands out."
    else:
        worth = record.in_short(verdict) if record else ""
        # Markdown takes a line that begins with ">" as a quotation.
        worth = worth or f"{chance(verdict.confidence).replace('>', 'Over ')} confident."
    return one_of(verdict.candidates[:2]).capitalize(), f"{worth} {why}".strip()


def crowd_note(faces: Faces) -> str:
    """Return a sentence on faces that may not have been found; "" if nothing suggests it.

    Few people in the foreground are found reliably. Of a crowd's faces, many are small or covered
    by others.
    """
    count, most = len(faces), max_faces()
    if count >= most:
        return f"This server reads the {most} largest faces of a photo; there may be more."
    widths = faces.xyxy[:, 2] - faces.xyxy[:, 0]
    if count < _CROWD and not (count >= _SEVERAL and widths.min() < _SMALL_WIDTH):
        return ""
    return (
        f"{count} faces were found; there may be more. In a crowd, small faces and those that are "
        "partly hidden are often missed."
    )


def facts(count: int, system: int) -> str:
    """Return how many files there are, and how many system files were left out, in a line."""
    left_out = f" · {counted(system, 'hidden or system file')} left out" if system else ""
    return f"{count:,} file{'' if count == 1 else 's'}{left_out}"


def pill(answer: str, found: Counter[str]) -> str:
    """Return the label of a filter, in Markdown: what it shows, and how many photos those are.

    The heading counts faces, so the label says what it counts.
    """
    noun = "file" if answer in list(Missing) else "photo"
    count = counted(found[answer], noun)
    return f"{_ICONS.get(answer) or mark(answer)} {answer.capitalize()}: {count}"


def tile(view: PhotoView) -> dict[str, Any]:
    """Return what the grid shows of a file; see ``frontend/grid.js``."""
    photo, faces = view.photo, view.faces
    if photo.error:
        return {"number": photo.number, "name": photo.name, "error": photo.error}
    found = NO_FACE
    if len(faces):
        order = ", from left to right" if len(faces) > 1 else ""
        sentences = "; ".join(verdict.sentence for verdict in verdicts(faces))
        found = f"{counted(len(faces), 'face')}{order}: {sentences}"
    return {
        "number": photo.number,
        "name": photo.name,
        "picture": base64.b64encode(photo.thumbnail).decode(),
        "label": f"{photo.name}: {found}.",
        "marks": marks(faces),
    }


def marks(faces: Faces) -> list[dict[str, str]]:
    """Return what a tile says of the faces of a photo: colours and texts."""

    def marked(answer: str, text: str) -> dict[str, str]:
        return {"text": text, "colour": "" if answer == UNCERTAIN else colour_of(answer)}

    if not len(faces):
        return [{"text": NO_FACE}]
    if len(faces) == 1:
        (verdict,) = verdicts(faces)
        share = chance(verdict.confidence)
        return [marked(verdict.answer, f"{verdict.answer} {share}" if verdict.sure else UNCERTAIN)]
    found = [marked(one, f"{count} {one}") for one, count in answer_counts([faces]).items()]
    return found if len(found) <= _MOST_MARKS else [*found[:_MOST_MARKS], {"text": "…"}]


def csv_of(views: Sequence[PhotoView]) -> str:
    """Return a CSV table with a row per face, which Excel reads; see `fer.export.table.to_csv`."""
    return BYTE_ORDER_MARK + to_csv([view.result for view in views], _info(views))


def json_of(views: Sequence[PhotoView]) -> str:
    """Return all results as JSON; see `fer.export.table.to_json`."""
    return to_json([view.result for view in views], _info(views))


def _info(views: Sequence[PhotoView]) -> ExportInfo:
    return ExportInfo.of(views[0].spec, photo_detector(), datetime.now(UTC))


def file_name(name: str, head: str, ending: str) -> str:
    """Return the name of a file with a head's results: ``group-ferplus.csv`` for ``group.jpg``."""
    return f"{stem_of(name, 'photo')}-{head}.{ending}"


def zip_of(views: Sequence[PhotoView]) -> bytes:
    """Return a ZIP with the CSV, the JSON, and a marked picture of each photo in its folder."""
    read = [view for view in views if not view.photo.error]
    head, out = views[0].head, io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"expressions-{head}.csv", csv_of(views))
        archive.writestr(f"expressions-{head}.json", json_of(views))
        # Of those without a copy, one large picture at a time is in memory.
        with ThreadPoolExecutor(2 if all(view.photo.picture for view in read) else 1) as pool:
            names = picture_names([view.photo.name for view in read])
            for name, picture in zip(names, pool.map(PhotoView.jpeg, read), strict=True):
                archive.writestr(name, picture, zipfile.ZIP_STORED)  # a JPEG gets no smaller
    return out.getvalue()


def picture_names(names: Sequence[str]) -> list[str]:
    """Return the path of each photo's marked picture in the archive, which any system unpacks."""
    paths = (splitext(portable_name(name))[0] for name in names)
    return distinct_names([f"marked/{path}-marked.jpg" for path in paths])
