"""One file of a visitor, read: its faces, and what all heads answer. Does not use Streamlit."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol

from app.core.photo_limits import decode_photo
from app.core.server.events import log_event
from fer import Detections, Faces, ImageError
from fer.export.photos import PhotoResult
from fer.model.class_activation import ClassActivation
from fer.model.spec import ModelSpec
from fer.types import Image

_log = logging.getLogger(__name__)

#: Why a file was not read if it is not the file's fault.
INTERNAL_ERROR = "could not be analysed: something went wrong in FER Lens, not in your file."


class Analyzer(Protocol):
    """Finds faces and names their expressions; a `fer.FaceAnalyzer`, or a fake in tests.

    Attributes:
        spec: describes the model that answers.
    """

    spec: ModelSpec

    def all_heads(self, image: Image, detections: Detections | None = ...) -> Mapping[str, Faces]:
        """Return the faces of an image by head; `detections` if they are known."""

    def cut_out(self, image: Image) -> Mapping[str, Faces]:
        """Return a cut-out face as it is, by head."""

    def has_class_activation(self, head: str) -> bool:
        """Return whether the head has class activation maps."""

    def class_activation(
        self, image: Image, faces: Faces, index: int, *, head: str = ...
    ) -> ClassActivation:
        """Return the class activation maps of the face at `index`."""


@dataclass(frozen=True)
class Answerer:
    """A model that answers.

    Attributes:
        analyzer: the model.
        name: of the model; "" where only one answers.
        key: tells it from what was called so before.
    """

    analyzer: Analyzer = field(compare=False)
    name: str = ""
    key: str = ""


class Missing(StrEnum):
    """What a file without a result of its own counts as, in the words of the page."""

    NOT_READ = "not read"
    NOT_STARTED = "not started"
    REPEATED = "here already"


@dataclass(frozen=True, slots=True)
class Crop:
    """Pictures of one face, for who labels and trains.

    Attributes:
        picture: JPEG of the face with something around it.
        frame: place of the face in that picture: left, top, width and height as shares of it; empty
            if it is all of it.
        aligned: the face as a network sees it, but larger, JPEG; PNG of a cut-out face.
    """

    picture: bytes = field(repr=False)
    frame: tuple[float, ...]
    aligned: bytes = field(repr=False)

    @property
    def size(self) -> int:
        """Bytes of its pictures."""
        return len(self.picture) + (len(self.aligned) if self.aligned is not self.picture else 0)


@dataclass(frozen=True, slots=True)
class Photo:
    """A file of a visitor and what became of it.

    Attributes:
        name: its name, or its path in what was uploaded.
        error: why it has no result of its own, as the end of a sentence that starts with its name.
        missing: what it counts as if it has none.
        number: tells it from the others of its set.
        key: tells it from all others of the visitor.
        data: contents of the file, where they are kept.
        label: what the visitor's folders say that it shows.
        width: width of the upright photograph in pixels; 0 if it was not read.
        height: height, likewise.
        answers: its faces, left to right, by name of the model and by head.
        animated: whether it holds several pictures, of which the first was read.
        cut_out: whether it is a cut-out face, which nobody searched for.
        picture: JPEG of the photograph without marks, where the file is not kept.
        thumbnail: a smaller one.
        portraits: JPEG of each face, where they are kept.
        crops: other pictures of each face, where they are kept.
    """

    name: str
    error: str = ""
    missing: Missing = field(default=Missing.NOT_READ, kw_only=True)
    number: int = field(default=0, kw_only=True)
    key: str = field(default="", kw_only=True)
    data: bytes = field(default=b"", repr=False, kw_only=True)
    label: str = field(default="", kw_only=True)
    width: int = field(default=0, kw_only=True)
    height: int = field(default=0, kw_only=True)
    answers: Mapping[str, Mapping[str, Faces]] = field(
        default_factory=dict, repr=False, compare=False, kw_only=True
    )
    animated: bool = field(default=False, kw_only=True)
    cut_out: bool = field(default=False, kw_only=True)
    picture: bytes = field(default=b"", repr=False, kw_only=True)
    thumbnail: bytes = field(default=b"", repr=False, kw_only=True)
    portraits: tuple[bytes, ...] = field(default=(), repr=False, kw_only=True)
    crops: tuple[Crop, ...] = field(default=(), repr=False, kw_only=True)

    @property
    def size(self) -> int:
        """Bytes of its pictures."""
        pictures = (self.picture, self.thumbnail, *self.portraits)
        return sum(map(len, pictures)) + sum(crop.size for crop in self.crops)

    def faces(self, head: str, model: str = "") -> Faces:
        """Return the faces as a head answers; none of a file that was not read."""
        return self.answers[model][head] if self.answers else Faces.empty(())

    @property
    def detections(self) -> Detections | None:
        """Its faces, whatever they show; None if nobody has searched for them."""
        answers = (faces for heads in self.answers.values() for faces in heads.values())
        return next((faces.detections for faces in answers), None)

    @property
    def face_count(self) -> int:
        """Number of its faces."""
        return len(self.detections or ())

    def result(self, head: str) -> PhotoResult:
        """Return what a head answered, for an export."""
        return PhotoResult(self.name, self.width, self.height, self.faces(head), self.error)


#: Returns a photograph that was read with what is kept of its pixels.
Keep = Callable[[Photo, Image], Photo]


def read_photo(
    photo: Photo,
    data: bytes,
    answerers: Sequence[Answerer],
    keep: Keep,
    *,
    where: str,
    detections: Detections | None = None,
    is_cut_out: Callable[[Image], bool] = lambda image: False,
) -> Photo:
    """Return a photograph with what all heads of all models answer, from one search for faces.

    Errors become part of the result, so that one bad file does not affect the others.

    Args:
        photo: what is known of it.
        data: contents of the file.
        answerers: the models, one at least; the first searches for faces.
        keep: adds what is kept of its pixels.
        where: page that reads it, for the log.
        detections: the faces, if they are known.
        is_cut_out: returns whether an image is a cut-out face, which is taken as it is.
    """
    try:
        image = decode_photo(data)
        height, width = image.shape[:2]
        read = replace(
            photo,
            width=width,
            height=height,
            answers={},
            cut_out=is_cut_out(image),
        )
        read = keep(answer_too(read, image, answerers, detections), image)
        log_event("photo_answered", where=where, faces=read.face_count)
        return read
    except ImageError as error:
        log_event("photo_refused", where=where, reason=error.reason)
        return replace(photo, error=str(error))
    except Exception:
        # File name and contents are private to the visitor and must not be logged.
        _log.exception("a photograph of %d bytes could not be analysed", len(data))
        return replace(photo, error=INTERNAL_ERROR)


def answer_too(
    photo: Photo,
    image: Image,
    answerers: Sequence[Answerer],
    detections: Detections | None = None,
) -> Photo:
    """Return a photograph with the answers of more models; faces are searched for only once.

    Args:
        photo: the photograph.
        image: its pixels.
        answerers: the models that answer, too.
        detections: the faces, if they are known and nobody has answered about them.
    """
    for one in answerers:
        known = photo.detections
        new = (
            one.analyzer.cut_out(image)
            if photo.cut_out
            else one.analyzer.all_heads(image, known if known is not None else detections)
        )
        photo = replace(photo, answers={**photo.answers, one.name: new})
    return photo


def digest(data: bytes) -> bytes:
    """Return a hash of a file's contents, by which the same photograph is known again."""
    return hashlib.blake2b(data, digest_size=16).digest()
