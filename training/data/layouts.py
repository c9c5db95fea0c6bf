"""Recognise the layout of a data set, and read it; folders of images are read here."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fer.errors import DataError, ImageError
from fer.images import SUFFIXES, as_channels, read, square
from fer.labelled.names import SPLIT_OF_FOLDER, is_system, split_of
from fer.labelled.table import CROPS, FILE_NAME
from fer.labelled.table import read_table as read_labels
from fer.labels import FER2013_LABELS, canonical
from fer.records import file_sha256
from training.data.dataset import (
    Form,
    LabelledFaces,
    Problem,
    choose,
    concatenated,
    name_problems,
)
from training.data.tables import (
    TABLE_SUFFIXES,
    VOTES_FILE,
    is_votes_table,
    read_archive,
    read_header,
    read_table,
)

Pixels = NDArray[np.uint8]

#: Image side where there is no image, or images of several sizes: that of FER2013.
_DEFAULT_SIZE = 48

#: File names that contain the row in fer2013.csv.
_ROW = re.compile(r"(?:Training_|PublicTest_|PrivateTest_|fer)(\d+)")


def is_image(path: Path) -> bool:
    """Return whether a file is called like an image."""
    return not is_system(path.name) and path.suffix.lower().lstrip(".") in SUFFIXES


def folders_in(folder: Path) -> list[Path]:
    """Return the visible folders directly inside a folder, sorted."""
    return sorted(p for p in folder.iterdir() if not is_system(p.name) and p.is_dir())


def files_below(folder: Path) -> Iterator[Path]:
    """Yield every visible file below a folder, in the same order on every machine."""
    for path in sorted(folder.iterdir(), key=lambda p: p.name):
        if path.is_dir() and not is_system(path.name):
            yield from files_below(path)
        elif not is_system(path.name):
            yield path


def split_folders(root: Path) -> list[tuple[str, Path]]:
    """Return the split and path of each split folder; none if no split folder has subfolders."""
    named = [(SPLIT_OF_FOLDER.get(p.name.lower(), ""), p) for p in folders_in(root)]
    splits = [(split, folder) for split, folder in named if split]
    return splits if any(folders_in(folder) for _, folder in splits) else []


def read_folder(root: Path, form: Form) -> LabelledFaces:
    """Read ``<split>/<class>/**`` or ``<class>/**``; only the requested classes are decoded.

    Raises:
        DataError: a requested class is missing, or a class is called by a number.
    """
    found: list[tuple[Path, str, str]] = []
    problems: list[Problem] = []
    classes: dict[str, str] = {}
    for split, folder in split_folders(root) or [("", root)]:
        before, place = len(found), folder.relative_to(root).as_posix()
        for inner in folders_in(folder):
            name = canonical(inner.name)
            classes[inner.name] = name
            found += [(path, name, split_of(path, split)) for path in files_below(inner)]
        if len(found) == before:
            problems.append(Problem(place, "expected images in class folders, found none."))
        if stray := sum(map(is_image, folder.iterdir())):
            message = f"images outside the class folders were left out: {stray:,}."
            problems.append(Problem(place, message))
    names = choose({class_name for _, class_name, _ in found}, form.get("classes"))
    if numbers := [name for name in names if name.isdecimal()]:
        raise DataError(
            f"class folders are called {', '.join(numbers)}. A number does not say which "
            "expression it is, since data sets number them differently. Rename the folders, for "
            f"example to {', '.join(FER2013_LABELS)}, or leave them out with --classes."
        )
    problems += name_problems({given: name for given, name in classes.items() if name in names})
    return _decoded(root, [one for one in found if one[1] in names], names, form, problems)


def read_unlabelled_folder(root: Path, form: Form) -> LabelledFaces:
    """Read every image below a folder; all labels are 0."""
    files = [(path, "unlabelled", "") for path in files_below(root)]
    return _decoded(root, files, ("unlabelled",), form, [])


def read_labelled_set(folder: Path, form: Form) -> LabelledFaces:
    """Read what the app's page "Your data" writes: its crops, each with its photograph as group.

    A face that the table does not name is one of its own. Errors as for `read_folder`.
    """
    faces = read_folder(folder / CROPS, form)
    try:
        rows = read_labels((folder / FILE_NAME).read_bytes())
    except DataError as error:
        message = f"{error} So it is not known which faces are from one photograph."
        return replace(faces, problems=(*faces.problems, Problem(FILE_NAME, message)))
    photos = {row.file.removeprefix(f"{CROPS}/"): row.photo for row in rows if row.file}
    # No photograph there has a slash in its name, so no face is taken for one.
    known = [photos.get(place, f"/{place}") for place in faces.places]
    return replace(faces, groups=np.array(known, np.str_))


def _decoded(
    root: Path,
    files: Sequence[tuple[Path, str, str]],
    names: tuple[str, ...],
    form: Form,
    problems: list[Problem],
) -> LabelledFaces:
    """Return the faces in files, of each of which path, class and split are known.

    Without a requested size, images keep theirs if all are squares of one size. Otherwise all are
    resized to `_DEFAULT_SIZE`, which is reported in ``problems``.
    """
    size, channels = form.get("size"), form.get("channels")
    images: list[Pixels] = []
    rows: list[tuple[str, str, str, int]] = []
    for path, class_name, split in files:
        place = path.relative_to(root).as_posix()
        try:
            image = read(path)
        except ImageError as error:
            problems.append(Problem(place, f"{error} Left out."))
            continue
        side = size or (images or [image])[0].shape[0]
        if size is None and image.shape[:2] != (side, side):
            height, width = image.shape[:2]
            first = f" and {rows[0][0]} is {side} × {side}" if rows else ""
            message = (
                f"not all images are squares of one size: {place} is {width} × {height} pixels"
                f"{first}. The centre square of each was scaled to {_DEFAULT_SIZE} pixels; "
                "--size chooses another."
            )
            problems.append(Problem("size", message))
            size = _DEFAULT_SIZE
            side = size
            images = [square(one, size) for one in images]
        # Grey pixels are grey, in whatever form they were saved.
        is_grey = (image == image[..., :1]).all()
        face = square(image[..., :1] if is_grey else image, side)
        images.append(as_channels(face, channels or face.shape[2]))
        number = _ROW.fullmatch(path.stem)
        rows.append((place, class_name, split, int(number[1]) if number else -1))
    origins, classes, splits, numbers = zip(*rows, strict=True) if rows else ((),) * 4
    return LabelledFaces(
        _stacked(images, size or _DEFAULT_SIZE, channels),
        np.array([names.index(name) for name in classes], np.int64),
        names,
        origins=np.array(origins, np.str_),
        splits=np.array(splits, np.str_),
        rows=np.array(numbers, np.int64),
        problems=tuple(problems),
    )


def _stacked(images: list[Pixels], size: int, channels: int | None) -> Pixels:
    """Return images of one size as one array, RGB if any is; the list is empty afterwards.

    An array beside a full list of them would need twice the memory.
    """
    if not images:
        return np.empty((0, size, size, channels or 1), np.uint8)
    depth = max(image.shape[2] for image in images)
    stack = np.empty((len(images), *images[0].shape[:2], depth), np.uint8)
    for i in reversed(range(len(images))):
        stack[i] = as_channels(images.pop(), depth)
    return stack


def fit_images(images: Pixels, size: int | None, channels: int | None) -> Pixels:
    """Convert ``(n, side, side, channels)`` images to another size or number of channels."""
    size, channels = size or images.shape[1], channels or images.shape[3]
    if images.shape[1:] == (size, size, channels):
        return images
    return _stacked([as_channels(square(i, size), channels) for i in images], size, channels)


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
    "train.csv (emotion, pixels); an .npz with image, label and usage; a ZIP of one of them; a "
    ".tar.gz with a table"
)


@dataclass(frozen=True)
class Layout:
    """A recognised data set that has not been read yet; origins are relative to its root."""

    kind: str
    root: Path
    faces: tuple[Path, ...]
    read: Callable[[Form], LabelledFaces]

    @property
    def votes_file(self) -> Path | None:
        """FER+ table in the folder or beside it, if there is one."""
        candidates = (folder / VOTES_FILE for folder in (self.root, self.root.parent))
        return next((file for file in candidates if file.is_file()), None)

    def sha256(self) -> str:
        """Return the hash of the single file, or of names and contents of all, sorted by name."""
        votes = self.votes_file
        extra = (votes,) if votes and votes not in self.faces else ()
        return _sha256(self.root, (*self.faces, *extra))


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
    # Of a table of votes beside the folder, only the name counts.
    names = [
        (path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name, path)
        for path in files
    ]
    for name, path in sorted(names):
        total.update(f"{name}\0{file_sha256(path)}\n".encode())
    return total.hexdigest()


def recognise(path: Path) -> Layout:
    """Recognise the layout of the data set at a path, up to three folders deep, or a DataError."""
    if not path.exists():
        raise DataError(f"{path} does not exist. {EXPECTED}.")
    if path.is_file():
        return _of_file(path)
    level = [path]
    for _ in range(_DEPTH + 1):
        layouts = [layout for folder in level for layout in _in_folder(folder)]
        if len(layouts) > 1:
            names = "; ".join(f"{layout.kind} in {layout.root}" for layout in layouts)
            raise DataError(f"{path} holds several data sets: {names}. Give the path of one.")
        if layouts:
            return layouts[0]
        level = [inner for folder in level for inner in folders_in(folder)]
    for folder in (path, *folders_in(path)):
        if len(inner := folders_in(folder)) == 1 and any(map(is_image, inner[0].iterdir())):
            raise DataError(
                f"{folder} has images of only one class, {inner[0].name}; expected a folder "
                "for each of two classes at least."
            )
    raise DataError(f"{path} holds no data set that is known here. {EXPECTED}.")


def _of_file(path: Path) -> Layout:
    suffix = path.suffix.lower()
    if suffix == ".npz":
        return _archive(path)
    if suffix not in TABLE_SUFFIXES:
        raise DataError(
            f"{path} is neither a folder nor .csv, .tsv, .npz, .zip or .tar.gz. {EXPECTED}."
        )
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


def _in_folder(folder: Path) -> list[Layout]:
    inner = folders_in(folder)
    if (folder / FILE_NAME).is_file() and any(p.name == CROPS for p in inner):
        crops = folder / CROPS
        faces = (*files_below(crops), folder / FILE_NAME)
        return [Layout("labelled faces", crops, faces, partial(read_labelled_set, folder))]
    layouts = []
    splits = [path for _, path in split_folders(folder)]
    if splits or sum(any(map(is_image, p.iterdir())) for p in inner) >= 2:
        images = tuple(file for part in splits or [folder] for file in files_below(part))
        layouts.append(Layout("folders of images", folder, images, partial(read_folder, folder)))
    files = sorted(p for p in folder.iterdir() if not is_system(p.name) and p.is_file())
    if tables := _labelled_tables([p for p in files if p.suffix.lower() in TABLE_SUFFIXES]):
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


def _tables(paths: list[Path]) -> Layout:
    def read(form: Form) -> LabelledFaces:
        splits = [_SPLIT_OF_TABLE.get(path.stem.lower(), "train") for path in paths]
        parts = [read_table(*one, form.get("column")) for one in zip(paths, splits, strict=True)]
        return fitted(parts[0] if len(parts) == 1 else _joined(parts), form)

    return Layout(" and ".join(path.name for path in paths), paths[0].parent, tuple(paths), read)


def _archive(path: Path) -> Layout:
    def read(form: Form) -> LabelledFaces:
        return fitted(read_archive(path, form.get("column")), form)

    return Layout(path.name, path.parent, (path,), read)


def _joined(parts: list[LabelledFaces]) -> LabelledFaces:
    """Concatenate tables; only the row numbers of a train.csv match those of fer2013.csv."""
    full = [part for part in parts if len(part)] or parts[:1]
    sides = {part.images.shape[1] for part in full}
    if len(sides) > 1:
        raise DataError(f"expected tables with images of one size, got sides of {sorted(sides)}.")
    faces = concatenated(full)
    assert faces.rows is not None
    rows = np.where(faces.splits == "train", faces.rows, -1)
    return replace(faces, rows=rows, problems=tuple(p for part in parts for p in part.problems))


def fitted(faces: LabelledFaces, form: Form) -> LabelledFaces:
    """Return the faces of the requested classes, in the requested size and channels."""
    names = choose(faces.class_names, form.get("classes"))
    new_label = np.array([names.index(n) if n in names else -1 for n in faces.class_names])
    labels = new_label[faces.labels]
    kept = faces if (labels >= 0).all() else faces.take(labels >= 0)
    images = fit_images(kept.images, form.get("size"), form.get("channels"))
    return replace(kept, images=images, labels=labels[labels >= 0], class_names=names)
