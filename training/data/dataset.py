"""Faces as arrays: labelled splits, complete data sets, and unlabelled faces."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from fer.errors import DataError
from training.data.raw import SPLITS, Problem

#: Standard deviation in grey levels below which an image is blank.
_BLANK_DEVIATION = 1.0

#: Columns of a FER+ table: eight expressions, unknown, not a face.
VOTES = 10

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
        domains: ``(n,)`` domain of each face, such as "press"; ``None`` where all are of one.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    class_names: tuple[str, ...]
    votes: NDArray[np.uint8] | None = None
    origins: NDArray[np.str_] | None = None
    domains: NDArray[np.str_] | None = None

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
            domains=None if self.domains is None else self.domains[index],
        )

    def by_domain(self) -> dict[str, LabelledFaces]:
        """Return the faces of each domain, in the order in which they were joined."""
        if self.domains is None:
            return {"": self}
        return {
            name: self.take(self.domains == name) for name in dict.fromkeys(self.domains.tolist())
        }

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
        sources: SHA-256 of the data set of each domain, where several are joined.
    """

    name: str
    sha256: str
    splits: dict[str, LabelledFaces]
    problems: tuple[Problem, ...] = ()
    names_splits: bool = True
    sources: dict[str, str] = field(default_factory=dict)

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes, in order."""
        return next(iter(self.splits.values())).class_names

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

    def held_out(self) -> dict[str, LabelledFaces]:
        """Return the faces that are measured, by name.

        Of several domains, the first one's are under the name of the split, and those of each other
        beside them under ``split, domain``, so that they do not dilute its figures.
        """
        first = next(iter(self.sources), "")
        return {
            split if domain in ("", first) else f"{split}, {domain}": part
            for split, faces in self.splits.items()
            if split != "train"
            for domain, part in faces.by_domain().items()
        }

    def all_faces(self) -> LabelledFaces:
        """Return the faces of all splits."""
        parts = list(self.splits.values())
        return concatenated(parts)

    def new_among(self, faces: LabelledFaces) -> NDArray[np.bool_]:
        """Return a mask ``(n,)`` of the faces whose images are not also in train."""
        return ~np.isin(faces.digests(), self.split("train").digests())


def concatenated(parts: Sequence[LabelledFaces]) -> LabelledFaces:
    """Return the faces of one or more parts with the same classes, in their order.

    Where only some parts have votes, the faces of the others get none of ten; where only some have
    origins or domains, no face keeps them.
    """
    first = parts[0]
    if len(parts) == 1:
        return first
    voted = any(part.votes is not None for part in parts)
    votes = [np.zeros((len(p), VOTES), np.uint8) if p.votes is None else p.votes for p in parts]
    origins = [part.origins for part in parts if part.origins is not None]
    domains = [part.domains for part in parts if part.domains is not None]
    return LabelledFaces(
        np.concatenate([part.images for part in parts]),
        np.concatenate([part.labels for part in parts]),
        first.class_names,
        np.concatenate(votes) if voted else None,
        np.concatenate(origins) if len(origins) == len(parts) else None,
        np.concatenate(domains) if len(domains) == len(parts) else None,
    )


def joined(data_sets: Mapping[str, DataSet]) -> DataSet:
    """Return one data set of several, each of which is a domain.

    Args:
        data_sets: data set of each domain; all have the same classes.

    Returns:
        Their splits together, a split having the faces of those that have it.

    Raises:
        DataError: their classes differ.
    """
    if len(data_sets) == 1:
        return next(iter(data_sets.values()))
    classes = {data.name: data.class_names for data in data_sets.values()}
    if len(set(classes.values())) > 1:
        listed = "; ".join(f"{name} has {', '.join(names)}" for name, names in classes.items())
        raise DataError(f"expected data sets of the same classes; {listed}.")
    splits: dict[str, list[LabelledFaces]] = {name: [] for name in SPLITS}
    for domain, data in data_sets.items():
        for name, faces in data.splits.items():
            splits[name].append(replace(faces, domains=np.full(len(faces), domain)))
    return DataSet(
        " + ".join(data.name for data in data_sets.values()),
        hashlib.sha256("".join(f"{d.sha256}\n" for d in data_sets.values()).encode()).hexdigest(),
        {name: concatenated(parts) for name, parts in splits.items() if parts},
        tuple(problem for data in data_sets.values() for problem in data.problems),
        all(data.names_splits for data in data_sets.values()),
        {domain: data.sha256 for domain, data in data_sets.items()},
    )


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
