"""Errors that a caller may want to catch.

Each message says what was expected, what was found, and what to do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


class FerError(Exception):
    """Base class of all errors that this project raises on purpose."""


class ImageError(FerError):
    """An image file cannot be analysed: it is unreadable, empty, too large or too small.

    Attributes:
        reason: a word for statistics, which says nothing about the file beyond it: `bytes`,
            `pixels`, `small`, `format`, `damaged` or `empty`; empty where nobody has said.
    """

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason


class ModelError(FerError):
    """A model directory is missing, incomplete, of another version, or contradicts its report."""


class DataError(FerError):
    """A labelled data set is missing, has an unknown layout or contains unusable data."""


class CollectionError(FerError):
    """A collection of photographs cannot be analysed, or its results cannot be gone on with."""


class OutputError(FerError):
    """What a command shall write cannot be written, or would replace what must stay."""


class VideoError(FerError):
    """A recording cannot be analysed: it is unreadable, has no picture, or is too large."""


class WireError(FerError):
    """What came from another device is no observation: it is of another version, cut or absurd."""


@contextmanager
def failures_as(make: Callable[[Exception], FerError]) -> Iterator[None]:
    """Turn whatever a library raises in the ``with`` block into an error of this project.

    What libraries raise for a damaged file is in no list: it depends on their versions. Errors of
    this project stay as they are.
    """
    try:
        yield
    except FerError:
        raise
    except Exception as error:
        raise make(error) from error
