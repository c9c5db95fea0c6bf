"""One file of a collection, read: its faces and small pictures. Does not use Streamlit.

The photograph itself is not kept. What shows it is made from a smaller copy without marks, for
whichever head the visitor chooses. Of 11 photographs of 0.2 to 2.6 megapixels, a result took
100 kB on average, and at most 180 kB; at 12 megapixels, 116 kB and 179 kB.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.collection.entry import Entry
from app.limits.photos import decode_photo
from app.operation.events import log_event
from app.photo.images import (
    PORTRAIT_SIDE,
    TILE_SIDE,
    marked_jpeg,
    portrait_jpegs,
    small_jpeg,
)
from app.photo.layout import MAX_CARDS
from app.photo.store import INTERNAL_ERROR, AnalysedPhoto, Analyzer, Photo
from fer import Faces, ImageError, decode_image
from fer.export.photos import PhotoResult
from fer.images import is_animated
from fer.model.spec import ModelSpec

_log = logging.getLogger(__name__)

#: Longest side in pixels of the copy that is kept, and of the thumbnail.
PICTURE_SIDE, THUMBNAIL_SIDE = 960, 240

_QUALITY, _THUMBNAIL_QUALITY = 85, 78


@dataclass(frozen=True)
class Item(Entry):
    """A file of a collection and what became of it.

    Attributes:
        width: width of the upright photograph in pixels; 0 if it was not read.
        height: height, likewise.
        faces: its faces, by the head that answered.
        picture: JPEG of the photograph, `PICTURE_SIDE` pixels large, without marks.
        thumbnail: a smaller one.
        portraits: JPEG of each face, of no more than `MAX_CARDS`; those of more are cut out of the
            picture when they are shown.
        animated: whether it holds several pictures, of which the first was read.
    """

    width: int = 0
    height: int = 0
    faces: Mapping[str, Faces] = field(default_factory=dict, repr=False)
    picture: bytes = field(default=b"", repr=False)
    thumbnail: bytes = field(default=b"", repr=False)
    portraits: tuple[bytes, ...] = field(default=(), repr=False)
    animated: bool = False

    @property
    def size(self) -> int:
        """Bytes of its pictures."""
        return sum(map(len, (self.picture, self.thumbnail, *self.portraits)))

    def result(self, head: str) -> PhotoResult:
        """Return what a head answered, for an export."""
        if self.error:
            return PhotoResult(self.name, error=self.error)
        return PhotoResult(self.name, self.width, self.height, self.faces[head])

    def marked(self, head: str) -> bytes:
        """Return a JPEG with a box and a label on every face."""
        return marked_jpeg(decode_image(self.picture), self._small_faces(head))

    def analysed(self, head: str, key: str, spec: ModelSpec | None = None) -> AnalysedPhoto:
        """Return the photograph as the Photo page shows it.

        Args:
            head: name of the head that answered.
            key: tells it apart from others in the session.
            spec: describes the model that answered.
        """
        image, faces = decode_image(self.picture), self._small_faces(head)
        few = len(self.portraits) == len(faces)
        return AnalysedPhoto(
            Photo(self.name, b"", key=key),
            self.result(head),
            marked=marked_jpeg(image, faces),
            thumbnail=self.thumbnail,
            portraits=self.portraits if few else portrait_jpegs(image, faces),
            tiles=() if few else portrait_jpegs(image, faces, TILE_SIDE),
            animated=self.animated,
            spec=spec,
        )

    def _small_faces(self, head: str) -> Faces:
        return self.faces[head].scaled(min(1.0, PICTURE_SIDE / max(self.width, self.height)))


def read_item(name: str, data: bytes, analyzer: Analyzer, heads: Sequence[str]) -> Item:
    """Return what all heads answer about a photograph. Errors become part of the result.

    Args:
        name: path in the collection.
        data: contents of the file.
        analyzer: detects and classifies the faces.
        heads: names of the heads, one at least.
    """
    try:
        image = decode_photo(data)
        first = analyzer(image, head=heads[0])
        detections = first.detections
        others = {head: analyzer(image, head=head, detections=detections) for head in heads[1:]}
        height, width = image.shape[:2]
        log_event("photo_answered", where="collection", faces=len(first))
        return Item(
            name,
            "",
            width,
            height,
            {heads[0]: first, **others},
            picture=small_jpeg(image, PICTURE_SIDE, _QUALITY),
            thumbnail=small_jpeg(image, THUMBNAIL_SIDE, _THUMBNAIL_QUALITY),
            portraits=portrait_jpegs(image, first, PORTRAIT_SIDE)
            if len(first) <= MAX_CARDS
            else (),
            animated=is_animated(data),
        )
    except ImageError as error:
        log_event("photo_refused", where="collection", reason=error.reason)
        return Item(name, str(error))
    except Exception:
        # File name and contents are private to the visitor and must not be logged.
        _log.exception("a photograph of %d bytes could not be analysed", len(data))
        return Item(name, INTERNAL_ERROR)


def digest(data: bytes) -> bytes:
    """Return a hash of a file's contents, by which the same photograph is known again."""
    return hashlib.blake2b(data, digest_size=16).digest()
