"""The photographs of one session, analysed once and kept while on the page. No Streamlit."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol

from app.background.priority import PHOTOGRAPHS
from app.limits.photos import decode_photo
from app.operation.events import log_event
from app.photo.activation_image import ACTIVATION_SIDE, activation_image
from app.photo.images import TILE_SIDE, marked_jpeg, marked_png, portrait_jpegs, thumbnail_jpeg
from app.photo.mesh import FindsMeshes, PhotoMesh
from fer import Detections, Faces, ImageError, decode_image
from fer.export.photos import PhotoResult
from fer.images import is_animated
from fer.labels import EXPRESSION_HEAD
from fer.model.class_activation import ClassActivation
from fer.model.spec import ModelSpec
from fer.types import Image

_log = logging.getLogger(__name__)


class Analyzer(Protocol):
    """Finds faces and names their expressions; a `fer.FaceAnalyzer`, or a fake in tests.

    Attributes:
        spec: describes the model that answers.
    """

    spec: ModelSpec

    def __call__(
        self, image: Image, *, head: str = ..., detections: Detections | None = ...
    ) -> Faces:
        """Return the faces of an image; `detections` if they are known."""

    def has_class_activation(self, head: str) -> bool:
        """Return whether the head has class activation maps."""

    def class_activation(
        self, image: Image, faces: Faces, index: int, *, head: str = ...
    ) -> ClassActivation:
        """Return the class activation maps of the face at `index`."""


#: Why a file was not read if it is not the file's fault.
INTERNAL_ERROR = "could not be analysed: something went wrong in FER Lens, not in your file."


@dataclass(frozen=True)
class Photo:
    """A file as the browser sent it.

    Attributes:
        name: name of the file.
        data: its contents.
        error: why it is not analysed, as the end of a sentence that starts with its name; empty if
            it can be.
        key: identifies name and contents, also after the contents were dropped; made if not given.
    """

    name: str
    data: bytes = field(repr=False)
    error: str = ""
    key: str = ""

    def __post_init__(self) -> None:
        if not self.key:
            made = hashlib.blake2b(self.data, digest_size=8, key=_short(self.name))
            object.__setattr__(self, "key", made.hexdigest())

    @cached_property
    def digest(self) -> str:
        """BLAKE2b hash of the contents, which is independent of the file name."""
        return hashlib.blake2b(self.data, digest_size=16).hexdigest()


def _short(name: str) -> bytes:
    return hashlib.blake2b(name.encode(errors="replace"), digest_size=16).digest()


@dataclass(frozen=True)
class AnalysedPhoto:
    """A photograph, its result, and the pictures that show the result.

    Attributes:
        photo: the file.
        result: its faces, or the reason why it could not be read.
        marked: JPEG for the page with a box and a label on every face; empty if unreadable.
        thumbnail: JPEG of the whole picture, small and without marks; empty if unreadable.
        portraits: JPEG of each face.
        tiles: smaller JPEG of each face, for a strip of many.
        animated: whether the file holds several pictures, of which only the first was read.
        mesh: the meshes of its faces, once somebody has asked for them; the same for all heads and
            models.
        spec: describes the model that answered; None if it is unreadable.
    """

    photo: Photo
    result: PhotoResult
    marked: bytes = field(default=b"", repr=False)
    thumbnail: bytes = field(default=b"", repr=False)
    portraits: tuple[bytes, ...] = field(default=(), repr=False)
    tiles: tuple[bytes, ...] = field(default=(), repr=False)
    animated: bool = False
    mesh: PhotoMesh = field(default_factory=PhotoMesh, repr=False)
    spec: ModelSpec | None = field(default=None, repr=False)

    @property
    def faces(self) -> Faces:
        """The faces; none if the file could not be read."""
        return self.result.faces

    @property
    def readable(self) -> bool:
        """Whether the file is a photograph that could be analysed."""
        return not self.result.error


class PhotoStore:
    """The results of this session by content, so that a rerun of the page analyses nothing again.

    Results are stored per head, of the model that answers. Faces are detected only once per
    photograph, whatever model answers. Two runs of a page may ask at once: a click begins a new one
    while the one before is still at a photograph.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._model = ""
        self._analysed: dict[str, dict[str, AnalysedPhoto]] = {}
        self._found: dict[str, tuple[Detections, PhotoMesh]] = {}

    def __len__(self) -> int:
        return len(self._analysed)

    def new(self, photos: Iterable[Photo], head: str = EXPRESSION_HEAD) -> list[Photo]:
        """Return the photographs that still have to be analysed, each content once."""
        first: dict[str, Photo] = {}
        for photo in photos:
            if not photo.error:
                first.setdefault(photo.digest, photo)
        return [p for digest, p in first.items() if head not in self._analysed.get(digest, {})]

    def analysed(
        self, photo: Photo, analyzer: Analyzer, head: str = EXPRESSION_HEAD
    ) -> AnalysedPhoto:
        """Return the result of a photograph, analysing it only if its content is new."""
        if photo.error:
            return AnalysedPhoto(photo, PhotoResult(photo.name, error=photo.error))
        by_head = self._analysed.setdefault(photo.digest, {})  # before it waits
        with self._lock:
            stored = self._stored(photo, analyzer, head, by_head)
        # The same content may be on the page under two names.
        return replace(stored, photo=photo, result=replace(stored.result, name=photo.name))

    def _stored(
        self, photo: Photo, analyzer: Analyzer, head: str, by_head: dict[str, AnalysedPhoto]
    ) -> AnalysedPhoto:
        """Return a result out of those that the store had when it was asked.

        They are the store's no more if the photograph was removed meanwhile, or another model
        answers: then nobody sees what is added to them.
        """
        if head not in by_head:
            detections, mesh = self._found.get(photo.digest, (None, PhotoMesh()))
            with PHOTOGRAPHS.turn():
                new = analyse_photo(photo, analyzer, head, detections=detections)
            by_head[head] = replace(new, mesh=mesh)
            if new.readable and self._analysed.get(photo.digest) is by_head:
                self._found[photo.digest] = new.faces.detections, mesh
        return by_head[head]

    def answered_by(self, model: str) -> None:
        """Note which model answers from now on.

        Answers of another one are deleted. The faces that were found stay, and their meshes.

        Args:
            model: tells it from all others, and from what was at its place before.
        """
        if model != self._model:
            self._model = model
            self._analysed.clear()
            for _, mesh in list(self._found.values()):
                mesh.forget_pictures()

    def keep_only(self, photos: Iterable[Photo]) -> None:
        """Delete the results of all photographs except these."""
        shown = {photo.digest for photo in photos}
        self._analysed = {d: a for d, a in list(self._analysed.items()) if d in shown}
        self._found = {d: f for d, f in list(self._found.items()) if d in shown}


def analyse_photo(
    photo: Photo,
    analyzer: Analyzer,
    head: str = EXPRESSION_HEAD,
    *,
    detections: Detections | None = None,
) -> AnalysedPhoto:
    """Analyse one photograph.

    Errors become part of the result, so that one bad file does not affect the others.

    Args:
        photo: the file.
        analyzer: detects and classifies the faces.
        head: name of the head to use.
        detections: the faces, if they are already known from the result of another head.
    """
    try:
        image = decode_photo(photo.data)
        faces = analyzer(image, head=head, detections=detections)
        height, width = image.shape[:2]
        result = PhotoResult(photo.name, width, height, faces)
        log_event("photo_answered", where="photo", faces=len(faces))
        return AnalysedPhoto(
            photo,
            result,
            marked=marked_jpeg(image, faces),
            thumbnail=thumbnail_jpeg(image),
            portraits=portrait_jpegs(image, faces),
            tiles=portrait_jpegs(image, faces, side=TILE_SIDE),
            animated=is_animated(photo.data),
            spec=analyzer.spec,
        )
    except ImageError as error:
        log_event("photo_refused", where="photo", reason=error.reason)
        return AnalysedPhoto(photo, PhotoResult(photo.name, error=str(error)))
    except Exception:
        # File name and contents are private to the visitor and must not be logged.
        _log.exception("a photograph of %d bytes could not be analysed", len(photo.data))
        return AnalysedPhoto(photo, PhotoResult(photo.name, error=INTERNAL_ERROR))


def activation_png(
    analysed: AnalysedPhoto, face: int, expression: str, analyzer: Analyzer
) -> bytes:
    """Return a PNG of a face with the class activation map of an expression.

    Decodes the photograph again, because decoded images are not kept.

    Args:
        analysed: the photograph.
        face: index of the face.
        expression: label whose map is drawn.
        analyzer: computes the map.
    """
    image, faces = decode_image(analysed.photo.data), analysed.faces
    activation = analyzer.class_activation(image, faces, face, head=faces.head)
    crop = activation.face(image, ACTIVATION_SIDE)
    return activation_image(crop, activation.heatmap(expression, ACTIVATION_SIDE))


def with_mesh(analysed: AnalysedPhoto, network: FindsMeshes) -> AnalysedPhoto:
    """Return a photograph whose pictures show the face meshes.

    They are found and drawn in the first call, which decodes the photograph again.

    Args:
        analysed: the photograph.
        network: finds the meshes.
    """
    pictures = analysed.mesh.pictures(analysed.photo.data, analysed.faces, network)
    return replace(analysed, marked=pictures.marked, portraits=pictures.portraits)


def png_of(analysed: AnalysedPhoto) -> bytes:
    """Return a PNG of the photograph in full size, marked as it is shown; decodes it again."""
    return marked_png(decode_image(analysed.photo.data), analysed.faces, analysed.mesh.drawn)
