"""Which results of a collection are shown, and in which order. Does not use Streamlit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from app.core.photo import Missing
from app.photos.pictures import PhotoView
from fer import Faces
from fer.labelled.names import natural_order
from fer.types import UNCERTAIN

#: What a file without a face stands under beside the answers; without a result, see `Missing`.
NO_FACE = "no face"

#: Thumbnails on a page.
PER_PAGE = 24


class Order(StrEnum):
    """The orders of results, by the names that visitors choose between."""

    SUREST = "Surest first"
    LEAST_SURE = "Least sure first"
    NAME = "Name"
    FACES = "Most faces first"


@dataclass(frozen=True)
class Filter:
    """What is shown; with nothing chosen, everything.

    A photo is shown if one of its faces has any of the answers and any of the flaws.

    Attributes:
        answers: expressions, "uncertain", `NO_FACE` and those of `Missing`.
        flaws: names from `fer.types.FLAWS`.
    """

    answers: frozenset[str] = frozenset()
    flaws: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.answers or self.flaws)

    def matching(self, faces: Faces) -> list[int]:
        """Return the indices of the faces that it is about."""
        pairs = enumerate(zip(faces.answers, faces.quality, strict=True))
        return [
            index
            for index, (answer, flaws) in pairs
            if (not self.answers or answer in self.answers)
            and (not self.flaws or not self.flaws.isdisjoint(flaws))
        ]

    def passes(self, view: PhotoView) -> bool:
        """Return whether a file is shown."""
        if view.photo.error or not len(view.faces):
            what = view.photo.missing if view.photo.error else NO_FACE
            return not self or (what in self.answers and not self.flaws)
        return bool(self.matching(view.faces))


def counts(views: Sequence[PhotoView]) -> tuple[Counter[str], Counter[str]]:
    """Count the files that stand under each answer, and under each flaw of their faces."""
    answers, flaws = Counter[str](), Counter[str]()
    for view in views:
        if view.photo.error:
            answers[view.photo.missing] += 1
            continue
        answers.update(set(view.faces.answers) or {NO_FACE})
        flaws.update({flaw for found in view.faces.quality for flaw in found})
    return answers, flaws


def offered_answers(there: Collection[str], labels: Sequence[str]) -> list[str]:
    """Return the answers that there are, in the order in which they are offered."""
    return [one for one in (*labels, UNCERTAIN, NO_FACE, *Missing) if one in there]


def selected(views: Iterable[PhotoView], chosen: Filter, order: Order) -> list[PhotoView]:
    """Return the files that are shown, in their order.

    Those without a face and those that were not read come last, but among names.

    Args:
        views: all files.
        chosen: what is shown. Where it is about some faces of a photo, those decide its place.
        order: the order.
    """
    shown = sorted(filter(chosen.passes, views), key=lambda view: natural_order(view.photo.name))
    if order is Order.NAME:
        return shown
    return sorted(shown, key=lambda view: _rank(view, chosen, order))


def _rank(view: PhotoView, chosen: Filter, order: Order) -> tuple[int, float]:
    faces = view.faces
    if not len(faces):
        return 2 if view.photo.error else 1, 0.0
    if order is Order.FACES:
        return 0, -float(len(faces))
    confidence = faces.confidence[np.array(chosen.matching(faces), int)]
    return 0, float(-confidence.max() if order is Order.SUREST else confidence.min())


def pages(count: int) -> int:
    """Return the number of pages of so many thumbnails, one at least."""
    return max(1, -(-count // PER_PAGE))
