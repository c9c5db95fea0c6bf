"""Faces as arrays: what readers find, labelled splits, and complete data sets."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from fer.errors import DataError
from fer.labels import FERPLUS_LABELS, PLAIN, canonical, is_plain, ordered
from fer.types import UNCERTAIN

#: The splits, in display order.
SPLITS = ("train", "validation", "test")

#: Place of a problem that says how class names were understood; nothing was left out there.
CLASS_NAMES = "class names"

#: Standard deviation in grey levels below which an image is blank.
_BLANK_DEVIATION = 1.0

#: Columns of a FER+ table: eight expressions, unknown, not a face.
VOTES = 10


@dataclass(frozen=True)
class Problem:
    """A problem that did not prevent reading: where, and what was expected, found and done."""

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


def name_problems(names: Mapping[str, str]) -> list[Problem]:
    """Return how class names were understood, where that is not plain from the names.

    Args:
        names: the class by the name that it has in the data.
    """
    renamed = sorted(
        f"{given} as {name}" for given, name in names.items() if given.casefold() != name.casefold()
    )
    unknown = sorted({name for name in names.values() if name not in FERPLUS_LABELS})
    problems = []
    if renamed:
        problems.append(Problem(CLASS_NAMES, f"read {', '.join(renamed)}."))
    if unknown:
        message = (
            f"kept as classes of their own, since they are no expression known here: "
            f"{', '.join(unknown)}. Rename them if they are one of {', '.join(FERPLUS_LABELS)}, or "
            "leave them out with --classes."
        )
        problems.append(Problem(CLASS_NAMES, message))
    return problems


class Form(TypedDict, total=False):
    """In which form faces are asked for; without a key, or with ``None``, as they are in the data.

    Attributes:
        size: side in pixels to which images are resized; as they are, images of several sizes are
            resized to 48, and tables of several sizes are an error.
        channels: 1 for grey, 3 for RGB; as they are, RGB if any image has colour.
        column: column of a table or array of an ``.npz``, such as ``sex``, whose values are the
            faces' domains, by which they are measured apart.
    """

    size: int | None
    channels: int | None
    classes: Sequence[str] | None
    column: str | None


@dataclass(frozen=True)
class LabelledFaces:
    """The ``n`` ≥ 0 faces of a reader or of one split, as parallel arrays.

    Attributes:
        images: ``(n, size, size, channels)`` uint8.
        labels: ``(n,)`` int64, indices into ``class_names``; all 0 of faces without labels.
        votes: ``(n, 10)`` FER+ votes, all zero for faces without votes; ``None`` without FER+.
        origins: ``(n,)`` origin of each face, as file and line or as path; ``None`` for faces that
            were created in memory.
        domains: ``(n,)`` domain of each face, such as "press"; ``None`` where all are of one.
        splits: ``(n,)`` one of `SPLITS`, or ``""`` if the data names none; ``None`` of one split.
        rows: ``(n,)`` row in ``fer2013.csv``, counted from 0 without the header; -1 if unknown.
        groups: ``(n,)`` photograph or person that each face is of; the faces of one stay in one
            split. ``None`` if the data does not say so.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    class_names: tuple[str, ...]
    votes: NDArray[np.uint8] | None = None
    origins: NDArray[np.str_] | None = None
    domains: NDArray[np.str_] | None = None
    splits: NDArray[np.str_] | None = None
    rows: NDArray[np.int64] | None = None
    groups: NDArray[np.str_] | None = None
    problems: tuple[Problem, ...] = ()

    def __post_init__(self) -> None:
        if self.images.ndim != 4 or len(self.images) != len(self.labels):
            raise ValueError(
                "expected images (n, size, size, channels) with n labels, "
                f"got {self.images.shape} and {self.labels.shape}"
            )

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def names(self) -> NDArray[np.str_]:
        """The class of each face by its name, ``(n,)``."""
        return np.array(self.class_names, np.str_)[self.labels]

    @property
    def places(self) -> list[str]:
        """The origin of each face; its position where that is not known."""
        return [*map(str, range(len(self)))] if self.origins is None else self.origins.tolist()

    def take(self, index: NDArray[np.bool_] | NDArray[np.int64] | slice) -> LabelledFaces:
        """Return the faces at a mask, at positions, or in a slice, which avoids a copy."""
        arrays = {name: getattr(self, name) for name in _PER_FACE}
        taken = {name: array[index] for name, array in arrays.items() if array is not None}
        return replace(self, **taken)

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
        deviations = [image.std() for image in self.images]
        return np.array(deviations, np.float64) < _BLANK_DEVIATION

    def counts(self) -> dict[str, int]:
        """Return the number of faces per class name."""
        count = np.bincount(self.labels, minlength=len(self.class_names))
        return {name: int(n) for name, n in zip(self.class_names, count, strict=True)}


#: The arrays of `LabelledFaces` with an entry for each face.
_PER_FACE = ("images", "labels", "votes", "origins", "domains", "splits", "rows", "groups")


@dataclass(frozen=True)
class DataSet:
    """All splits of a data set and its identity.

    Attributes:
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
        """Return one split; a DataError without such a one names those that there are."""
        if name not in self.splits:
            raise DataError(
                f"{self.name} has no split {name!r}; it has {', '.join(self.splits) or 'none'}. "
                "FER2013's PublicTest is called validation here and PrivateTest test."
            )
        return self.splits[name]

    def split_by_domain(self, split: str) -> dict[str, LabelledFaces]:
        """Return the faces of a split by domain, which are measured apart.

        Those of the first domain, or of the only one, are under the name of the split. Those of
        each other are under ``split, domain``, so that they do not dilute its figures.

        Raises:
            DataError: there is no such split.
        """
        first = next(iter(self.sources), "")
        return {
            split if domain in ("", first) else f"{split}, {domain}": part
            for domain, part in self.split(split).by_domain().items()
        }

    def all_faces(self) -> LabelledFaces:
        """Return the faces of all splits."""
        return concatenated(list(self.splits.values()))

    def new_among(self, faces: LabelledFaces) -> NDArray[np.bool_]:
        """Return a mask ``(n,)`` of the faces whose images are not also in train."""
        return ~np.isin(faces.digests(), self.split("train").digests())


def concatenated(parts: Sequence[LabelledFaces]) -> LabelledFaces:
    """Return the faces of one or more parts with the same classes, in their order.

    Where only some parts have votes, the faces of the others get none of ten; of what else only
    some have, no face keeps any.
    """
    if len(parts) == 1:
        return parts[0]
    arrays: dict[str, Any] = {}
    for name in _PER_FACE:
        values = [getattr(part, name) for part in parts]
        if name == "votes" and any(votes is not None for votes in values):
            values = [
                np.zeros((len(part), VOTES), np.uint8) if votes is None else votes
                for part, votes in zip(parts, values, strict=True)
            ]
        arrays[name] = None if any(v is None for v in values) else np.concatenate(values)
    problems = tuple(problem for part in parts for problem in part.problems)
    return LabelledFaces(class_names=parts[0].class_names, problems=problems, **arrays)


def joined(data_sets: Mapping[str, DataSet]) -> DataSet:
    """Return one data set of several, each a domain, splits joined; DataError if classes differ."""
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


def check_known(model_name: str, known: Sequence[str], class_names: Sequence[str]) -> None:
    """Raise a DataError unless a model has the classes of a data set, in the same order."""
    if tuple(known) != tuple(class_names):
        raise DataError(
            f"{model_name} knows {', '.join(known)}; the data set has {', '.join(class_names)}."
        )


def choose(available: Collection[str], requested: Sequence[str] | None) -> tuple[str, ...]:
    """Return the classes to use, in order: all that there are, or those requested by name or alias.

    Raises:
        DataError: a requested class is missing, there are fewer than two classes, or a class has
            the name of the answer "uncertain".
    """
    names = set(available) if requested is None else {canonical(name) for name in requested}
    here = f"the data set has {', '.join(ordered(available)) or 'none'}."
    if UNCERTAIN in names:
        raise DataError(
            f"a class is called {UNCERTAIN!r}, which is what the app says when no expression "
            "stands out. Rename it, or leave it out with --classes."
        )
    if odd := sorted(name for name in names if not is_plain(name)):
        raise DataError(
            f"a class is called {odd[0]!r}; expected {PLAIN}. Rename it, or leave it out with "
            "--classes."
        )
    if missing := names - set(available):
        raise DataError(f"no class {', '.join(sorted(missing))} here; {here}")
    if len(names) < 2:
        raise DataError(
            f"expected at least two classes to tell apart, got {', '.join(names) or 'none'}; {here}"
        )
    return ordered(names)
