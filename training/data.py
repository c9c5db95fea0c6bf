"""Labelled faces: reading a data set, its splits, and what is wrong with it."""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fer.errors import DataError
from fer.labels import FER2013_LABELS, FERPLUS_LABELS

#: FER2013's own names for its splits → ours. PrivateTest is the field's test set.
SPLIT_OF_USAGE = {"Training": "train", "PublicTest": "validation", "PrivateTest": "test"}

#: FER+ column of the vote "not a face".
NOT_A_FACE = 9


@dataclass(frozen=True)
class LabelledFaces:
    """One split of a data set, as parallel arrays; ``n`` may be 0.

    Attributes:
        images: ``(n, size, size, channels)`` uint8.
        labels: ``(n,)`` int64, an index into ``class_names``.
        class_names: names of the classes.
        votes: ``(n, 10)`` FER+ votes, all zero where FER+ has none; ``None`` without FER+.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    class_names: tuple[str, ...]
    votes: NDArray[np.uint8] | None = None

    def __post_init__(self) -> None:
        if self.images.ndim != 4 or len(self.images) != len(self.labels):
            raise ValueError(
                "expected images (n, size, size, channels) with n labels, "
                f"got {self.images.shape} and {self.labels.shape}"
            )

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, index: NDArray[np.bool_] | NDArray[np.int64]) -> LabelledFaces:
        """Return the faces at `index` (a mask or positions)."""
        votes = None if self.votes is None else self.votes[index]
        return LabelledFaces(self.images[index], self.labels[index], self.class_names, votes)

    def digests(self) -> NDArray[np.str_]:
        """Return a hash per image, ``(n,)``; equal pixels give equal hashes."""
        return np.array([hashlib.blake2b(i.tobytes(), digest_size=12).hexdigest() for i in self.images])

    def counts(self) -> dict[str, int]:
        """Return the number of faces per class name."""
        count = np.bincount(self.labels, minlength=len(self.class_names))
        return {name: int(n) for name, n in zip(self.class_names, count, strict=True)}


@dataclass(frozen=True)
class DataSet:
    """All splits of a data set, with where it came from."""

    name: str
    sha256: str
    splits: dict[str, LabelledFaces]

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


def load(path: Path) -> DataSet:
    """Read a data set from a ``.npz`` with ``image``, ``label``, ``usage`` and perhaps ``votes``.

    Raises:
        DataError: the file is missing or is not such an archive.
    """
    if not path.is_file():
        raise DataError(f"{path} is not a file; expected an .npz with image, label and usage.")
    try:
        with np.load(path) as archive:
            fields = {key: archive[key] for key in archive.files}
    except (ValueError, OSError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} cannot be read as an .npz archive: {error}") from error
    missing = {"image", "label", "usage"} - fields.keys()
    if missing:
        raise DataError(
            f"{path} lacks {', '.join(sorted(missing))}; it has {', '.join(fields)}. "
            "Expected image (n, 48, 48) uint8, label (n,) and usage (n,)."
        )
    return DataSet(path.name, file_sha256(path), _splits(fields))


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _splits(fields: dict[str, NDArray]) -> dict[str, LabelledFaces]:
    images = fields["image"]
    everything = LabelledFaces(
        images[..., None] if images.ndim == 3 else images,
        fields["label"].astype(np.int64),
        FER2013_LABELS,
        fields.get("votes"),
    )
    usage = fields["usage"]
    unknown = set(np.unique(usage)) - SPLIT_OF_USAGE.keys()
    if unknown:
        raise DataError(f"unknown usage {sorted(unknown)}; expected {', '.join(SPLIT_OF_USAGE)}.")
    return {
        split: everything.take(usage == name)
        for name, split in SPLIT_OF_USAGE.items()
        if (usage == name).any()
    }


def clean(train: LabelledFaces, *held_out: LabelledFaces) -> tuple[LabelledFaces, dict[str, int]]:
    """Drop training images that teach nothing or that leak from a held-out split.

    Returns:
        The rest, and how many were dropped for being blank, not a face by most FER+ votes, or
        pixel for pixel in a held-out split.
    """
    blank = train.images.reshape(len(train), -1).std(axis=1) < 1
    no_face = (
        np.zeros(len(train), bool)
        if train.votes is None
        else train.votes[:, NOT_A_FACE] > train.votes.sum(axis=1) / 2
    )
    seen = [split.digests() for split in held_out]
    leaked = np.isin(train.digests(), np.concatenate(seen)) if seen else np.zeros(len(train), bool)
    dropped = {
        "blank": int(blank.sum()),
        "not a face": int((no_face & ~blank).sum()),
        "also held out": int((leaked & ~blank & ~no_face).sum()),
    }
    return train.take(~(blank | no_face | leaked)), dropped


def vote_distribution(votes: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Turn FER+ votes into a training target.

    Returns:
        ``(n, 8)`` shares of the votes given to an expression, and ``(n,)`` weights: 0 where no vote
        names an expression, else 1.
    """
    expression = votes[:, : len(FERPLUS_LABELS)].astype(np.float32)
    total = expression.sum(axis=1, keepdims=True)
    shares = np.divide(expression, total, out=np.zeros_like(expression), where=total > 0)
    return shares, (total[:, 0] > 0).astype(np.float32)
