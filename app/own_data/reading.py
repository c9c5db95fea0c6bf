"""Reads one photograph of the visitor: its faces, and what all models answer. No Streamlit."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from app.collection.entry import Entry
from app.limits.photos import decode_photo
from app.operation.events import log_event
from app.photo.store import INTERNAL_ERROR
from fer import Detections, Faces, ImageError, decode_image
from fer.alignment import align
from fer.drawing.pictures import encoded, portrait_square, resized
from fer.geometry import box_area
from fer.images import is_cut_out
from fer.labelled.table import Box
from fer.model.spec import Head, ModelSpec
from fer.types import FLAWS, Floats, Image

_log = logging.getLogger(__name__)

#: Longest side in pixels of the picture that is shown while a face is labelled, and how much there
#: is around the face: side of the square in widths of the detector's box.
PICTURE_SIDE, _WIDTHS = 384, 2.0

#: JPEG quality of that picture, and of a crop, which is learnt from.
_PICTURE_QUALITY, _CROP_QUALITY = 84, 95

#: Side of a crop that is kept, in sides of the network's input. A training may turn and shift it.
CROP_SCALE = 3

#: By model and head, ``(k,)``.
Probabilities = Mapping[tuple[str, str], Floats]


class Analyzer(Protocol):
    """Finds faces and names their expressions; a `fer.FaceAnalyzer`, or a fake in tests."""

    spec: ModelSpec

    def __call__(
        self, image: Image, *, head: str = ..., detections: Detections | None = ...
    ) -> Faces:
        """Return the faces of an image; `detections` if they are known."""

    def all_heads(self, image: Image, detections: Detections) -> Mapping[str, Floats]:
        """Return the probabilities of known faces, ``(n, k)``, by head."""

    def cut_out(self, image: Image) -> Mapping[str, Floats]:
        """Return the probabilities of a cut-out face as it is, ``(k,)``, by head."""


@dataclass(frozen=True)
class Answerer:
    """A model that answers.

    Attributes:
        name: of the model.
        key: tells it from what was called so before.
        analyzer: the model.
    """

    name: str
    key: str
    analyzer: Analyzer = field(compare=False)


@dataclass(frozen=True)
class OwnFace:
    """A face of the visitor.

    Attributes:
        number: of the face in its photograph, from 1.
        box: left, top, right and bottom in pixels; all of the picture for a cut-out face.
        detections: this one face; None for a cut-out face.
        probabilities: what the models answer.
        flaws: what is wrong with its picture; see `fer.types.FLAWS`.
        picture: JPEG of it with something around it.
        frame: place of the face in that picture: left, top, width and height as shares of it;
            empty if it is all of it.
        crop: JPEG of it as a network sees it, `CROP_SCALE` times as large; PNG of a cut-out face.
    """

    number: int
    box: Box
    detections: Detections | None = field(repr=False, compare=False)
    probabilities: Probabilities = field(repr=False, compare=False)
    flaws: tuple[str, ...] = ()
    picture: bytes = field(default=b"", repr=False)
    frame: tuple[float, ...] = ()
    crop: bytes = field(default=b"", repr=False)

    def answered(self, model: str, head: Head) -> Faces | None:
        """Return the face with what a model's head answered; None if it was not asked."""
        probabilities = self.probabilities.get((model, head.name))
        if probabilities is None:
            return None
        detections = self.detections or Detections(  # of a cut-out face, which nobody detected
            np.array([self.box], np.float32),
            np.ones(1, np.float32),
            np.zeros((1, 6, 2), np.float32),
        )
        return Faces.of(
            detections,
            probabilities[None],
            head.labels,
            head=head.name,
            flaws=np.array([[flaw in self.flaws for flaw in FLAWS]]),
            thresholds=head.thresholds,
            margin=head.margin,
        )

    @property
    def size(self) -> int:
        """Bytes of its pictures."""
        return len(self.picture) + (len(self.crop) if self.crop is not self.picture else 0)


@dataclass(frozen=True)
class OwnPhoto(Entry):
    """A photograph of the visitor and its faces, left to right.

    Attributes:
        label: what the visitor's folders say that it shows; its largest face then is the only one.
        faces: its faces.
    """

    label: str = ""
    faces: tuple[OwnFace, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of its pictures."""
        return sum(face.size for face in self.faces)

    def called(self, face: OwnFace) -> str:
        """Return the name of one of its faces."""
        return f"{self.name}, face {face.number}" if len(self.faces) > 1 else self.name


def read_photo(
    name: str,
    data: bytes,
    answerers: Sequence[Answerer],
    *,
    label: str = "",
    cut_out: bool = False,
) -> OwnPhoto:
    """Return a photograph with what all models answer. Errors become part of the result.

    Args:
        name: its name.
        data: contents of the file.
        answerers: the models, one at least; the first searches for faces.
        label: what the photograph is known to show.
        cut_out: whether it is a cut-out face, also if it does not look like one.
    """
    try:
        image = decode_photo(data)
        if cut_out or is_cut_out(image):
            faces: tuple[OwnFace, ...] = (_cut_out(image, answerers),)
        else:
            faces = _found(image, answerers, largest=bool(label))
        log_event("photo_answered", where="own_data", faces=len(faces))
        return OwnPhoto(name, label=label, faces=faces)
    except ImageError as error:
        log_event("photo_refused", where="own_data", reason=error.reason)
        return OwnPhoto(name, str(error))
    except Exception:
        # File name and contents are private to the visitor and must not be logged.
        _log.exception("a photograph of %d bytes could not be analysed", len(data))
        return OwnPhoto(name, INTERNAL_ERROR)


def answered_too(
    faces: Sequence[OwnFace], data: bytes, answerers: Sequence[Answerer]
) -> tuple[OwnFace, ...]:
    """Return faces of a photograph with the answers of more models, without a new search.

    Args:
        faces: faces of the photograph.
        data: its contents.
        answerers: the models that answer, too.
    """
    image = decode_image(data)
    found = [face.detections for face in faces if face.detections]
    if found:
        answers = _answers(image, Detections.concatenate(found), answerers)
    else:
        answers = [_cut_out_answers(image, answerers)]
    return tuple(
        replace(face, probabilities={**face.probabilities, **new})
        for face, new in zip(faces, answers, strict=True)
    )


def _cut_out(image: Image, answerers: Sequence[Answerer]) -> OwnFace:
    height, width = image.shape[:2]
    answers = _cut_out_answers(image, answerers)
    png = encoded(image, ".png")
    return OwnFace(1, (0, 0, width, height), None, answers, picture=png, crop=png)


def _cut_out_answers(image: Image, answerers: Sequence[Answerer]) -> Probabilities:
    return {
        (one.name, head): answer
        for one in answerers
        for head, answer in one.analyzer.cut_out(image).items()
    }


def _found(image: Image, answerers: Sequence[Answerer], *, largest: bool) -> tuple[OwnFace, ...]:
    first = answerers[0]
    found = first.analyzer(image, head=first.analyzer.spec.head_names[0])
    if not len(found):
        return ()
    answers = _answers(image, found.detections, answerers)
    crops = _crops(image, found.detections, first.analyzer.spec)
    chosen = [int(box_area(found.xyxy).argmax())] if largest else range(len(found))
    faces = []
    for number, index in enumerate(chosen, 1):
        left, top, right, bottom = map(float, found.xyxy[index])
        picture, frame = _picture(image, found.xyxy[index])
        faces.append(
            OwnFace(
                number,
                (left, top, right, bottom),
                found.detections.take(np.array([index])),
                answers[index],
                found.quality[index],
                picture,
                frame,
                crops[index],
            )
        )
    return tuple(faces)


def _answers(
    image: Image, detections: Detections, answerers: Sequence[Answerer]
) -> list[Probabilities]:
    """Return what the models answer about each face."""
    answers = {
        (one.name, head): rows
        for one in answerers
        for head, rows in one.analyzer.all_heads(image, detections).items()
    }
    return [{key: rows[i] for key, rows in answers.items()} for i in range(len(detections))]


def _crops(image: Image, detections: Detections, spec: ModelSpec) -> list[bytes]:
    size = CROP_SCALE * spec.input_size
    aligned = align(image, detections, framing=spec.framing, size=size, channels=3)
    return [encoded(crop, ".jpg", _CROP_QUALITY) for crop in aligned]


def _picture(image: Image, box: Floats) -> tuple[bytes, tuple[float, ...]]:
    """Return a JPEG of a face with something around it, and the face's place in it."""
    left, top, side = portrait_square(image, box, _WIDTHS)
    cut = image[top : top + side, left : left + side]
    picture = encoded(resized(cut, min(1.0, PICTURE_SIDE / side)), ".jpg", _PICTURE_QUALITY)
    x, y, right, bottom = map(float, (box - (left, top, left, top)) / side)
    return picture, (round(x, 4), round(y, 4), round(right - x, 4), round(bottom - y, 4))
