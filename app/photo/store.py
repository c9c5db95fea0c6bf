"""Photographs of one session: read once, kept as long as they are on the page. No streamlit."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from app.photo.activation_image import EVIDENCE_SIDE, evidence_picture
from app.photo.images import marked_jpeg, marked_png, portrait_jpegs
from fer import Detections, Faces, ImageError, decode_image
from fer.export.photos import PhotoResult, to_csv, to_json
from fer.model.class_activation import Explanation
from fer.labels import EXPRESSION_HEAD
from fer.types import Image

_log = logging.getLogger(__name__)


class Analyze(Protocol):
    """Finds faces and reads them; a `fer.FaceAnalyzer`, or a fake in tests."""

    def __call__(self, image: Image, *, head: str = ..., found: Detections | None = ...) -> Faces:
        """Return the faces of an image; `found` if they are known."""


class Explain(Protocol):
    """Says where in a face an expression is found; a `fer.FaceAnalyzer`, or a fake in tests."""

    def explains(self, head: str) -> bool:
        """Tell whether `explain` is possible."""

    def explain(self, image: Image, faces: Faces, index: int, *, head: str = ...) -> Explanation:
        """Return where in one face each expression is found."""


#: Photographs on the page at a time; bounds the memory of a session.
MAX_PHOTOS = 100


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
class Reading:
    """What was found in a photograph, and the pictures that show it; none of its own pixels.

    Attributes:
        head: the output of the network that answered.
    """

    faces: Faces
    width: int
    height: int
    picture: bytes = field(repr=False)
    portraits: tuple[bytes, ...] = field(repr=False)
    head: str = EXPRESSION_HEAD


@dataclass(frozen=True)
class Failure:
    """Why a photograph could not be read, as the rest of a sentence that starts with its name."""

    reason: str


Outcome = Reading | Failure


class PhotoStore:
    """What was read in this session, by content: a rerun of the page reads nothing again.

    Each output of the network that was asked has its own outcome. Faces are looked for once.
    """

    def __init__(self) -> None:
        self._outcomes: dict[str, dict[str, Outcome]] = {}

    def __len__(self) -> int:
        return len(self._outcomes)

    def unread(self, photos: Iterable[Photo], head: str = EXPRESSION_HEAD) -> list[Photo]:
        """Return the photographs that `read` would have to analyse, each content once."""
        first: dict[str, Photo] = {}
        for photo in photos:
            first.setdefault(photo.digest, photo)
        return [p for digest, p in first.items() if head not in self._outcomes.get(digest, {})]

    def read(self, photo: Photo, analyze: Analyze, head: str = EXPRESSION_HEAD) -> Outcome:
        """Return what is in a photograph, analysing it only if it is new."""
        outcomes = self._outcomes.setdefault(photo.digest, {})
        if head not in outcomes:
            known = (o.faces.detections for o in outcomes.values() if isinstance(o, Reading))
            outcomes[head] = read_photo(photo, analyze, head, found=next(known, None))
        return outcomes[head]

    def keep_only(self, photos: Iterable[Photo]) -> None:
        """Forget everything about photographs that are not among these."""
        shown = {photo.digest for photo in photos}
        self._outcomes = {d: o for d, o in self._outcomes.items() if d in shown}


def read_photo(
    photo: Photo,
    analyze: Analyze,
    head: str = EXPRESSION_HEAD,
    *,
    found: Detections | None = None,
) -> Outcome:
    """Analyse one photograph. Whatever is wrong with it, the page and the others go on.

    Args:
        photo: the file.
        analyze: does it.
        head: the output of the network that answers.
        found: the faces, if they are known from another reading.
    """
    try:
        image = decode_image(photo.data)
        faces = analyze(image, head=head, found=found)
        height, width = image.shape[:2]
        return Reading(
            faces, width, height, marked_jpeg(image, faces), portrait_jpegs(image, faces), head
        )
    except ImageError as error:
        return Failure(str(error))
    except Exception:
        # Neither name nor contents go to the log: they are the visitor's.
        _log.exception("a photograph of %d bytes could not be analysed", len(photo.data))
        return Failure("could not be analysed: something went wrong in FER Lens, not in your file.")


def evidence_png(
    photo: Photo, reading: Reading, face: int, expression: str, explain: Explain
) -> bytes:
    """Return a face under the map of what speaks for an expression; decodes the photo once more."""
    image = decode_image(photo.data)
    made = explain.explain(image, reading.faces, face, head=reading.head)
    return evidence_picture(made.face(image, EVIDENCE_SIDE), made.heat(expression, EVIDENCE_SIDE))


def csv_of(readings: Iterable[tuple[str, Reading]]) -> str:
    """Return a table with a row per face; see `fer.export.photos.to_csv`."""
    results = _results(readings)
    return to_csv(results, results[0].faces.labels if results else ())


def json_of(readings: Iterable[tuple[str, Reading]]) -> str:
    """Return all results as JSON; see `fer.export.photos.to_json`."""
    return to_json(_results(readings))


def png_of(photo: Photo, reading: Reading) -> bytes:
    """Return the photograph in its full size with the faces marked; decodes it once more."""
    return marked_png(decode_image(photo.data), reading.faces)


def _results(readings: Iterable[tuple[str, Reading]]) -> list[PhotoResult]:
    return [PhotoResult(name, r.width, r.height, r.faces, r.head) for name, r in readings]
