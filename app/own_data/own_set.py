"""The visitor's faces and the labels that they have. Does not use Streamlit."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from os.path import splitext

import numpy as np

from app.core.photo import Crop, Photo
from fer.geometry import iou_matrix
from fer.labelled.names import flat_name
from fer.labelled.table import SKIPPED, Box, LabelRow
from fer.types import Faces, Floats

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


@dataclass(frozen=True)
class OwnFace:
    """A face of the visitor: a photograph, and the index of the face in it."""

    photo: Photo
    index: int

    @property
    def name(self) -> str:
        """The photograph's name, and which of its faces it is."""
        several = self.photo.face_count > 1
        return f"{self.photo.name}, face {self.index + 1}" if several else self.photo.name

    @property
    def crop(self) -> Crop:
        """Its pictures."""
        return self.photo.crops[self.index]

    @property
    def box(self) -> Box:
        """Left, top, right and bottom in pixels; all of the picture for a cut-out face."""
        left, top, right, bottom = map(float, self._faces.xyxy[self.index])
        return left, top, right, bottom

    @property
    def issues(self) -> tuple[str, ...]:
        """What is wrong with its picture; see `fer.types.ISSUES`."""
        return self._faces.quality[self.index]

    def answered(self, model: str, head: str) -> Faces | None:
        """Return the face with what a model's head answered; None if it was not asked."""
        faces = self.photo.answers.get(model, {}).get(head)
        return faces.take(np.array([self.index])) if faces else None

    @property
    def _faces(self) -> Faces:
        assert self.photo.any_faces is not None
        return self.photo.any_faces


@dataclass(frozen=True)
class LabelledAnswer:
    """A labelled face, or a labelled photograph in which none was found, and all answers to it.

    Attributes:
        name: of the photograph, and which of its faces, such as "party.jpg, face 2".
        found: False if no face was found in a labelled photograph: a miss of the detector.
        probabilities: by model and head, ``(k,)`` in the order of the head's labels; empty if no
            face was found.
        has_issues: whether the face's picture has an issue, see `fer.quality`.
        crop_jpeg: a small picture of the face, JPEG or PNG; empty if there is none.
        answer_seen: whether the model's answer was shown when the label was given.
    """

    name: str
    truth: str
    found: bool = True
    probabilities: Mapping[tuple[str, str], Floats] = field(default_factory=dict, repr=False)
    has_issues: bool = False
    crop_jpeg: bytes = field(default=b"", repr=False)
    photo: str = ""
    answer_seen: bool = False


class OwnSet:
    """The faces of all photographs, in the order in which they came, and their labels.

    Safe to share between threads. A face is known by its index, which stays; labels are apart from
    the analysis, and nothing that happens to that touches them. A label is one of `expressions`, or
    `SKIPPED`.
    """

    def __init__(self, expressions: Sequence[str]) -> None:
        self.expressions = tuple(expressions)
        self._lock = threading.RLock()
        #: The photographs by the name that each has in this set, which differs from those of the
        #: others by more than capitals; that name by number, and the index of its first face.
        self._photos: dict[str, Photo] = {}
        self._names: dict[int, str] = {}
        self._first: dict[str, int] = {}
        self._faces: list[tuple[str, int]] = []
        self._labels: dict[int, Label] = {}
        self._history: list[tuple[int, Label | None]] = []
        self._rows: dict[str, list[LabelRow]] = {}
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
            return [(name, OwnFace(self._photos[name], index)) for name, index in self._faces]

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
    def expression_counts(self) -> dict[str, int]:
        """The same without `SKIPPED`, and without expressions that no face has, in their order."""
        counts = self.counts
        return {name: counts[name] for name in self.expressions if counts[name]}

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
        """Keys of the models that have answered about every face."""
        with self._lock:
            if not self._faces:
                return frozenset()
            answered = (set(photo.answers) for photo in self._photos.values() if photo.face_count)
            return frozenset(set.intersection(*answered))

    def put(self, photo: Photo) -> None:
        """Add a photograph that was read, with the labels that are known of it.

        If it is here, it has more answers now.
        """
        with self._lock:
            if photo.number in self._names:
                self._photos[self._names[photo.number]] = photo
                return
            name = self._names[photo.number] = self._distinct(flat_name(photo.name))
            start = self._first[name.casefold()] = len(self._faces)
            self._photos[name] = photo
            self._faces += [(name, index) for index in range(photo.face_count)]
            new = range(start, len(self._faces))
            if photo.label:
                self._labels |= dict.fromkeys(new, Label(photo.label))
            self._use(self._rows.get(name.casefold(), ()), new)

    def give(self, rows: Sequence[LabelRow]) -> None:
        """Take the labels of a table: for faces that are here, and for those that come later."""
        known = {*self.expressions, SKIPPED}
        with self._lock:
            for row in rows:
                if row.expression in known:
                    self._rows.setdefault(row.photo.casefold(), []).append(row)
            for index, (name, _) in enumerate(self._faces):
                self._use(self._rows.get(name.casefold(), ()), [index])

    def label_of_photo(self, name: str) -> str:
        """Return what a table says that a photograph without a found face shows; "" if nothing."""
        with self._lock:
            rows = self._rows.get(flat_name(name).casefold(), [])
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

    def answers(self, names: Mapping[str, str]) -> list[LabelledAnswer]:
        """Return what models, named by key, answered about the faces with a label which counts."""
        with self._lock:
            misses = [
                LabelledAnswer(photo.name, photo.label, found=False, photo=photo.name)
                for photo in self._photos.values()
                if photo.label and not photo.face_count
            ]
            labelled = [
                (*self._faces[index], label)
                for index, label in sorted(self._labels.items())
                if label.counts
            ]
            found = [
                LabelledAnswer(
                    face.name,
                    label.expression,
                    probabilities={
                        (names[model], head): faces.probabilities[index]
                        for model, heads in face.photo.answers.items()
                        if model in names
                        for head, faces in heads.items()
                    },
                    has_issues=bool(face.issues),
                    crop_jpeg=face.crop.picture,
                    photo=name,
                    answer_seen=label.answer_seen,
                )
                for name, index, label in labelled
                for face in [OwnFace(self._photos[name], index)]
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
        name, _ = self._faces[indices[0]]
        photo = self._photos[name]
        faces = _boxes([OwnFace(photo, self._faces[index][1]).box for index in indices])
        overlap = iou_matrix(faces, _boxes([row.box for row in boxes if row.box]))
        for index, shares in zip(indices, overlap, strict=True):
            best = len(shares) - 1 - int(shares[::-1].argmax())  # the newest of several
            if shares[best] >= _SAME_FACE:
                row = boxes[best]
                self._labels[index] = Label(row.expression, row.answer_seen)

    def _distinct(self, name: str) -> str:
        stem, ending = splitext(name)
        number = 1
        while name.casefold() in self._first:
            number += 1
            name = f"{stem} ({number}){ending}"
        return name


def _boxes(boxes: Sequence[tuple[float, float, float, float]]) -> Floats:
    return np.array(boxes, np.float32).reshape(-1, 4)
