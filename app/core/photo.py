"""One file of a visitor, read: its faces, and what all heads answer. Does not use Streamlit."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np

from app.core.budget import MB
from app.core.server.events import log_event
from app.core.settings import MAX_FACES, MAX_PHOTO_MB, MAX_PHOTO_MEGAPIXELS
from fer.analyzer import FaceAnalyzer
from fer.detection.blazeface import FaceDetector
from fer.errors import FerError, ImageError
from fer.geometry import box_area
from fer.images import MAX_BYTES, MAX_PIXELS
from fer.images import decode as decode_image
from fer.types import Detections, Faces, Image

_log = logging.getLogger(__name__)


class RefusedError(FerError):
    """A file is not read. Its message is the end of a sentence that starts with the file's name."""


@dataclass(frozen=True)
class Answerer:
    """A model that answers; `key` tells it from all others, and from what was called so before."""

    analyzer: FaceAnalyzer = field(compare=False)
    key: str
    name: str = ""


class Missing(StrEnum):
    """What a file without a result of its own counts as, in the words of the page."""

    NOT_READ = "not read"
    NOT_STARTED = "not started"
    REPEATED = "here already"


@dataclass(frozen=True)
class Upload:
    """A file as the browser sent it; its name may be a path in the folder that was chosen."""

    name: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Crop:
    """Pictures of one face, for who labels and trains.

    Attributes:
        picture: JPEG of the face with something around it.
        frame: left, top, width and height of the face as shares of it; empty if it is all of it.
        aligned: the face as a network sees it, but larger, JPEG; PNG of a cut-out face.
    """

    picture: bytes = field(repr=False)
    frame: tuple[float, ...]
    aligned: bytes = field(repr=False)

    @property
    def size(self) -> int:
        """Bytes of its pictures."""
        return len(self.picture) + (len(self.aligned) if self.aligned is not self.picture else 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """A file of a visitor and what became of it: before it is read, after it, or refused.

    Attributes:
        error: why it has no result of its own, as the end of a sentence that starts with its name.
        missing: what it counts as if it has none.
        upload: the file that it came in, as long as somebody may read it again.
        origin: identifies its file by name and contents, also after `upload` was dropped; None if
            it did not come in an upload.
        read: returns its contents; may raise `RefusedError`.
        label: what the visitor's folders say that it shows.
        width: of the upright photograph in pixels, as the height; 0 if it was not read.
        answers: its faces, left to right, by key of the model and by head.
        animated: whether it holds several pictures, of which the first was read.
        cut_out: whether it is a cut-out face, which nobody searches for.
        picture: JPEG of the photograph without marks, from which a file with many is made.
    """

    name: str = field(kw_only=False)
    error: str = field(default="", kw_only=False)
    missing: Missing = Missing.NOT_READ
    number: int = 0
    upload: Upload | None = field(default=None, repr=False, compare=False)
    origin: Hashable = field(default=None, repr=False, compare=False)
    read: Callable[[], bytes] = field(default=bytes, repr=False, compare=False)
    label: str = ""
    width: int = 0
    height: int = 0
    answers: Mapping[str, Mapping[str, Faces]] = field(
        default_factory=dict, repr=False, compare=False
    )
    animated: bool = False
    cut_out: bool = False
    picture: bytes = field(default=b"", repr=False)
    thumbnail: bytes = field(default=b"", repr=False)
    crops: tuple[Crop, ...] = field(default=(), repr=False)

    @property
    def done(self) -> bool:
        """Whether it was read, or will not be."""
        return bool(self.error or self.width)

    @property
    def not_started(self) -> bool:
        """Whether the analysis was cancelled before it was read."""
        return bool(self.error) and self.missing is Missing.NOT_STARTED

    @property
    def size(self) -> int:
        """Bytes of its pictures, without its file."""
        return len(self.picture) + len(self.thumbnail) + sum(crop.size for crop in self.crops)

    def without_lost_file(self) -> Photo:
        """Return this photograph, without its file if that cannot be read."""
        if not self.error or self.missing is Missing.NOT_STARTED:
            return self
        return replace(self, upload=None, read=bytes)

    def faces(self, head: str, model: str) -> Faces:
        """Return the faces as a head answers; none of a file that was not read."""
        return self.answers[model][head] if self.answers else Faces.empty(())

    @property
    def any_faces(self) -> Faces | None:
        """Its faces as some head answers; None if nobody has searched for them."""
        return next((one for heads in self.answers.values() for one in heads.values()), None)

    @property
    def face_count(self) -> int:
        """Number of its faces."""
        return len(self.any_faces or ())


#: Returns a photograph that was read with what is kept of its pixels.
Keep = Callable[[Photo, Image], Photo]


def read_photo(
    photo: Photo,
    data: bytes,
    answerers: Sequence[Answerer],
    keep: Keep,
    *,
    where: str,
    is_cut_out: Callable[[Image], bool] = lambda image: False,
) -> Photo:
    """Return a photograph with what all heads of all models answer, from one search for faces.

    Errors become part of the result, so that one bad file does not affect the others; but who was
    read before stays as it is. The first model searches for faces, unless they are known, or the
    image is a cut-out face, which is taken as it is. `keep` adds what is kept of its pixels;
    `where` is the page, for the log.
    """
    try:
        image = decode_photo(data)
        read = photo
        if not photo.done:
            height, width = image.shape[:2]
            cut_out = photo.cut_out or is_cut_out(image)
            read = replace(photo, width=width, height=height, cut_out=cut_out)
        for one in answerers:
            found = read.any_faces
            new = (
                one.analyzer.cut_out(image)
                if read.cut_out
                else one.analyzer.all_heads(image, None if found is None else found.detections)
            )
            read = replace(read, answers={**read.answers, one.key: new})
        read = keep(read, image)
    except ImageError as error:
        log_event("photo_refused", where=where, reason=error.reason)
        return replace(photo, error=str(error))
    except Exception:
        # File name and contents are private to the visitor and must not be logged.
        _log.exception("a photograph of %d bytes could not be analysed", len(data))
        reason = "could not be analysed: something went wrong in FER Lens, not in your file."
        return photo if photo.done else replace(photo, error=reason)
    log_event("photo_answered", where=where, faces=read.face_count)
    return read


def digest(data: bytes) -> bytes:
    """Return a hash of a file's contents, by which the same photograph is known again."""
    return hashlib.blake2b(data, digest_size=16).digest()


def decode_photo(data: bytes) -> Image:
    """Decode a visitor's file within this server's limits, or raise an ImageError; see `decode`."""
    return decode_image(
        data,
        max_bytes=min(MB * MAX_PHOTO_MB.number(), MAX_BYTES),
        max_pixels=min(1_000_000 * MAX_PHOTO_MEGAPIXELS.number(), MAX_PIXELS),
    )


def max_faces() -> int:
    """Return how many faces of a photograph this server reads, the largest."""
    return MAX_FACES.number()


class LargestFaces:
    """A `FaceDetector` that finds the largest faces of another one, at most `max_faces`."""

    def __init__(self, detector: FaceDetector) -> None:
        self._detector = detector

    def __call__(self, image: Image) -> Detections:
        """See `FaceDetector`."""
        found, most = self._detector(image), max_faces()
        if len(found) <= most:
            return found
        largest = np.argsort(-box_area(found.xyxy), kind="stable")[:most]
        return found.take(np.sort(largest))
