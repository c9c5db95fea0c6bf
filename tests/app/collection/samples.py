"""Items of collections, with the fake analyzer's answers."""

from __future__ import annotations

from app.collection.item import Item, read_item
from fer.labels import EXPRESSION_HEAD, FERPLUS_HEAD
from tests.app.samples import FakeAnalyzer, png

HEADS = (EXPRESSION_HEAD, FERPLUS_HEAD)


def item(name: str, faces: int = 1, happy: int = 90, seed: int = 0) -> Item:
    """Return a photo that was read; see `tests.app.samples.FakeAnalyzer`."""
    return read_item(name, png(faces, happy, seed), FakeAnalyzer(), HEADS)


def unread(name: str) -> Item:
    return Item(name, "is damaged.")
