"""Recognise the layout of a data set, and read it accordingly."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from fer.errors import DataError
from fer.labelled.table import CROPS, FILE_NAME
from fer.records import file_sha256
from training.data.dataset import Form, LabelledFaces, choose, concatenated
from training.data.folders import (
    files_below,
    fit_images,
    folders_in,
    holds_classes,
    is_visible,
    looks_like_image,
    read_folder,
    read_labelled_set,
    split_folders,
)
from training.data.tables import VOTES_FILE, is_votes_table, read_archive, read_header, read_table

#: Greatest number of folders around a data set, as in ``dataset/FER2013/train``.
_DEPTH = 3

#: Split of a table without a ``Usage`` column, by its file name.
_SPLIT_OF_TABLE = {
    "train": "train",
    "validation": "validation",
    "val": "validation",
    "test": "test",
}

EXPECTED = (
    "Expected one of: train/<class>/ and test/<class>/ with images; a folder per class; "
    "labels.csv with crops/<class>/; fer2013.csv or icml_face_data.csv (emotion, pixels, Usage); "
    "train.csv (emotion, pixels); an .npz with image, label and usage; a ZIP of one of them"
)


@dataclass(frozen=True)
class Layout:
    """A recognised data set that has not been read yet.

    Attributes:
        kind: description for messages.
        root: folder to which origins are relative.
        files: all files of the data set, including FER+ votes.
        votes_file: FER+ table next to it, if any.
        read: function that reads the faces.
    """

    kind: str
    root: Path
    files: tuple[Path, ...]
    votes_file: Path | None
    read: Callable[[Form], LabelledFaces]

    def sha256(self) -> str:
        """Return the hash of the single file, or of names and contents of all, sorted by name."""
        return _sha256(self.root, self.files)


def sha256_of(path: Path) -> str:
    """Return `Layout.sha256` of a data set, or the same of any other file or folder."""
    try:
        return recognise(path).sha256()
    except DataError:
        return _sha256(path, tuple(files_below(path)) if path.is_dir() else (path,))


def _sha256(root: Path, files: Sequence[Path]) -> str:
    if len(files) == 1:
        return file_sha256(files[0])
    total = hashlib.sha256()
    inside = {path: path.relative_to(root) for path in files if path.is_relative_to(root)}
    # Of a table of votes beside the folder, only the name counts.
    names = {path: inside.get(path, Path(path.name)).as_posix() for path in files}
    for path, name in sorted(names.items(), key=lambda one: (one[1], one[0])):
        total.update(f"{name}\0{file_sha256(path)}\n".encode())
    return total.hexdigest()


def recognise(path: Path) -> Layout:
    """Recognise the layout of the data set at a file or folder, up to three folders deep.

    Raises:
        DataError: the path does not exist, or holds no data set or several of them.
    """
    if not path.exists():
        raise DataError(f"{path} does not exist. {EXPECTED}.")
    if path.is_file():
        return _recognise_file(path)
    level = [path]
    for _ in range(_DEPTH + 1):
        layouts = [layout for folder in level for layout in _layouts(folder)]
        if len(layouts) > 1:
            names = "; ".join(f"{layout.kind} in {layout.root}" for layout in layouts)
            raise DataError(f"{path} holds several data sets: {names}. Give the path of one.")
        if layouts:
            return layouts[0]
        level = [inner for folder in level for inner in folders_in(folder)]
    if only := next(filter(_of_one_class, (path, *folders_in(path))), None):
        raise DataError(
            f"{only} has images of only one class, {folders_in(only)[0].name}; expected a folder "
            "for each of two classes at least."
        )
    raise DataError(f"{path} holds no data set that is known here. {EXPECTED}.")


def _of_one_class(folder: Path) -> bool:
    """Return whether one folder alone stands in another, and has images."""
    inner = folders_in(folder)
    return len(inner) == 1 and any(map(looks_like_image, inner[0].iterdir()))


def _recognise_file(path: Path) -> Layout:
    suffix = path.suffix.lower()
    if suffix == ".npz":
        return _archive(path)
    if suffix != ".csv":
        raise DataError(f"{path} is neither a folder nor .csv, .npz or .zip. {EXPECTED}.")
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
    layouts = []
    if (folder / FILE_NAME).is_file() and any(p.name == CROPS for p in folders_in(folder)):
        crops, read = folder / CROPS, partial(read_labelled_set, folder)
        crops_and_table = (*files_below(crops), folder / FILE_NAME)
        return [_with_votes("labelled faces", crops, crops_and_table, read)]
    if splits := split_folders(folder):
        layouts.append(_folders(folder, [inner for _, inner in splits]))
    elif holds_classes(folder):
        layouts.append(_folders(folder, [folder]))
    files = sorted(p for p in folder.iterdir() if is_visible(p) and p.is_file())
    if tables := _labelled_tables([p for p in files if p.suffix.lower() == ".csv"]):
        layouts.append(_tables(tables))
    return layouts + [_archive(p) for p in files if p.suffix.lower() == ".npz"]


def _labelled_tables(paths: list[Path]) -> list[Path]:
    """Return the table with a ``Usage`` column, else those named after splits, else the first."""
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
    return _with_votes("folders of images", root, files, partial(read_folder, root))


def _tables(paths: list[Path]) -> Layout:
    def read(form: Form) -> LabelledFaces:
        splits = [_SPLIT_OF_TABLE.get(path.stem.lower(), "train") for path in paths]
        parts = [read_table(*one, form.get("column")) for one in zip(paths, splits, strict=True)]
        return fitted(parts[0] if len(parts) == 1 else _joined(parts), form)

    names = " and ".join(path.name for path in paths)
    return _with_votes(names, paths[0].parent, tuple(paths), read)


def _archive(path: Path) -> Layout:
    def read(form: Form) -> LabelledFaces:
        return fitted(read_archive(path, form.get("column")), form)

    return _with_votes(path.name, path.parent, (path,), read)


def _with_votes(
    kind: str, root: Path, files: tuple[Path, ...], read: Callable[[Form], LabelledFaces]
) -> Layout:
    candidates = [folder / VOTES_FILE for folder in (root, root.parent)]
    votes_file = next((file for file in candidates if file.is_file()), None)
    extra = (votes_file,) if votes_file and votes_file not in files else ()
    return Layout(kind, root, (*files, *extra), votes_file, read)


def _joined(parts: list[LabelledFaces]) -> LabelledFaces:
    """Concatenate tables; only the row numbers of a train.csv match those of fer2013.csv."""
    full = [part for part in parts if len(part)] or parts[:1]
    sides = {part.images.shape[1] for part in full}
    if len(sides) > 1:
        raise DataError(f"expected tables with images of one size, got sides of {sorted(sides)}.")
    faces = concatenated(full)
    assert faces.rows is not None
    return replace(
        faces,
        rows=np.where(faces.splits == "train", faces.rows, -1),
        problems=tuple(problem for part in parts for problem in part.problems),
    )


def fitted(faces: LabelledFaces, form: Form) -> LabelledFaces:
    """Return the faces of the requested classes, in the requested size and channels."""
    names = choose(faces.class_names, form.get("classes"))
    new_label = np.array([names.index(n) if n in names else -1 for n in faces.class_names])
    labels = new_label[faces.labels]
    kept = faces if (labels >= 0).all() else faces.take(labels >= 0)
    images = fit_images(kept.images, form.get("size"), form.get("channels"))
    return replace(kept, images=images, labels=labels[labels >= 0], class_names=names)
