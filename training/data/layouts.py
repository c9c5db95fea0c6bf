"""Recognises how a data set is laid out, and reads it that way."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from fer.errors import DataError
from fer.records import file_sha256
from training.data.csv_files import read_header, read_table
from training.data.ferplus_votes import VOTES_FILE, is_votes_table
from training.data.folders import (
    files_below,
    folders_in,
    holds_classes,
    is_visible,
    read_folder,
    split_folders,
)
from training.data.npz_files import read_archive
from training.data.raw import Source, Wanted

#: How many folders may stand around a data set, as in ``dataset/FER2013/train``.
_DEPTH = 3

#: Split of a table without a ``Usage`` column, by its name.
_SPLIT_OF_TABLE = {
    "train": "train",
    "validation": "validation",
    "val": "validation",
    "test": "test",
}

EXPECTED = (
    "Expected one of: train/<class>/ and test/<class>/ with images; a folder per class; "
    "fer2013.csv or icml_face_data.csv (emotion, pixels, Usage); train.csv (emotion, pixels); "
    "an .npz with image, label and usage"
)


@dataclass(frozen=True)
class Layout:
    """A data set that was recognised, not yet read.

    Attributes:
        kind: for messages.
        root: the folder that places are relative to.
        files: all that belongs to the data set, FER+ votes included.
        votes_file: FER+ beside it, if any.
        read: reads the faces.
    """

    kind: str
    root: Path
    files: tuple[Path, ...]
    votes_file: Path | None
    read: Callable[[Wanted], Source]

    def sha256(self) -> str:
        """Return the hash of the one file, or of names and contents of all, sorted by name."""
        if len(self.files) == 1:
            return file_sha256(self.files[0])
        total = hashlib.sha256()
        for name, path in sorted((self._name(path), path) for path in self.files):
            total.update(f"{name}\0{file_sha256(path)}\n".encode())
        return total.hexdigest()

    def _name(self, path: Path) -> str:
        inside = path.is_relative_to(self.root)
        return path.relative_to(self.root).as_posix() if inside else path.name


def recognise(path: Path) -> Layout:
    """Find out how the data set at a file or folder is laid out; up to three folders deep.

    Raises:
        DataError: nothing is there, nothing is recognised, or several data sets are.
    """
    if not path.exists():
        raise DataError(f"{path} does not exist. {EXPECTED}.")
    if path.is_file():
        return _recognise_file(path)
    level = [path]
    for _ in range(_DEPTH + 1):
        found = [layout for folder in level for layout in _layouts(folder)]
        if len(found) > 1:
            names = "; ".join(f"{layout.kind} in {layout.root}" for layout in found)
            raise DataError(f"{path} holds several data sets: {names}. Give the path of one.")
        if found:
            return found[0]
        level = [inner for folder in level for inner in folders_in(folder)]
    raise DataError(f"{path} holds no data set that is known here. {EXPECTED}.")


def _recognise_file(path: Path) -> Layout:
    suffix = path.suffix.lower()
    if suffix == ".npz":
        return _archive(path)
    if suffix != ".csv":
        raise DataError(f"{path} is neither a folder nor .csv nor .npz. {EXPECTED}.")
    header = read_header(path)
    if is_votes_table(header) and "pixels" not in header:
        raise DataError(
            f"{path} holds FER+ votes, not faces. Give the fer2013.csv or the folder beside it; "
            "the votes are then found by themselves."
        )
    if "pixels" in header and "emotion" not in header:
        raise DataError(
            f"{path} has pixels but no emotion: it can be predicted on, not trained on. "
            "Give the train.csv or fer2013.csv beside it."
        )
    return _tables([path])


def _layouts(folder: Path) -> list[Layout]:
    found = []
    if splits := split_folders(folder):
        found.append(_folders(folder, [inner for _, inner in splits]))
    elif holds_classes(folder):
        found.append(_folders(folder, [folder]))
    files = sorted(p for p in folder.iterdir() if is_visible(p) and p.is_file())
    if tables := _labelled_tables([p for p in files if p.suffix.lower() == ".csv"]):
        found.append(_tables(tables))
    return found + [_archive(p) for p in files if p.suffix.lower() == ".npz"]


def _labelled_tables(paths: list[Path]) -> list[Path]:
    """Return the one table with all splits, else the tables that are named after a split."""
    headers = {path: set(read_header(path)) for path in paths}
    labelled = [path for path in paths if {"emotion", "pixels"} <= headers[path]]
    whole = [path for path in labelled if "usage" in headers[path]]
    if len(whole) > 1:
        names = ", ".join(path.name for path in whole)
        raise DataError(f"{whole[0].parent} holds several tables: {names}. Give the path of one.")
    named = [path for path in labelled if path.stem.lower() in _SPLIT_OF_TABLE]
    return whole or named or labelled[:1]


def _folders(root: Path, folders: Iterable[Path]) -> Layout:
    files = tuple(file for folder in folders for file in files_below(folder))
    return _with_votes("folders of images", root, files, lambda wanted: read_folder(root, wanted))


def _tables(paths: list[Path]) -> Layout:
    def read(wanted: Wanted) -> Source:
        parts = [read_table(p, _SPLIT_OF_TABLE.get(p.stem.lower(), "train")) for p in paths]
        return _joined(parts).fitted(wanted)

    names = " and ".join(path.name for path in paths)
    return _with_votes(names, paths[0].parent, tuple(paths), read)


def _archive(path: Path) -> Layout:
    return _with_votes(
        path.name, path.parent, (path,), lambda wanted: read_archive(path).fitted(wanted)
    )


def _with_votes(
    kind: str, root: Path, files: tuple[Path, ...], read: Callable[[Wanted], Source]
) -> Layout:
    beside = [folder / VOTES_FILE for folder in (root, root.parent)]
    votes_file = next((file for file in beside if file.is_file()), None)
    extra = (votes_file,) if votes_file and votes_file not in files else ()
    return Layout(kind, root, (*files, *extra), votes_file, read)


def _joined(parts: list[Source]) -> Source:
    """Put several tables together; the rows of a train.csv alone are rows of fer2013.csv."""
    if len(parts) == 1:
        return parts[0]
    full = [part for part in parts if len(part.labels)] or parts[:1]
    sides = {part.images.shape[1] for part in full}
    if len(sides) > 1:
        raise DataError(f"expected tables with images of one size, got sides of {sorted(sides)}.")
    splits = np.concatenate([part.splits for part in full])
    rows = np.concatenate([part.rows for part in full])
    return replace(
        full[0],
        images=np.concatenate([part.images for part in full]),
        labels=np.concatenate([part.labels for part in full]),
        splits=splits,
        places=np.concatenate([part.places for part in full]),
        rows=np.where(splits == "train", rows, -1),
        problems=tuple(problem for part in parts for problem in part.problems),
    )
