"""Photographs of one session: analysed once, kept as long as they are on the page. No streamlit."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol

from app.photo.activation_image import ACTIVATION_SIDE, activation_image
from app.photo.images import marked_jpeg, marked_png, portrait_jpegs
from fer import Detections, Faces, ImageError, decode_image
from fer.export.photos import PhotoResult, to_csv, to_json
from fer.labels import EXPRESSION_HEAD
from fer.model.class_activation import ClassActivation
from fer.types import Image

_log = logging.getLogger(__name__)


class Analyzer(Protocol):
    """Finds faces and names their expressions; a `fer.FaceAnalyzer`, or a fake in tests."""

    def __call__(
        self, image: Image, *, head: str = ..., detections: Detections | None = ...
    ) -> Faces:
        """Return the faces of an image; `detections` if they are known."""

    def has_class_activation(self, head: str) -> bool:
        """Tell whether `class_activation` is possible."""

    def class_activation(
        self, image: Image, faces: Faces, index: int, *, head: str = ...
    ) -> ClassActivation:
        """Return where in one face each expression is found."""


#: Photographs on the page at a time; bounds the memory of a session.
MAX_PHOTOS = 100

_FAULT = "could not be analysed: something went wrong in FER Lens, not in your file."


@dataclass(frozen=True)
class Photo:
    """A file as it came from the browser."""

    name: str
    data: bytes = field(repr=False)

    @cached_property
    def digest(self) -> str:
        """What tells contents apart, whatever the file is called."""
        return hashlib.blake2b(self.data, digest_size=16).hexdigest()


@dataclass(frozen=True)
class AnalysedPhoto:
    """A photograph, what was found in it, and the pictures that show it.

    Attributes:
        photo: the file.
        result: its faces, or why it could not be read.
        marked: a JPEG for the page with every face boxed and named; empty without a result.
        portraits: a JPEG of each face.
    """

    photo: Photo
    result: PhotoResult
    marked: bytes = field(default=b"", repr=False)
    portraits: tuple[bytes, ...] = field(default=(), repr=False)

    @property
    def faces(self) -> Faces:
        """The faces; none where it could not be read."""
        return self.result.faces

    @property
    def readable(self) -> bool:
        """Whether the file is a photograph that could be analysed."""
        return not self.result.error


class PhotoStore:
    """What was found in this session, by content: a rerun of the page analyses nothing again.

    Each head of the network that was asked has its own answer. Faces are looked for once.
    """

    def __init__(self) -> None:
        self._analysed: dict[str, dict[str, AnalysedPhoto]] = {}

    def __len__(self) -> int:
        return len(self._analysed)

    def new(self, photos: Iterable[Photo], head: str = EXPRESSION_HEAD) -> list[Photo]:
        """Return the photographs that `analysed` would have to analyse, each content once."""
        first: dict[str, Photo] = {}
        for photo in photos:
            first.setdefault(photo.digest, photo)
        return [p for digest, p in first.items() if head not in self._analysed.get(digest, {})]

    def analysed(
        self, photo: Photo, analyzer: Analyzer, head: str = EXPRESSION_HEAD
    ) -> AnalysedPhoto:
        """Return what is in a photograph, analysing it only if its content is new."""
        by_head = self._analysed.setdefault(photo.digest, {})
        if head not in by_head:
            known = (a.faces.detections for a in by_head.values() if a.readable)
            by_head[head] = analyse_photo(photo, analyzer, head, found=next(known, None))
        found = by_head[head]
        # The same content may be there under two names.
        return replace(found, photo=photo, result=replace(found.result, name=photo.name))

    def keep_only(self, photos: Iterable[Photo]) -> None:
        """Forget everything about photographs that are not among these."""
        shown = {photo.digest for photo in photos}
        self._analysed = {d: a for d, a in self._analysed.items() if d in shown}


def analyse_photo(
    photo: Photo,
    analyzer: Analyzer,
    head: str = EXPRESSION_HEAD,
    *,
    found: Detections | None = None,
) -> AnalysedPhoto:
    """Analyse one photograph. Whatever is wrong with it, the page and the others go on.

    Args:
        photo: the file.
        analyzer: does it.
        head: of the network, which answers.
        found: the faces, if they are known from another head's answer.
    """
    try:
        image = decode_image(photo.data)
        faces = analyzer(image, head=head, detections=found)
        height, width = image.shape[:2]
        result = PhotoResult(photo.name, width, height, faces)
        return AnalysedPhoto(photo, result, marked_jpeg(image, faces), portrait_jpegs(image, faces))
    except ImageError as error:
        return AnalysedPhoto(photo, PhotoResult(photo.name, error=str(error)))
    except Exception:
        # Neither name nor contents go to the log: they are the visitor's.
        _log.exception("a photograph of %d bytes could not be analysed", len(photo.data))
        return AnalysedPhoto(photo, PhotoResult(photo.name, error=_FAULT))


def activation_png(
    analysed: AnalysedPhoto, face: int, expression: str, analyzer: Analyzer
) -> bytes:
    """Return a face under the map of what speaks for an expression; decodes the photo once more."""
    image, faces = decode_image(analysed.photo.data), analysed.faces
    made = analyzer.class_activation(image, faces, face, head=faces.head)
    crop, heatmap = made.face(image, ACTIVATION_SIDE), made.heatmap(expression, ACTIVATION_SIDE)
    return activation_image(crop, heatmap)


def csv_of(photos: Sequence[AnalysedPhoto]) -> str:
    """Return a table with a row per face; see `fer.export.photos.to_csv`."""
    return to_csv([a.result for a in photos], photos[0].faces.labels if photos else ())


def json_of(photos: Sequence[AnalysedPhoto]) -> str:
    """Return all results as JSON; see `fer.export.photos.to_json`."""
    return to_json([a.result for a in photos])


def png_of(analysed: AnalysedPhoto) -> bytes:
    """Return the photograph in its full size with the faces marked; decodes it once more."""
    return marked_png(decode_image(analysed.photo.data), analysed.faces)
