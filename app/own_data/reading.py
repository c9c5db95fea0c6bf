"""Reads one photograph of the visitor, and keeps pictures of its faces. Does not use Streamlit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from app.core.photo import Answerer, Crop, Photo, answer_too, read_photo
from fer import Faces, decode_image
from fer.alignment import align
from fer.drawing.pictures import encoded, portrait_square, resized
from fer.geometry import box_area
from fer.images import is_cut_out
from fer.labelled.table import Box
from fer.model.spec import ModelSpec
from fer.types import Floats, Image

#: Longest side in pixels of the picture that is shown while a face is labelled, and how much there
#: is around the face: side of the square in widths of the detector's box.
PICTURE_SIDE, _WIDTHS = 384, 2.0

#: JPEG quality of that picture, and of a crop, which is learnt from.
_PICTURE_QUALITY, _CROP_QUALITY = 84, 95

#: Side of a crop that is kept, in sides of the network's input. A training may turn and shift it.
CROP_SCALE = 3


@dataclass(frozen=True)
class OwnFace:
    """A face of the visitor.

    Attributes:
        photo: its photograph.
        index: of the face in it.
    """

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
        left, top, right, bottom = map(float, self._first.xyxy[self.index])
        return left, top, right, bottom

    @property
    def flaws(self) -> tuple[str, ...]:
        """What is wrong with its picture; see `fer.types.FLAWS`."""
        return self._first.quality[self.index]

    @property
    def probabilities(self) -> Mapping[tuple[str, str], Floats]:
        """What the models answer, ``(k,)``, by model and head."""
        return {
            (model, head): faces.probabilities[self.index]
            for model, heads in self.photo.answers.items()
            for head, faces in heads.items()
        }

    def answered(self, model: str, head: str) -> Faces | None:
        """Return the face with what a model's head answered; None if it was not asked."""
        faces = self.photo.answers.get(model, {}).get(head)
        return faces.take(np.array([self.index])) if faces else None

    @property
    def _first(self) -> Faces:
        heads = next(iter(self.photo.answers.values()))
        return next(iter(heads.values()))


def read_own(
    photo: Photo, data: bytes, answerers: Sequence[Answerer], *, cut_out: bool = False
) -> Photo:
    """Return a photograph with what all models answer. Errors become part of the result.

    Args:
        photo: what is known of it; with a label, its largest face is the only one.
        data: contents of the file.
        answerers: the models, one at least; the first searches for faces.
        cut_out: whether it is a cut-out face, also if it does not look like one.
    """
    spec = answerers[0].analyzer.spec
    return read_photo(
        photo,
        data,
        answerers,
        lambda read, image: _with_crops(_largest(read), image, spec),
        where="own_data",
        is_cut_out=lambda image: cut_out or is_cut_out(image),
    )


def answered_too(photo: Photo, data: bytes, answerers: Sequence[Answerer]) -> Photo:
    """Return a photograph with the answers of more models about the same faces."""
    return answer_too(photo, decode_image(data), answerers)


def _largest(photo: Photo) -> Photo:
    """Return a photograph with the largest of its faces alone if it has a label."""
    if not photo.label or photo.face_count < 2 or photo.detections is None:
        return photo
    largest = np.array([box_area(photo.detections.xyxy).argmax()])
    answers = {
        model: {head: faces.take(largest) for head, faces in heads.items()}
        for model, heads in photo.answers.items()
    }
    return replace(photo, answers=answers)


def _with_crops(photo: Photo, image: Image, spec: ModelSpec) -> Photo:
    found = photo.detections
    if photo.cut_out:
        png = encoded(image, ".png")
        return replace(photo, crops=(Crop(png, (), png),))
    if found is None or not len(found):
        return photo
    size = CROP_SCALE * spec.input_size
    aligned = align(image, found, framing=spec.framing, size=size, channels=3)
    crops = [
        Crop(*_picture(image, box), encoded(face, ".jpg", _CROP_QUALITY))
        for box, face in zip(found.xyxy, aligned, strict=True)
    ]
    return replace(photo, crops=tuple(crops))


def _picture(image: Image, box: Floats) -> tuple[bytes, tuple[float, ...]]:
    """Return a JPEG of a face with something around it, and the face's place in it."""
    left, top, side = portrait_square(image, box, _WIDTHS)
    cut = image[top : top + side, left : left + side]
    picture = encoded(resized(cut, min(1.0, PICTURE_SIDE / side)), ".jpg", _PICTURE_QUALITY)
    x, y, right, bottom = map(float, (box - (left, top, left, top)) / side)
    return picture, (round(x, 4), round(y, 4), round(right - x, 4), round(bottom - y, 4))
