"""One visitor's faces, what is kept of them, and what to say of them. Does not use Streamlit."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from app.core.photo import Answerer, Crop, Missing, Photo, Upload, read_photo
from app.core.photo_session import PhotoSession
from app.core.text import counted
from app.core.uploads import Files
from app.own_data.files import LabelledFiles, labelled_files_of
from app.own_data.own_set import OwnSet
from fer.alignment import align
from fer.drawing.pictures import encoded, portrait_square, resized
from fer.geometry import box_area
from fer.images import is_cut_out
from fer.labelled.names import Kind, kind_of, shown_name
from fer.labelled.table import LabelRow
from fer.types import Floats, Image

#: Longest side in pixels of the picture that is shown while a face is labelled, and how much there
#: is around the face: side of the square in widths of the detector's box.
PICTURE_SIDE, _WIDTHS = 384, 2.0

#: JPEG quality of that picture, and of a crop, which is learnt from.
_PICTURE_QUALITY, _CROP_QUALITY = 84, 95

#: Side of a crop that is kept, in sides of the network's input. A training may turn and shift it.
CROP_SCALE = 3

#: Bytes that a photo's faces are expected to take: per byte of its file, and at least. 40 kB for a
#: face of a photograph; a cut-out face takes little more than its file.
_PER_BYTE, _LEAST = 6, 8 * 1024

#: Files that the browser did not send which are named before they are only counted.
_MOST_NAMED = 3


class OwnSession(PhotoSession):
    """One visitor's faces and labels, all drops together; see `PhotoSession`."""

    where, photo_bytes = "own_data", 64 * 1024

    def reset(self) -> None:
        """See `PhotoSession`."""
        super().reset()
        self.own: OwnSet | None = None
        self.token = secrets.token_hex(4)  # tells the widgets of one set from those of the last
        self.chosen_step = 0  # the step that the visitor chose; 0 for none
        self.settled = False  # labels were given since the figures were made
        #: Keys of the models that were asked to answer, though one may not have been loaded.
        self.asked = frozenset[str]()
        self.done = 0  # number of the last change by the browser that was carried out
        self._expressions: tuple[str, ...] = ()
        self._rows: tuple[LabelRow, ...] = ()
        self._by_hand = False

    @property
    def step(self) -> int:
        """The step to show, a key of `view.STEPS`; what folders have labelled is to be seen."""
        done = self.own is not None and self.by_folder and not self.own.unlabelled
        return self.chosen_step or (2 if done else 1)

    @property
    def by_folder(self) -> bool:
        """Whether labels came from folders."""
        return self.own is not None and any(photo.label for photo in self.own.photos.values())

    @property
    def unread(self) -> list[Photo]:
        """The files without faces of their own, and why."""
        return [photo for photo in self.photos if photo.error]

    @property
    def missing_line(self) -> str:
        """How many files have no faces of their own; "" if all have."""
        counts = Counter(one.missing for one in self.unread)
        return " · ".join(f"{counted(counts[m], 'file')} {m}" for m in Missing if counts[m])

    @property
    def facts(self) -> str:
        """What there is, in a line."""
        if self.own is None:
            return ""
        photos = self.own.photos.values()
        empty = sum(not photo.face_count for photo in photos)
        parts = [counted(len(photos), "photo"), counted(len(self.own.faces), "face")]
        if empty:
            parts.append(f"{counted(empty, 'photo')} without a face")
        return " · ".join(filter(None, [*parts, self.missing_line]))

    def take(self, uploads: Sequence[Upload], answerers: Sequence[Answerer]) -> bool:
        """See `PhotoSession`."""
        with self._lock:
            heads = (head for one in answerers for head in one.analyzer.spec.heads)
            known = dict.fromkeys(label for head in heads for label in head.labels)
            self._expressions = self.own.expressions if self.own else tuple(known)
            return super().take(uploads, answerers)

    def label_by_hand(self) -> None:
        """Begin anew with the same files, and forget what their folders say."""
        with self._lock:
            uploads, answerers, rows, asked = self.uploads, self.answerers, self._rows, self.asked
            self.clear()
            self._by_hand, self.asked = True, asked
            self.take(uploads, answerers)
            if self.own:
                self.own.give(rows)

    def refuse(self, files: Sequence[tuple[str, str]]) -> None:
        """See `PhotoSession`."""
        refused = [
            f"{shown_name(name)} was not uploaded. {reason}".strip()
            for name, reason in files
            if kind_of(name) is not Kind.SYSTEM
        ]
        for notice in refused[:_MOST_NAMED]:
            self.tell(notice)
        if len(refused) > _MOST_NAMED:
            self.tell(f"{len(refused) - _MOST_NAMED:,} more files were not uploaded.")

    def files(self, uploads: Sequence[Upload]) -> Files:
        """See `PhotoSession`."""
        return labelled_files_of(uploads, self._expressions, by_hand=self._by_hand)

    def accept(self, files: Files, new: Sequence[Photo]) -> bool:
        """See `PhotoSession`."""
        assert isinstance(files, LabelledFiles)
        for note in files.notes:
            self.tell(note)
        title = self.title
        if not files.rows and not super().accept(files, new):
            return False
        self.title = title or files.title
        self.own = self.own or OwnSet(self._expressions)
        self._rows += files.rows
        self.own.give(files.rows)
        return True

    def bytes_of(self, photos: Sequence[Photo], uploaded: int) -> int:
        """See `PhotoSession`."""
        count = sum(not photo.error for photo in photos)
        each = _PER_BYTE * uploaded // max(1, count)
        return count * min(self.photo_bytes, max(_LEAST, each))

    def answer(self, photo: Photo, data: bytes, answerers: Sequence[Answerer]) -> Photo:
        """See `PhotoSession`."""
        if not photo.done and not photo.label and self.own:
            photo = replace(photo, label=self.own.label_of_photo(photo.name))
        return read_photo(
            photo, data, answerers, self.keep, where=self.where, is_cut_out=is_cut_out
        )

    def repeat(self, photo: Photo, first: Photo) -> Photo:
        """See `PhotoSession`."""
        differs = photo.label and first.label != photo.label
        also = f", with the label {first.label}" if differs and first.label else ""
        error = f"is the same picture as {first.name}, which counts already{also}."
        return Photo(photo.name, error, missing=Missing.REPEATED, number=photo.number)

    def keep(self, photo: Photo, image: Image) -> Photo:
        """Return a photograph with pictures of its faces; with a label, only the largest counts."""
        if photo.crops or photo.any_faces is None:
            return photo
        photo = _with_largest_face(photo) if photo.label else photo
        if photo.cut_out:
            png = encoded(image, ".png")
            return replace(photo, crops=(Crop(png, (), png),))
        if not photo.face_count or photo.any_faces is None:
            return photo
        spec, found = self.answerers[0].analyzer.spec, photo.any_faces.detections
        size = CROP_SCALE * spec.input_size
        aligned = align(image, found, framing=spec.framing, size=size, channels=3)
        crops = [
            Crop(*_picture(image, box), encoded(face, ".jpg", _CROP_QUALITY))
            for box, face in zip(found.xyxy, aligned, strict=True)
        ]
        return replace(photo, crops=tuple(crops))

    def put(self, before: Photo, photo: Photo) -> None:
        """See `PhotoSession`."""
        super().put(before, photo)
        if photo.width and self.own:
            self.own.put(photo)


def _with_largest_face(photo: Photo) -> Photo:
    faces = photo.any_faces
    if faces is None or len(faces) < 2:
        return photo
    largest = np.array([box_area(faces.xyxy).argmax()])
    answers = {
        model: {head: found.take(largest) for head, found in heads.items()}
        for model, heads in photo.answers.items()
    }
    return replace(photo, answers=answers)


def _picture(image: Image, box: Floats) -> tuple[bytes, tuple[float, ...]]:
    """Return a JPEG of a face with something around it, and the face's place in it."""
    left, top, side = portrait_square(image, box, _WIDTHS)
    cut = image[top : top + side, left : left + side]
    picture = encoded(resized(cut, min(1.0, PICTURE_SIDE / side)), ".jpg", _PICTURE_QUALITY)
    x, y, right, bottom = map(float, (box - (left, top, left, top)) / side)
    return picture, (round(x, 4), round(y, 4), round(right - x, 4), round(bottom - y, 4))
