"""Read FER2013 as one ``.npz`` archive of arrays."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fer.errors import DataError, failures_as
from fer.labelled.folders import SPLIT_OF_USAGE
from fer.labels import FER2013_LABELS
from training.data.raw import Problem, Source

_EXPECTED = (
    "Expected image (n, 48, 48) uint8 and label (n,), perhaps usage (n,), votes (n, 10) and "
    "person (n,)."
)

#: Unpacked bytes that an archive may have in any case, and for each of its own, as faces have.
_BYTES, _RATIO = 64 * 2**20, 100

_PER_FACE = ("image", "label", "usage", "votes", "row", "person")


def read_archive(path: Path, column: str | None = None) -> Source:
    """Read ``image``, ``label`` and, if present, ``usage``, ``votes``, ``row`` and ``person``.

    Without ``usage``, no face has a split. Faces with a label that FER2013 does not have are
    skipped and reported in ``problems``.

    Raises:
        DataError: the file is not such an archive, or its arrays do not match.
    """
    with failures_as(lambda error: DataError(f"{path} cannot be read as an .npz archive: {error}")):
        return _source(path, _fields(path), column)


def _source(path: Path, fields: dict[str, NDArray], column: str | None) -> Source:
    if column is not None and fields.get(column, np.zeros(0)).shape != fields["label"].shape:
        raise DataError(f"{path} has no {column!r} for each face; it has {', '.join(fields)}.")
    images, labels = fields["image"], fields["label"].astype(np.int64)
    usage = fields.get("usage", np.zeros(0, np.str_))
    unknown = set(np.unique(usage).tolist()) - SPLIT_OF_USAGE.keys()
    if unknown:
        raise DataError(
            f"{path} has unknown usage {sorted(unknown)}; expected {', '.join(SPLIT_OF_USAGE)}."
        )
    valid = (labels >= 0) & (labels < len(FER2013_LABELS))
    index: NDArray[np.bool_] | slice = slice(None) if valid.all() else valid
    position = np.arange(len(labels))
    named = [SPLIT_OF_USAGE[str(u)] for u in usage]
    splits = np.array(named if "usage" in fields else [""] * len(labels), dtype=np.str_)
    return Source(
        (images[..., None] if images.ndim == 3 else images)[index],
        labels[index],
        FER2013_LABELS,
        splits[index],
        np.char.add(f"{path.name}, index ", position.astype(np.str_))[index],
        fields.get("row", position).astype(np.int64)[index],
        fields["votes"][index] if "votes" in fields else None,
        tuple(
            Problem(
                f"{path.name}, index {i}",
                f"expected a label from 0 to {len(FER2013_LABELS) - 1}, got {labels[i]}; left out.",
            )
            for i in np.flatnonzero(~valid)
        ),
        fields["person"].astype(np.str_)[index] if "person" in fields else None,
        None if column is None else fields[column].astype(np.str_)[index],
    )


def _fields(path: Path) -> dict[str, NDArray]:
    with zipfile.ZipFile(path) as members:
        unpacked = sum(member.file_size for member in members.infolist())
    if unpacked > max(_BYTES, _RATIO * path.stat().st_size):
        raise DataError(
            f"{path} was refused: it unpacks to {unpacked / 2**20:,.0f} MB, more than {_RATIO} "
            "times its size, as no faces do."
        )
    with path.open("rb") as file, np.load(file) as archive:
        fields = {key: archive[key] for key in archive.files}
    if missing := {"image", "label"} - fields.keys():
        raise DataError(
            f"{path} lacks {', '.join(sorted(missing))}; it has {', '.join(fields)}. {_EXPECTED}"
        )
    if not _fit(fields):
        shapes = ", ".join(f"{name} {a.shape} {a.dtype}" for name, a in fields.items())
        raise DataError(f"{path} holds {shapes}. {_EXPECTED}")
    return fields


def _fit(fields: dict[str, NDArray]) -> bool:
    image, label = fields["image"], fields["label"]
    return (
        image.dtype == np.uint8
        and (image.ndim == 3 or (image.ndim == 4 and image.shape[3] in (1, 3)))
        and image.shape[1] == image.shape[2]
        and label.ndim == 1
        and label.dtype.kind in "iu"
        and all(f.shape[:1] == label.shape for n, f in fields.items() if n in _PER_FACE)
        and ("usage" not in fields or fields["usage"].ndim == 1)
        and ("votes" not in fields or _are_counts(fields["votes"]))
        and ("row" not in fields or fields["row"].dtype.kind in "iu")
    )


def _are_counts(votes: NDArray) -> bool:
    is_number = votes.dtype.kind in "iuf"
    return is_number and votes.shape[1:] == (10,) and bool(((votes >= 0) & (votes <= 255)).all())
