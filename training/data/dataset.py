"""Faces as arrays: labelled splits, complete data sets, and unlabelled faces."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fer.errors import DataError
from training.data.raw import Problem

#: Standard deviation in grey levels below which an image is blank.
_BLANK_DEVIATION = 1.0

#: Number of images whose deviation is computed at once; in float64, they need eight times the
#: memory.
_BLANK_CHUNK = 2048


@dataclass(frozen=True)
class LabelledFaces:
    """The ``n`` ≥ 0 faces of one split, as parallel arrays.

    Attributes:
        images: ``(n, size, size, channels)`` uint8.
        labels: ``(n,)`` int64, indices into ``class_names``.
        class_names: names of the classes.
        votes: ``(n, 10)`` FER+ votes, all zero for faces without votes; ``None`` without FER+.
        origins: ``(n,)`` origin of each face, as file and line or as path; ``None`` for faces that
            were created in memory.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    class_names: tuple[str, ...]
    votes: NDArray[np.uint8] | None = None
    origins: NDArray[np.str_] | None = None

    def __post_init__(self) -> None:
        if self.images.ndim != 4 or len(self.images) != len(self.labels):
            raise ValueError(
                "expected images (n, size, size, channels) with n labels, "
                f"got {self.images.shape} and {self.labels.shape}"
            )

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, index: NDArray[np.bool_] | NDArray[np.int64] | slice) -> LabelledFaces:
        """Return the faces at `index`: a mask, positions, or a slice, which avoids a copy."""
        return replace(
            self,
            images=self.images[index],
            labels=self.labels[index],
            votes=None if self.votes is None else self.votes[index],
            origins=None if self.origins is None else self.origins[index],
        )

    def digests(self) -> NDArray[np.str_]:
        """Return a hash per image, ``(n,)``; equal pixels give equal hashes."""
        hashes = [hashlib.blake2b(i.tobytes(), digest_size=12).hexdigest() for i in self.images]
        return np.array(hashes, dtype="<U24")

    def blank(self) -> NDArray[np.bool_]:
        """Return a mask ``(n,)`` of the images that are one uniform grey."""
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
    """All splits of a data set and its identity.

    Attributes:
        name: name of the file or folder.
        sha256: SHA-256 of the single file, or of the names and contents of all files.
        splits: non-empty splits by name, in the order train, validation, test.
        problems: data that could not be used, and splits that had to be drawn.
        names_splits: whether the data names any split itself, so that not all are drawn.
    """

    name: str
    sha256: str
    splits: dict[str, LabelledFaces]
    problems: tuple[Problem, ...] = ()
    names_splits: bool = True

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

    def all_faces(self) -> LabelledFaces:
        """Return the faces of all splits."""
        parts = list(self.splits.values())
        votes = [part.votes for part in parts if part.votes is not None]
        origins = [part.origins for part in parts if part.origins is not None]
        return LabelledFaces(
            np.concatenate([part.images for part in parts]),
            np.concatenate([part.labels for part in parts]),
            parts[0].class_names,
            np.concatenate(votes) if len(votes) == len(parts) else None,
            np.concatenate(origins) if len(origins) == len(parts) else None,
        )

    def new_in(self, name: str) -> NDArray[np.bool_]:
        """Return a mask ``(n,)`` of the images of a split that are not also in train."""
        return ~np.isin(self.split(name).digests(), self.split("train").digests())


@dataclass(frozen=True)
class UnlabelledFaces:
    """Faces to predict on.

    Attributes:
        images: ``(n, size, size, channels)`` uint8.
        origins: ``(n,)`` origin of each face.
        problems: data that could not be read.
    """

    images: NDArray[np.uint8]
    origins: NDArray[np.str_]
    problems: tuple[Problem, ...] = ()

    def __len__(self) -> int:
        return len(self.origins)
