"""Which photographs a collection has, from folders and lists of paths, and which are to be done."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Self

from fer.errors import CollectionError
from fer.folder.local import microseconds, shown_path
from fer.images import SUFFIXES
from fer.text import path_problem, shortened

#: Stands for paths on the standard input.
STANDARD_INPUT = "-"

#: Endings of text files with a path a line.
_LISTS = (".txt", ".list", ".lst")

_PHOTOS = tuple(f".{suffix}" for suffix in SUFFIXES)


def check_sources(sources: Sequence[str]) -> None:
    """Raise CollectionError unless every source is one that `photo_paths` can read."""
    for source in sources:
        if problem := path_problem(source):
            raise CollectionError(f"{shortened(source)} {problem}")
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
    sources: Iterable[str], on_problem: Callable[[str], None] = lambda problem: None
) -> Iterator[str]:
    """Yield the absolute path of every photograph, in an order that is the same every time.

    One that several sources name comes several times; `Worklist.add` counts it once. A photograph
    is told by its path: a link to it is another one.

    Sources are folders, photographs, text files with the path of one of these a line, or
    `STANDARD_INPUT` for such lines. Folders are searched with all that is in them, in order of
    names. In folders, files count whose ending is that of a readable format, and what begins with a
    dot is left out. A folder that links lead to again is entered once. Nothing but one folder's
    names at each depth is held in memory. A folder that cannot be read is told as a problem. A line
    that cannot be a path, such as an address, stays as it is.
    """
    entered: set[tuple[int, int]] = set()
    for source in sources:
        if source == STANDARD_INPUT:
            lines = _lines(sys.stdin)
        elif source.lower().endswith(_LISTS) and not os.path.isdir(source):
            lines = _lines_of(source)
        else:
            lines = iter([source])
        for line in lines:
            path = line if path_problem(line) else os.path.abspath(line)
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
        elif _is_folder(entry, on_problem):
            open_folders.append(_entries(entry.path, entered, on_problem))
        elif _is_photo(entry):
            # Also a link that leads nowhere: it becomes a row that says so.
            yield entry.path


def _is_photo(entry: os.DirEntry[str]) -> bool:
    return entry.name.lower().endswith(_PHOTOS)


def _is_folder(entry: os.DirEntry[str], on_problem: Callable[[str], None]) -> bool:
    """Return whether an entry is a folder or leads to one.

    False if the system cannot tell, as for a link that leads to itself. That is told as a problem,
    unless the name is that of a photo, whose row will say it.
    """
    try:
        return entry.is_dir()
    except OSError as error:
        if not _is_photo(entry):
            on_problem(f"{entry.path} cannot be read: {error.strerror or error}.")
        return False


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


#: A row as far as it says whether its photograph must be analysed: path, size in bytes, when the
#: file was changed in microseconds, and whether the row has an error. Size and time are None for a
#: file that could not be opened.
KnownRow = tuple[str, int | None, int | None, bool]

#: Paths that are read from the database at once.
_PAGE = 1000


class Worklist:
    """Compares the photographs of a collection with the rows that there are. Use it with ``with``.

    It is a temporary SQLite database without a name, which no kill leaves behind. First `know` the
    rows that there are, then `add` the paths of the collection, then read the rest. `unchanged`
    counts paths added whose row still holds, `unchanged_errors` those of them that have an error.
    """

    def __init__(self) -> None:
        self.unchanged = 0
        self.unchanged_errors = 0
        self._database = sqlite3.connect("", isolation_level=None)
        for statement in (
            "PRAGMA synchronous = OFF",
            "PRAGMA journal_mode = OFF",
            "CREATE TABLE row (path TEXT PRIMARY KEY, size, modified, has_error, shard, "
            "added DEFAULT 0) WITHOUT ROWID",
            "CREATE TABLE todo (number INTEGER PRIMARY KEY, path BLOB UNIQUE)",
            "CREATE TABLE outdated (path TEXT PRIMARY KEY, shard) WITHOUT ROWID",
            "BEGIN",
        ):
            self._database.execute(statement)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def know(self, shard: str, rows: Iterable[KnownRow]) -> None:
        """Take note of the rows of a shard."""
        insert = "INSERT OR IGNORE INTO row VALUES (?, ?, ?, ?, ?, 0)"
        self._database.executemany(insert, ((*row, shard) for row in rows))

    def add(self, path: str) -> bool:
        """Add a path of the collection; return False if it was added before."""
        shown = shown_path(path)
        columns = "size, modified, has_error, shard, added"
        row = self._query(f"SELECT {columns} FROM row WHERE path = ?", shown).fetchone()
        if row is None:
            return self._add_to_do(path)
        size, modified, has_error, shard, added = row
        if added:
            return False
        if _holds(path, size, modified):
            self.unchanged += 1
            self.unchanged_errors += has_error
            self._query("UPDATE row SET added = 1 WHERE path = ?", shown)
            return True
        self._query("INSERT INTO outdated VALUES (?, ?)", shown, shard)
        self._query("DELETE FROM row WHERE path = ?", shown)
        return self._add_to_do(path)

    def _add_to_do(self, path: str) -> bool:
        """Add a path to be done; return False if it is there already."""
        insert = "INSERT OR IGNORE INTO todo (path) VALUES (?)"
        return self._query(insert, os.fsencode(path)).rowcount == 1

    def has_row(self, path: str) -> bool:
        """Return whether a path, as rows show it, has a row already."""
        return self._query("SELECT 1 FROM row WHERE path = ?", path).fetchone() is not None

    def outdated(self) -> Iterator[tuple[str, set[str]]]:
        """Yield each shard with rows that no longer hold, and their paths as rows show them."""
        for [shard] in self._query("SELECT DISTINCT shard FROM outdated ORDER BY shard").fetchall():
            rows = self._query("SELECT path FROM outdated WHERE shard = ?", shard)
            yield shard, {path for [path] in rows}

    def __len__(self) -> int:
        """Return the number of photographs to be done."""
        return self._query("SELECT count(*) FROM todo").fetchone()[0]

    def __iter__(self) -> Iterator[str]:
        """Yield the paths to be done, in the order in which they were added."""
        last = 0
        statement = "SELECT number, path FROM todo WHERE number > ? ORDER BY number LIMIT ?"
        while page := self._query(statement, last, _PAGE).fetchall():
            yield from (os.fsdecode(path) for _, path in page)
            last = page[-1][0]

    def _query(self, statement: str, *values: object) -> sqlite3.Cursor:
        return self._database.execute(statement, values)


def _holds(path: str, size: int | None, modified: int | None) -> bool:
    """Return whether a row with this size and time is still about the file.

    One without them could not be opened, and is tried again. The row of a file that is gone stays:
    its disk may not be there today.
    """
    try:
        status = os.stat(path)
    except (OSError, ValueError):  # a line of a list may have a null character
        return size is not None
    return (status.st_size, microseconds(status)) == (size, modified)
