"""Which photographs a collection has: paths from folders, files, lists of paths, standard input."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TextIO

from fer.errors import CollectionError
from fer.images import SUFFIXES

#: Stands for paths on the standard input.
STANDARD_INPUT = "-"

#: Endings of text files with a path a line.
_LISTS = (".txt", ".list", ".lst")

_PHOTOS = tuple(f".{suffix}" for suffix in SUFFIXES)


def check_sources(sources: Sequence[str]) -> None:
    """Check that every source is one that `photo_paths` can read, before any work is done.

    Raises:
        CollectionError: one is missing, or of another kind.
    """
    for source in sources:
        if source == STANDARD_INPUT or os.path.isdir(source):
            continue
        if not os.path.exists(source):
            raise CollectionError(f"{source} does not exist.")
        if not source.lower().endswith((*_PHOTOS, *_LISTS)):
            raise CollectionError(
                f"{source} is not of a known kind; expected a folder, a photo "
                f"({', '.join(SUFFIXES)}), a text file of paths ({', '.join(_LISTS)}), or - for "
                "paths on the standard input."
            )


def photo_paths(
    sources: Iterable[str],
    on_problem: Callable[[str], None] = lambda problem: None,
    standard_input: TextIO | None = None,
) -> Iterator[str]:
    """Yield the absolute path of every photograph, in an order that is the same every time.

    Folders are searched with all that is in them, in order of names. In folders, files count whose
    ending is that of a readable format, and what begins with a dot is left out. A folder that links
    lead to again is entered once. Nothing but one folder's names at each depth is held in memory.

    Args:
        sources: folders, photographs, text files with the path of one of these a line, or
            `STANDARD_INPUT` for such lines. Paths are relative to the working directory.
        on_problem: is told of a folder that cannot be read.
        standard_input: what `STANDARD_INPUT` stands for, if not the process's own.
    """
    entered: set[tuple[int, int]] = set()
    for source in sources:
        if source == STANDARD_INPUT:
            lines = _lines(standard_input or sys.stdin)
        elif source.lower().endswith(_LISTS) and not os.path.isdir(source):
            lines = _lines_of(source)
        else:
            lines = iter([source])
        for line in lines:
            path = os.path.abspath(line)
            if os.path.isdir(path):
                yield from _walk(path, entered, on_problem)
            else:
                yield path


def _lines_of(file: str) -> Iterator[str]:
    # Names that are not UTF-8 survive, as they do where Python reads a folder.
    with Path(file).open(encoding="utf-8-sig", errors="surrogateescape") as lines:
        yield from _lines(lines)


def _lines(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        if path := line.rstrip("\r\n"):
            yield path


def _walk(
    folder: str, entered: set[tuple[int, int]], on_problem: Callable[[str], None]
) -> Iterator[str]:
    open_folders = [_entries(folder, entered, on_problem)]
    while open_folders:
        entry = next(open_folders[-1], None)
        if entry is None:
            open_folders.pop()
        elif entry.is_dir():
            open_folders.append(_entries(entry.path, entered, on_problem))
        elif entry.name.lower().endswith(_PHOTOS):
            # Also a link that leads nowhere: it becomes a row that says so.
            yield entry.path


def _entries(
    folder: str, entered: set[tuple[int, int]], on_problem: Callable[[str], None]
) -> Iterator[os.DirEntry[str]]:
    try:
        status = os.stat(folder)
        if (status.st_dev, status.st_ino) in entered:
            return iter(())
        entered.add((status.st_dev, status.st_ino))
        with os.scandir(folder) as entries:
            shown = [entry for entry in entries if not entry.name.startswith(".")]
    except OSError as error:
        on_problem(f"{folder} cannot be read: {error.strerror or error}.")
        return iter(())
    return iter(sorted(shown, key=lambda entry: entry.name))
