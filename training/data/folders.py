"""Read images, of any size and colour, from folders that are named after classes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

import numpy as np
from numpy.typing import NDArray

from fer.errors import DataError, ImageError
from fer.images import SUFFIXES, as_channels, read, square
from fer.labelled.folders import SPLIT_OF_FOLDER, split_of
from fer.labelled.table import CROPS, FILE_NAME
from fer.labelled.table import read_table as read_labels
from fer.labels import canonical
from training.data.dataset import Form, LabelledFaces, Problem, choose

Pixels = NDArray[np.uint8]

#: Image side of an empty stack: that of FER2013.
_DEFAULT_SIZE = 48

#: File names that contain the row in fer2013.csv.
_ROW = re.compile(r"(?:Training_|PublicTest_|PrivateTest_|fer)(\d+)")

#: Files and folders that operating systems and archivers leave behind.
_SYSTEM_FILES = {"thumbs.db", "desktop.ini", "__macosx"}


@dataclass(frozen=True)
class _File:
    path: Path
    origin: str
    class_name: str
    split: str


def is_visible(path: PurePath) -> bool:
    """Return whether a file or folder is neither hidden nor created by an operating system."""
    return not path.name.startswith(".") and path.name.lower() not in _SYSTEM_FILES


def folders_in(folder: Path) -> list[Path]:
    """Return the visible folders directly inside a folder, sorted."""
    return sorted(p for p in folder.iterdir() if is_visible(p) and p.is_dir())


def files_below(folder: Path) -> Iterator[Path]:
    """Yield every visible file below a folder, in the same order on every machine."""
    for path in sorted(filter(is_visible, folder.iterdir()), key=lambda p: p.name):
        if path.is_dir():
            yield from files_below(path)
        else:
            yield path


def split_folders(root: Path) -> list[tuple[str, Path]]:
    """Return the split and path of each split folder; none if no split folder has subfolders."""
    named = [(SPLIT_OF_FOLDER.get(p.name.lower(), ""), p) for p in folders_in(root)]
    splits = [(split, folder) for split, folder in named if split]
    return splits if any(folders_in(folder) for _, folder in splits) else []


def holds_classes(root: Path) -> bool:
    """Return whether at least two folders directly inside `root` directly contain images."""
    return sum(any(map(looks_like_image, p.iterdir())) for p in folders_in(root)) >= 2


def read_folder(root: Path, form: Form) -> LabelledFaces:
    """Read ``<split>/<class>/**`` or ``<class>/**``; only the requested classes are decoded.

    Raises:
        DataError: a requested class is missing, or the images differ in size and no size was
            requested.
    """
    files, problems = _plan(root)
    names = choose({file.class_name for file in files}, form.get("classes"))
    return _decode([file for file in files if file.class_name in names], names, form, problems)


def read_unlabelled_folder(root: Path, form: Form) -> LabelledFaces:
    """Read every image below a folder; all labels are 0."""
    files = [_File(path, _origin(root, path), "unlabelled", "") for path in files_below(root)]
    return _decode(files, ("unlabelled",), form, [])


def read_labelled_set(folder: Path, form: Form) -> LabelledFaces:
    """Read what the app's page "Your data" writes: its crops, each with its photograph as group.

    A face that the table does not name is one of its own. Errors as for `read_folder`.
    """
    faces = read_folder(folder / CROPS, form)
    assert faces.origins is not None
    try:
        rows = read_labels((folder / FILE_NAME).read_bytes())
    except DataError as error:
        message = f"{error} So it is not known which faces are from one photograph."
        return replace(faces, problems=(*faces.problems, Problem(FILE_NAME, message)))
    photos = {row.file.removeprefix(f"{CROPS}/"): row.photo for row in rows if row.file}
    # No photograph there has a slash in its name, so no face is taken for one.
    known = [photos.get(origin, f"/{origin}") for origin in faces.origins.tolist()]
    return replace(faces, groups=np.array(known, np.str_))


def _plan(root: Path) -> tuple[list[_File], list[Problem]]:
    """List the files with class and split according to their folders, without opening any."""
    files: list[_File] = []
    problems: list[Problem] = []
    for split, folder in split_folders(root) or [("", root)]:
        before = len(files)
        for class_folder in folders_in(folder):
            name = canonical(class_folder.name)
            files += [
                _File(path, _origin(root, path), name, split_of(path, split))
                for path in files_below(class_folder)
            ]
        if len(files) == before:
            problems.append(
                Problem(_origin(root, folder), "expected images in class folders, found none.")
            )
        if stray := sum(looks_like_image(p) for p in folder.iterdir()):
            message = f"images outside the class folders were left out: {stray:,}."
            problems.append(Problem(_origin(root, folder), message))
    return files, problems


def _decode(
    files: Sequence[_File], names: tuple[str, ...], form: Form, problems: list[Problem]
) -> LabelledFaces:
    stack, kept = FaceStack(len(files), form.get("size"), form.get("channels")), []
    for file in files:
        try:
            image = read_face(file.path)
        except ImageError as error:
            problems.append(Problem(file.origin, f"{error} Left out."))
            continue
        stack.add(image, file.origin)
        kept.append(file)
    rows = [int(match[1]) if (match := _ROW.fullmatch(f.path.stem)) else -1 for f in kept]
    return LabelledFaces(
        stack.array(),
        np.array([names.index(file.class_name) for file in kept], np.int64),
        names,
        origins=np.array([file.origin for file in kept], np.str_),
        splits=np.array([file.split for file in kept], np.str_),
        rows=np.array(rows, np.int64),
        problems=tuple(problems),
    )


def looks_like_image(path: Path) -> bool:
    """Return whether a file is called like an image."""
    return is_visible(path) and path.suffix.lower().lstrip(".") in SUFFIXES


def _origin(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()


def read_face(path: Path) -> Pixels:
    """Read one image with the app's decoder, so that training and app see the same pixels.

    Returns:
        ``(height, width, 1)`` if all pixels are grey, else ``(height, width, 3)`` RGB; uint8.

    Raises:
        ImageError: the file cannot be read.
    """
    rgb = read(path)
    red = rgb[..., :1]
    return red if (rgb == red).all() else rgb


def fit_images(images: Pixels, size: int | None, channels: int | None) -> Pixels:
    """Convert ``(n, side, side, channels)`` images to another size or number of channels."""
    size = size or images.shape[1]
    channels = channels or images.shape[3]
    if images.shape[1:] == (size, size, channels):
        return images
    stack = FaceStack(len(images), size, channels)
    for image in images:
        stack.add(image, "")
    return stack.array()


class FaceStack:
    """A preallocated array of faces of one size, filled one by one.

    Stacking a list of images would need twice the memory. Unless `channels` is given, the array is
    converted from grey to RGB when the first colour image is added.
    """

    def __init__(self, capacity: int, size: int | None, channels: int | None) -> None:
        self._capacity = capacity
        self._size = size
        self._channels = channels
        self._images: Pixels | None = None
        self._first_origin = ""
        self._count = 0

    def add(self, image: Pixels, origin: str) -> None:
        """Append ``(height, width, 1 or 3)`` uint8; `origin` is named in the error message.

        Raises:
            DataError: no size was given, and the image is not square or not as large as the first.
        """
        if self._images is None:
            side = self._size or image.shape[0]
            channels = self._channels or image.shape[2]
            self._images = np.empty((self._capacity, side, side, channels), np.uint8)
            self._first_origin = origin
        side = self._images.shape[1]
        if self._size is None and image.shape[:2] != (side, side):
            raise DataError(self._other_size(image, origin))
        if self._channels is None and image.shape[2] > self._images.shape[3]:
            self._images = np.repeat(self._images, 3, axis=3)
        face = square(image, side)
        self._images[self._count] = as_channels(face, self._images.shape[3])
        self._count += 1

    def array(self) -> Pixels:
        """Return ``(n, size, size, channels)``."""
        if self._images is None:
            side = self._size or _DEFAULT_SIZE
            return np.empty((0, side, side, self._channels or 1), np.uint8)
        return self._images[: self._count]

    def _other_size(self, image: Pixels, origin: str) -> str:
        height, width = image.shape[:2]
        first = ""
        if self._count and self._images is not None:
            side = self._images.shape[1]
            first = f", and {self._first_origin} is {side} × {side}"
        return (
            f"expected square images of one size, but {origin} is {width} × {height} "
            f"pixels{first}. Choose a size (--size 48): the centre square is cut out and scaled."
        )
