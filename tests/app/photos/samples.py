"""Photographs of collections, with the fake analyzer's answers."""

from __future__ import annotations

from app.core.photo import Answerer, Photo, read_photo
from app.photos.album import Album, new_photo
from app.photos.pictures import PhotoView, keep_copies
from fer.labels import EXPRESSION_HEAD
from tests.app.samples import FakeAnalyzer, png


def item(name: str, faces: int = 1, happy: int = 90, seed: int = 0) -> Photo:
    """Return a photo that was read; see `tests.app.samples.FakeAnalyzer`."""
    return copied(name, png(faces, happy, seed))


def copied(name: str, data: bytes, analyzer: FakeAnalyzer | None = None) -> Photo:
    """Return a photo of a collection, read."""
    answerers = [Answerer(analyzer or FakeAnalyzer())]
    return read_photo(Photo(name), data, answerers, keep_copies, where="collection")


def unread(name: str) -> Photo:
    return Photo(name, "is damaged.")


def view_of(name: str, data: bytes, head: str = EXPRESSION_HEAD) -> PhotoView:
    """Return a photo as the Photo page shows it."""
    return Album().view(new_photo(name, data), FakeAnalyzer(), head)
