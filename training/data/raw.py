"""The common result of all readers for `training.data.load.load`: faces, not yet split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fer.errors import DataError
from fer.images import MIN_SIDE
from training.data.class_names import choose
from training.data.image_stack import fit_images

#: The splits, in display order.
SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Problem:
    """A problem of a data set that did not prevent reading it.

    Attributes:
        place: file and line, path of an image, or name of a split.
        message: what was expected, what was found, and what was done.
    """

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


@dataclass(frozen=True)
class LoadOptions:
    """Requested form of the faces; ``None`` means as in the data.

    Attributes:
        size: side in pixels to which images are resized.
        channels: 1 for grey, 3 for RGB.
        classes: names of the classes to keep.
        column: name of a column, such as ``sex``, by whose values faces are measured apart.
    """

    size: int | None = None
    channels: int | None = None
    classes: Sequence[str] | None = None
    column: str | None = None

    def __post_init__(self) -> None:
        if self.size is not None and self.size < MIN_SIDE:
            raise DataError(f"expected a size of at least {MIN_SIDE} pixels, got {self.size}.")
        if self.channels not in (None, 1, 3):
            raise DataError(f"expected 1 channel (grey) or 3 (RGB), got {self.channels}.")


@dataclass(frozen=True)
class Source:
    """The ``n`` ≥ 0 faces of all splits, as parallel arrays.

    Attributes:
        images: ``(n, size, size, channels)`` uint8.
        labels: ``(n,)`` int64, indices into ``class_names``.
        class_names: names of the classes.
        splits: ``(n,)`` one of `SPLITS`, or ``""`` if the data names none.
        origins: ``(n,)`` origin of each face.
        rows: ``(n,)`` row in ``fer2013.csv``, counted from 0 without the header; -1 if unknown.
        votes: ``(n, 10)`` uint8 FER+ votes, or ``None``.
        problems: data that could not be read.
        groups: ``(n,)`` photograph or person that each face is of; the faces of one stay in one
            split. ``None`` if the data does not say so.
        values: ``(n,)`` value of `LoadOptions.column`; ``None`` if none was asked for.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    class_names: tuple[str, ...]
    splits: NDArray[np.str_]
    origins: NDArray[np.str_]
    rows: NDArray[np.int64]
    votes: NDArray[np.uint8] | None = None
    problems: tuple[Problem, ...] = ()
    groups: NDArray[np.str_] | None = None
    values: NDArray[np.str_] | None = None

    def fitted(self, options: LoadOptions) -> Source:
        """Return the faces of the requested classes, in the requested size and channels."""
        names = choose(self.class_names, options.classes)
        new_label = np.array([names.index(n) if n in names else -1 for n in self.class_names])
        labels = new_label[self.labels] if len(self.labels) else self.labels
        kept = self if (labels >= 0).all() else self._take(labels >= 0)
        return replace(kept.resized(options), labels=labels[labels >= 0], class_names=names)

    def resized(self, options: LoadOptions) -> Source:
        """Return all faces in the requested size and channels."""
        return replace(self, images=fit_images(self.images, options.size, options.channels))

    def _take(self, mask: NDArray[np.bool_]) -> Source:
        return replace(
            self,
            images=self.images[mask],
            labels=self.labels[mask],
            splits=self.splits[mask],
            origins=self.origins[mask],
            rows=self.rows[mask],
            votes=None if self.votes is None else self.votes[mask],
            groups=None if self.groups is None else self.groups[mask],
            values=None if self.values is None else self.values[mask],
        )


def strings(values: Sequence[str]) -> NDArray[np.str_]:
    """Return strings as an array with a string dtype, even if there are none."""
    return np.array(values, dtype=np.str_)
