"""Labelled photographs of any size, read one at a time: from class folders, or a ZIP of them.

Cut-out faces of a table or an archive of arrays are offered in the same way.
"""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath

import numpy as np

from fer.errors import DataError, ImageError, failures_as
from fer.images import MAX_BYTES, as_channels, decode, read
from fer.labelled.archives import UnpackError, contents, is_folder, refusal
from fer.labelled.names import is_system, labelled_files
from fer.types import Image
from training.data.layouts import files_below
from training.data.load import SPLIT_SEED, is_zip, load
from training.data.tables import TABLE_SUFFIXES

Reader = Callable[[], Image]


@dataclass(frozen=True)
class Photograph:
    """A labelled image that is not read yet: its origin, and the index of its class.

    ``read`` returns ``(height, width, 3)`` RGB uint8, upright; it raises `ImageError`.
    """

    origin: str
    label: int
    read: Reader


@dataclass(frozen=True)
class Photographs:
    """The ``n`` ≥ 1 labelled images of one split, and how many of each class have no such label.

    The split is empty if the data names none, so that these are all images.
    """

    name: str
    split: str
    photographs: tuple[Photograph, ...]
    left_out: dict[str, int]

    def some(self, limit: int) -> Photographs:
        """Return at most `limit` images, at least 1 or a DataError, spread over the classes."""
        if limit < 1:
            raise DataError(f"expected a limit of at least 1 image, got {limit}.")
        count = len(self.photographs)
        positions = np.linspace(0, count - 1, min(limit, count)).round().astype(int).tolist()
        return replace(self, photographs=tuple(self.photographs[i] for i in positions))


@contextmanager
def open_photographs(
    path: Path, labels: Sequence[str], *, split: str = "validation", seed: int = SPLIT_SEED
) -> Iterator[Photographs]:
    """Open labelled images; a ZIP stays open until the end of the ``with`` block.

    Images of class folders, perhaps in split folders or in a ZIP, are read when they are asked for,
    so any number of them fits into memory. Any other data set is loaded as for training, where the
    seed is that of splits that are drawn. Images of other classes than the labels are left out.

    Raises:
        DataError: there is no such data, split, or image of one of the classes.
    """
    if is_zip(path):
        with failures_as(lambda error: DataError(f"{path} cannot be read as a ZIP file: {error}")):
            opened = zipfile.ZipFile(path)
        with opened as archive:
            members = {
                member.filename: partial(_unpacked, archive, member)
                for member in sorted(archive.infolist(), key=lambda one: one.filename)
                if not is_folder(member) and not is_system(member.filename)
            }
            yield _of_files(path, members, labels, split)
        return
    files = files_below(path) if path.is_dir() else ()
    names = {file.relative_to(path).as_posix(): partial(read, file) for file in files}
    tables = any(name.lower().endswith((*TABLE_SUFFIXES, ".npz")) for name in names)
    if names and (labelled_files(names, labels) or not tables):
        yield _of_files(path, names, labels, split)
        return
    data = load(path, seed=seed)
    faces = data.split(split)
    readers = [partial(as_channels, image, 3) for image in faces.images]
    found = list(zip(faces.places, faces.names.tolist(), readers, strict=True))
    yield _chosen(data.name, split, found, labels)


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Image:
    if reason := refusal(member, member.filename):
        raise ImageError(reason)

    def failure(error: Exception) -> ImageError:
        known = isinstance(error, UnpackError)
        return ImageError(str(error) if known else f"cannot be unpacked ({error}).")

    with failures_as(failure):
        return decode(b"".join(contents(archive, member, MAX_BYTES)))


def _of_files(
    path: Path, readers: dict[str, partial[Image]], labels: Sequence[str], split: str
) -> Photographs:
    files = labelled_files(readers, labels)
    if not files:
        folders = sorted({PurePosixPath(name).parent.name for name in readers} - {""})
        raise DataError(
            f"{path} has no folder of a class that the model knows. Expected photographs in "
            f"folders called {', '.join(labels)}, got {', '.join(folders[:8]) or 'no folder'}."
        )
    splits = sorted({of for _, of in files.values()} - {""})
    if splits and split not in splits:
        raise DataError(f"{path} has no split {split!r}; it has {', '.join(splits)}.")
    found = [
        (name, class_name, readers[name])
        for name, (class_name, of) in files.items()
        if not splits or of == split
    ]
    return _chosen(path.resolve().name, split if splits else "", found, labels)


def _chosen(
    name: str, split: str, found: Sequence[tuple[str, str, Reader]], labels: Sequence[str]
) -> Photographs:
    left_out = Counter(class_name for _, class_name, _ in found if class_name not in labels)
    kept = tuple(
        Photograph(origin, labels.index(class_name), reader)
        for origin, class_name, reader in found
        if class_name in labels
    )
    if not kept:
        raise DataError(f"{name} has no image of {', '.join(labels)}.")
    return Photographs(name, split, kept, dict(left_out))
