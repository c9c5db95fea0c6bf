"""The visitor's faces and the labels that they have. Does not use Streamlit."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from os.path import splitext

import numpy as np

from app.core.photo import Photo
from app.own_data.measuring import LabelledAnswer
from app.own_data.reading import OwnFace
from fer.geometry import iou_matrix
from fer.labelled.names import flat_name
from fer.labelled.table import SKIPPED, LabelRow
from fer.types import Floats

#: Returns the contents of a file.
Read = Callable[[], bytes]

#: Overlap (intersection over union) from which on two boxes are of the same face.
_SAME_FACE = 0.5


@dataclass(frozen=True)
class Label:
    """What a face shows.

    Attributes:
        expression: its name in this project; `SKIPPED` if nobody can say.
        answer_seen: whether the model's answer was shown when it was given.
    """

    expression: str
    answer_seen: bool = False

    @property
    def counts(self) -> bool:
        """Whether it says an expression."""
        return self.expression != SKIPPED


class OwnSet:
    """The faces of all photographs, in the order in which they came, and their labels.

    Safe to share between threads. A face is known by its index, which stays; labels are apart from
    the analysis, and nothing that happens to that touches them.

    Args:
        expressions: names that a label may have.
    """

    def __init__(self, expressions: Sequence[str]) -> None:
        self.expressions = tuple(expressions)
        self._lock = threading.RLock()
        self._photos: dict[str, Photo] = {}
        self._faces: list[tuple[str, OwnFace]] = []
        #: Index of each photograph's first face; by its name, which differs by more than capitals.
        self._first: dict[str, int] = {}
        self._labels: dict[int, Label] = {}
        self._history: list[tuple[int, Label | None]] = []
        self._rows: dict[str, list[LabelRow]] = {}
        self._size = 0
        #: Reads a photograph as it came, by its name in this set.
        self.originals: dict[str, Read] = {}
        #: Name and label of the photographs by their digest.
        self.digests: dict[bytes, tuple[str, str]] = {}
        #: Index of the face that is being labelled.
        self.at = 0

    @property
    def photos(self) -> Mapping[str, Photo]:
        """The photographs that were read, by the name that each has in this set."""
        with self._lock:
            return dict(self._photos)

    @property
    def faces(self) -> list[tuple[str, OwnFace]]:
        """All faces, each with its photograph's name in this set."""
        with self._lock:
            return [*self._faces]

    @property
    def labels(self) -> dict[int, Label]:
        """The labels by index of the face."""
        with self._lock:
            return dict(self._labels)

    @property
    def history(self) -> list[tuple[int, Label | None]]:
        """What can be undone, the last at the end: a face, and the label that it had before."""
        with self._lock:
            return [*self._history]

    @property
    def counts(self) -> Counter[str]:
        """Number of labelled faces by expression, `SKIPPED` among them."""
        return Counter(label.expression for label in self.labels.values())

    @property
    def size(self) -> int:
        """Bytes of all pictures."""
        return self._size

    @property
    def answer_seen(self) -> bool:
        """Whether a label that counts was given while the model's answer was shown."""
        return any(label.answer_seen and label.counts for label in self.labels.values())

    @property
    def unlabelled(self) -> int:
        """Number of faces without a label."""
        with self._lock:
            return len(self._faces) - len(self._labels)

    @property
    def waiting(self) -> list[LabelRow]:
        """Labels of a table whose photographs have not come."""
        with self._lock:
            rows = (rows for key, rows in self._rows.items() if key not in self._first)
            return [row for several in rows for row in several]

    @property
    def models(self) -> frozenset[str]:
        """Names of the models that have answered about every face."""
        with self._lock:
            if not self._faces:
                return frozenset()
            answered = (set(photo.answers) for photo in self._photos.values() if photo.face_count)
            return frozenset(set.intersection(*answered))

    def add(self, photo: Photo, read: Read) -> None:
        """Add a photograph that was read, with the labels that are known of it.

        Args:
            photo: the photograph; nothing is added if it has an error.
            read: reads it as it came.
        """
        if photo.error:
            return
        with self._lock:
            name = self._distinct(flat_name(photo.name))
            start = self._first[_key(name)] = len(self._faces)
            self._photos[name], self.originals[name] = photo, read
            self._size += photo.size
            self._faces += [(name, OwnFace(photo, index)) for index in range(photo.face_count)]
            for index in range(start, len(self._faces)):
                if photo.label:
                    self._labels[index] = Label(photo.label)
            self._use(self._rows.get(_key(name), ()), range(start, len(self._faces)))

    def give(self, rows: Sequence[LabelRow]) -> None:
        """Take the labels of a table: for faces that are here, and for those that come later."""
        known = {*self.expressions, SKIPPED}
        with self._lock:
            for row in rows:
                if row.expression in known:
                    self._rows.setdefault(_key(row.photo), []).append(row)
            for index, (name, _) in enumerate(self._faces):
                self._use(self._rows.get(_key(name), ()), [index])

    def label_of_photo(self, name: str) -> str:
        """Return what a table says that a photograph without a found face shows; "" if nothing."""
        with self._lock:
            rows = self._rows.get(_key(flat_name(name)), [])
            return next((row.expression for row in rows if row.box is None), "")

    def label(self, index: int, label: Label | None) -> None:
        """Give a face a label in the place of the one that it has, or take it away."""
        with self._lock:
            if 0 <= index < len(self._faces):
                self._history.append((index, self._labels.get(index)))
                self._set(index, label)
                self.at = self._next(index)

    def undo(self) -> None:
        """Take back the last label, and go back to its face."""
        with self._lock:
            if self._history:
                self.at, before = self._history.pop()
                self._set(self.at, before)

    def go(self, index: int) -> None:
        """Go to a face."""
        with self._lock:
            self.at = max(0, min(index, len(self._faces) - 1))

    def replace(self, name: str, photo: Photo) -> None:
        """Put a photograph in the place of the same one with fewer answers."""
        with self._lock:
            self._photos[name] = photo
            first, count = self._first[_key(name)], photo.face_count
            faces = [(name, OwnFace(photo, index)) for index in range(count)]
            self._faces[first : first + count] = faces

    def answers(self) -> list[LabelledAnswer]:
        """Return what all models answered about the faces that have a label which counts."""
        with self._lock:
            misses = [
                LabelledAnswer(photo.name, photo.label, found=False, photo=photo.name)
                for photo in self._photos.values()
                if photo.label and not photo.face_count
            ]
            found = [
                LabelledAnswer(
                    face.name,
                    self._labels[index].expression,
                    probabilities=face.probabilities,
                    flawed=bool(face.flaws),
                    crop_jpeg=face.crop.picture,
                    photo=name,
                    answer_seen=self._labels[index].answer_seen,
                )
                for index, (name, face) in enumerate(self._faces)
                if index in self._labels and self._labels[index].counts
            ]
        return found + misses

    def _set(self, index: int, label: Label | None) -> None:
        if label is None:
            self._labels.pop(index, None)
        else:
            self._labels[index] = label

    def _next(self, index: int) -> int:
        """Return the face to label after one: the next without a label, else its neighbour."""
        count = len(self._faces)
        for other in (*range(index + 1, count), *range(index)):
            if other not in self._labels:
                return other
        return min(index + 1, count - 1)

    def _use(self, rows: Sequence[LabelRow], indices: Sequence[int]) -> None:
        """Give faces of one photograph the labels of a table; the best place decides which."""
        boxes = [row for row in rows if row.box is not None]
        if not boxes or not indices:
            return
        faces = _boxes([self._faces[index][1].box for index in indices])
        overlap = iou_matrix(faces, _boxes([row.box for row in boxes if row.box]))
        for index, shares in zip(indices, overlap, strict=True):
            best = len(shares) - 1 - int(shares[::-1].argmax())  # the newest of several
            if shares[best] >= _SAME_FACE:
                row = boxes[best]
                self._labels[index] = Label(row.expression, row.answer_seen)

    def _distinct(self, name: str) -> str:
        stem, ending = splitext(name)
        number = 1
        while _key(name) in self._first:
            number += 1
            name = f"{stem} ({number}){ending}"
        return name


def _boxes(boxes: Sequence[tuple[float, float, float, float]]) -> Floats:
    return np.array(boxes, np.float32).reshape(-1, 4)


def _key(name: str) -> str:
    return name.casefold()
