"""Read images from folders that are named after classes, optionally inside split folders."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

import numpy as np

from fer.errors import ImageError
from fer.images import SUFFIXES
from fer.labelled.folders import SPLIT_OF_FOLDER, split_of
from fer.labels import canonical
from training.data.class_names import choose
from training.data.image_stack import FaceStack, read_face
from training.data.raw import LoadOptions, Problem, Source, strings

#: File names that contain the row in fer2013.csv.
_ROW = re.compile(r"(?:Training_|PublicTest_|PrivateTest_|fer)(\d+)")

#: Files and folders that operating systems and archivers leave behind.
_SYSTEM_FILES = {"thumbs.db", "desktop.ini", "__macosx"}


_NO_LABEL = "unlabelled"


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


def read_folder(root: Path, options: LoadOptions) -> Source:
    """Read ``<split>/<class>/**`` or ``<class>/**``; only the requested classes are decoded.

    Raises:
        DataError: a requested class is missing, or the images differ in size and no size was
            requested.
    """
    files, problems = _plan(root)
    names = choose({file.class_name for file in files}, options.classes)
    return _decode([file for file in files if file.class_name in names], names, options, problems)


def read_unlabelled_folder(root: Path, options: LoadOptions) -> Source:
    """Read every image below a folder; all labels are 0."""
    files = [_File(p, _origin(root, p), _NO_LABEL, "") for p in files_below(root)]
    return _decode(files, (_NO_LABEL,), options, [])


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
    files: Sequence[_File],
    names: tuple[str, ...],
    options: LoadOptions,
    problems: Sequence[Problem],
) -> Source:
    stack = FaceStack(len(files), options.size, options.channels)
    kept, problems = [], list(problems)
    for file in files:
        try:
            image = read_face(file.path)
        except ImageError as error:
            problems.append(Problem(file.origin, f"{error} Left out."))
            continue
        stack.add(image, file.origin)
        kept.append(file)
    return Source(
        stack.array(),
        np.array([names.index(file.class_name) for file in kept], np.int64),
        names,
        strings([file.split for file in kept]),
        strings([file.origin for file in kept]),
        np.array([_row_of(file.path) for file in kept], np.int64),
        problems=tuple(problems),
    )


def _row_of(path: Path) -> int:
    match = _ROW.fullmatch(path.stem)
    return int(match[1]) if match else -1


def looks_like_image(path: Path) -> bool:
    """Return whether a file is called like an image."""
    return is_visible(path) and path.suffix.lower().lstrip(".") in SUFFIXES


def _origin(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()
