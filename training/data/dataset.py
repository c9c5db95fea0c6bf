"""Faces as arrays: a split with its labels, all splits of a data set, faces without labels."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fer.errors import DataError
from training.data.raw import Problem

#: Grey levels of deviation below which an image shows nothing.
_BLANK_DEVIATION = 1.0

#: Images whose deviation is computed at once; in float64 they take eight times their size.
_BLANK_CHUNK = 2048


@dataclass(frozen=True)
class LabelledFaces:
    """One split of a data set, as parallel arrays; ``n`` may be 0.

    Attributes:
        images: ``(n, size, size, channels)`` uint8.
        labels: ``(n,)`` int64, an index into ``class_names``.
        class_names: names of the classes.
        votes: ``(n, 10)`` FER+ votes, all zero where FER+ has none; ``None`` without FER+.
        places: ``(n,)`` where each face came from, as file and line or as path; ``None`` for faces
            that were made in memory.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    class_names: tuple[str, ...]
    votes: NDArray[np.uint8] | None = None
    places: NDArray[np.str_] | None = None

    def __post_init__(self) -> None:
        if self.images.ndim != 4 or len(self.images) != len(self.labels):
            raise ValueError(
                "expected images (n, size, size, channels) with n labels, "
                f"got {self.images.shape} and {self.labels.shape}"
            )

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, index: NDArray[np.bool_] | NDArray[np.int64] | slice) -> LabelledFaces:
        """Return the faces at `index`: a mask, positions, or a slice, which copies nothing."""
        return replace(
            self,
            images=self.images[index],
            labels=self.labels[index],
            votes=None if self.votes is None else self.votes[index],
            places=None if self.places is None else self.places[index],
        )

    def digests(self) -> NDArray[np.str_]:
        """Return a hash per image, ``(n,)``; equal pixels give equal hashes."""
        hashes = [hashlib.blake2b(i.tobytes(), digest_size=12).hexdigest() for i in self.images]
        return np.array(hashes, dtype="<U24")

    def blank(self) -> NDArray[np.bool_]:
        """Return ``(n,)``, True where an image is one even grey."""
        flat = self.images.reshape(len(self), int(np.prod(self.images.shape[1:])))
        starts = range(0, len(self), _BLANK_CHUNK)
        deviation = [flat[start : start + _BLANK_CHUNK].std(axis=1) for start in starts]
        return np.concatenate([np.zeros(0), *deviation]) < _BLANK_DEVIATION

    def counts(self) -> dict[str, int]:
        """Return the number of faces per class name."""
        count = np.bincount(self.labels, minlength=len(self.class_names))
        return {name: int(n) for name, n in zip(self.class_names, count, strict=True)}


@dataclass(frozen=True)
class DataSet:
    """All splits of a data set, with where it came from.

    Attributes:
        name: of the file or folder.
        sha256: of the one file, or of the names and contents of all files.
        splits: by name, in the order train, validation, test; none is empty.
        problems: what could not be used, and what was made up for.
    """

    name: str
    sha256: str
    splits: dict[str, LabelledFaces]
    problems: tuple[Problem, ...] = ()

    def split(self, name: str) -> LabelledFaces:
        """Return one split.

        Raises:
            DataError: the data set has no such split; the message names those it has.
        """
        if name not in self.splits:
            raise DataError(
                f"{self.name} has no split {name!r}; it has {', '.join(self.splits) or 'none'}. "
                "FER2013's PublicTest is called validation here and PrivateTest test."
            )
        return self.splits[name]

    def new_in(self, name: str) -> NDArray[np.bool_]:
        """Return ``(n,)``, True where an image of a split does not stand in train as well."""
        return ~np.isin(self.split(name).digests(), self.split("train").digests())


@dataclass(frozen=True)
class UnlabelledFaces:
    """Faces to predict on.

    Attributes:
        images: ``(n, size, size, channels)`` uint8.
        places: ``(n,)`` where each face came from.
        problems: what could not be read.
    """

    images: NDArray[np.uint8]
    places: NDArray[np.str_]
    problems: tuple[Problem, ...] = ()

    def __len__(self) -> int:
        return len(self.places)
