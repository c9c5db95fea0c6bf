"""What every reader hands to `training.data.load.load`: faces as they were found, not yet split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fer.errors import DataError
from fer.images import MIN_SIDE
from training.data.class_names import choose
from training.data.image_stack import fit_images

#: The splits, in the order in which they are shown.
SPLITS = ("train", "validation", "test")

#: FER2013's own names for its splits → ours. PrivateTest is the field's test set.
SPLIT_OF_USAGE = {"Training": "train", "PublicTest": "validation", "PrivateTest": "test"}


@dataclass(frozen=True)
class Problem:
    """Something wrong with a data set that did not stop the reading.

    Attributes:
        place: file and line, path of an image, or name of a split.
        message: what was expected, what came, what was done.
    """

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


@dataclass(frozen=True)
class Wanted:
    """What the caller asks of the faces; ``None`` leaves it to the data.

    Attributes:
        size: side in pixels to scale to.
        channels: 1 for grey, 3 for RGB.
        classes: the classes to keep.
    """

    size: int | None = None
    channels: int | None = None
    classes: Sequence[str] | None = None

    def __post_init__(self) -> None:
        if self.size is not None and self.size < MIN_SIDE:
            raise DataError(f"expected a size of at least {MIN_SIDE} pixels, got {self.size}.")
        if self.channels not in (None, 1, 3):
            raise DataError(f"expected 1 channel (grey) or 3 (RGB), got {self.channels}.")


@dataclass(frozen=True)
class Source:
    """Faces of all splits as parallel arrays; ``n`` may be 0.

    Attributes:
        images: ``(n, size, size, channels)`` uint8.
        labels: ``(n,)`` int64, an index into ``class_names``.
        class_names: names of the classes.
        splits: ``(n,)`` one of `SPLITS`, or ``""`` where the source names none.
        places: ``(n,)`` where each face came from.
        rows: ``(n,)`` row of ``fer2013.csv``, 0-based without its header; -1 where unknown.
        votes: ``(n, 10)`` uint8 FER+ votes, or ``None``.
        problems: what could not be read.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    class_names: tuple[str, ...]
    splits: NDArray[np.str_]
    places: NDArray[np.str_]
    rows: NDArray[np.int64]
    votes: NDArray[np.uint8] | None = None
    problems: tuple[Problem, ...] = ()

    def fitted(self, wanted: Wanted) -> Source:
        """Return the faces of the wanted classes, in the wanted size and channels."""
        names = choose(self.class_names, wanted.classes)
        new_label = np.array([names.index(n) if n in names else -1 for n in self.class_names])
        labels = new_label[self.labels] if len(self.labels) else self.labels
        kept = self if (labels >= 0).all() else self._take(labels >= 0)
        return replace(kept.resized(wanted), labels=labels[labels >= 0], class_names=names)

    def resized(self, wanted: Wanted) -> Source:
        """Return all faces in the wanted size and channels."""
        return replace(self, images=fit_images(self.images, wanted.size, wanted.channels))

    def _take(self, mask: NDArray[np.bool_]) -> Source:
        return replace(
            self,
            images=self.images[mask],
            labels=self.labels[mask],
            splits=self.splits[mask],
            places=self.places[mask],
            rows=self.rows[mask],
            votes=None if self.votes is None else self.votes[mask],
        )


def strings(values: Sequence[str]) -> NDArray[np.str_]:
    """Return strings as an array, also where there are none."""
    return np.array(values, dtype=np.str_)
