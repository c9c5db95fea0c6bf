"""Every error that a caller may want to catch.

Messages say what was expected, what came, and what to do.
"""

from __future__ import annotations


class FerError(Exception):
    """Base of all errors raised on purpose by this project."""


class ImageError(FerError):
    """A file is not an image that can be analysed: unreadable, empty, too large, or too small."""


class ModelError(FerError):
    """A model directory is missing, incomplete, of another version, or at odds with its report."""


class DataError(FerError):
    """A labelled data set is missing, of an unknown layout, or has contents that cannot be used."""
