"""Which results of a collection are shown, and in which order. Does not use Streamlit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from app.core.photo import Missing, Photo
from fer import Faces
from fer.labelled.names import natural_order
from fer.types import FLAWS, UNCERTAIN

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

    @classmethod
    def of(cls, answers: Iterable[str] | None, flaws: Iterable[str] | None) -> Filter:
        """Return the filter of what is chosen."""
        return cls(frozenset(answers or ()), frozenset(flaws or ()))

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

    def passes(self, item: Photo, head: str) -> bool:
        """Return whether a file is shown."""
        if item.error:
            return not self or (item.missing in self.answers and not self.flaws)
        faces = item.faces(head)
        if not len(faces):
            return not self or (NO_FACE in self.answers and not self.flaws)
        return bool(self.matching(faces))


def counts(items: Sequence[Photo], head: str) -> tuple[Counter[str], Counter[str]]:
    """Count the files that stand under each answer, and under each flaw of their faces."""
    answers, flaws = Counter[str](), Counter[str]()
    for item in items:
        if item.error:
            answers[item.missing] += 1
            continue
        faces = item.faces(head)
        answers.update(set(faces.answers) or {NO_FACE})
        flaws.update({flaw for found in faces.quality for flaw in found})
    return answers, flaws


def offered_answers(answers: Counter[str], labels: Sequence[str]) -> list[str]:
    """Return the answers that there are, in the order in which they are offered."""
    return [one for one in (*labels, UNCERTAIN, NO_FACE, *Missing) if answers[one]]


def offered_flaws(flaws: Counter[str]) -> list[str]:
    """Return the flaws that there are, in the order in which they are offered."""
    return [one for one in FLAWS if flaws[one]]


def selected(items: Iterable[Photo], head: str, chosen: Filter, order: Order) -> list[Photo]:
    """Return the files that are shown, in their order.

    Those without a face and those that were not read come last, but among names.

    Args:
        items: all files.
        head: name of the head that answers.
        chosen: what is shown. Where it is about some faces of a photo, those decide its place.
        order: the order.
    """
    shown = sorted(
        (item for item in items if chosen.passes(item, head)),
        key=lambda item: natural_order(item.name),
    )
    if order is Order.NAME:
        return shown
    return sorted(shown, key=lambda item: _rank(item, head, chosen, order))


def _rank(item: Photo, head: str, chosen: Filter, order: Order) -> tuple[int, float]:
    if item.error:
        return 2, 0.0
    faces = item.faces(head)
    if not len(faces):
        return 1, 0.0
    confidence = faces.confidence[np.array(chosen.matching(faces), int)]
    if order is Order.FACES:
        return 0, -float(len(faces))
    return 0, float(-confidence.max() if order is Order.SUREST else confidence.min())


def pages(count: int) -> int:
    """Return the number of pages of so many thumbnails, one at least."""
    return max(1, -(-count // PER_PAGE))


def page_of(items: Sequence[Photo], page: int) -> Sequence[Photo]:
    """Return the items of a page, the first of which is 1."""
    return items[(page - 1) * PER_PAGE : page * PER_PAGE]
