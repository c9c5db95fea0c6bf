"""Photographs of one session: read once, kept as long as they are on the page. No streamlit."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property

from app.pictures import marked_jpeg, marked_png, portrait_jpegs
from fer import Faces, ImageError, decode_image
from fer.records import PhotoResult, to_csv, to_json
from fer.types import Image

_log = logging.getLogger(__name__)

Analyze = Callable[[Image], Faces]

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
    """What was found in a photograph, and the pictures that show it; none of its own pixels."""

    faces: Faces
    width: int
    height: int
    picture: bytes = field(repr=False)
    portraits: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True)
class Failure:
    """Why a photograph could not be read, as the rest of a sentence that starts with its name."""

    reason: str


Outcome = Reading | Failure


class PhotoStore:
    """What was read in this session, by content: a rerun of the page reads nothing again."""

    def __init__(self) -> None:
        self._outcomes: dict[str, Outcome] = {}

    def __len__(self) -> int:
        return len(self._outcomes)

    def unread(self, photos: Iterable[Photo]) -> list[Photo]:
        """Return the photographs that `read` would have to analyse, each content once."""
        first: dict[str, Photo] = {}
        for photo in photos:
            first.setdefault(photo.digest, photo)
        return [photo for digest, photo in first.items() if digest not in self._outcomes]

    def read(self, photo: Photo, analyze: Analyze) -> Outcome:
        """Return what is in a photograph, analysing it only if it is new."""
        if photo.digest not in self._outcomes:
            self._outcomes[photo.digest] = read_photo(photo, analyze)
        return self._outcomes[photo.digest]

    def keep_only(self, photos: Iterable[Photo]) -> None:
        """Forget everything about photographs that are not among these."""
        shown = {photo.digest for photo in photos}
        self._outcomes = {d: o for d, o in self._outcomes.items() if d in shown}


def read_photo(photo: Photo, analyze: Analyze) -> Outcome:
    """Analyse one photograph. Whatever is wrong with it, the page and the others go on."""
    try:
        image = decode_image(photo.data)
        faces = analyze(image)
        height, width = image.shape[:2]
        return Reading(
            faces, width, height, marked_jpeg(image, faces), portrait_jpegs(image, faces)
        )
    except ImageError as error:
        return Failure(str(error))
    except Exception:
        # Neither name nor contents go to the log: they are the visitor's.
        _log.exception("a photograph of %d bytes could not be analysed", len(photo.data))
        return Failure("could not be analysed: something went wrong in FER Lens, not in your file.")


def csv_of(readings: Iterable[tuple[str, Reading]]) -> str:
    """Return a table with a row per face; see `fer.records.to_csv`."""
    results = _results(readings)
    return to_csv(results, results[0].faces.labels if results else ())


def json_of(readings: Iterable[tuple[str, Reading]]) -> str:
    """Return all results as JSON; see `fer.records.to_json`."""
    return to_json(_results(readings))


def png_of(photo: Photo, reading: Reading) -> bytes:
    """Return the photograph in its full size with the faces marked; decodes it once more."""
    return marked_png(decode_image(photo.data), reading.faces)


def _results(readings: Iterable[tuple[str, Reading]]) -> list[PhotoResult]:
    return [PhotoResult(name, r.width, r.height, r.faces) for name, r in readings]
