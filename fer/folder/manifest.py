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

#: Stands for paths on the standard input.
STANDARD_INPUT = "-"

#: Endings of text files with a path a line.
_LISTS = (".txt", ".list", ".lst")

_PHOTOS = tuple(f".{suffix}" for suffix in SUFFIXES)


def check_sources(sources: Sequence[str]) -> None:
    """Raise CollectionError unless every source is one that `photo_paths` can read."""
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
    sources: Iterable[str], on_problem: Callable[[str], None] = lambda problem: None
) -> Iterator[str]:
    """Yield the absolute path of every photograph, in an order that is the same every time.

    Sources are folders, photographs, text files with the path of one of these a line, or
    `STANDARD_INPUT` for such lines. Folders are searched with all that is in them, in order of
    names. In folders, files count whose ending is that of a readable format, and what begins with a
    dot is left out. A folder that links lead to again is entered once. Nothing but one folder's
    names at each depth is held in memory. A folder that cannot be read is told as a problem.
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


#: Paths that are read from the database at once.
_PAGE = 1000


class Worklist:
    """Compares the photographs of a collection with the rows that there are. Use it with ``with``.

    It is a temporary SQLite database without a name, which no kill leaves behind. First `know` the
    rows that there are, then `add` the paths of the collection, then read the rest. `unchanged`
    counts paths added whose row still holds.
    """

    def __init__(self) -> None:
        self.unchanged = 0
        self._database = sqlite3.connect("", isolation_level=None)
        for statement in (
            "PRAGMA synchronous = OFF",
            "PRAGMA journal_mode = OFF",
            "CREATE TABLE row (path TEXT PRIMARY KEY, size, modified, shard) WITHOUT ROWID",
            "CREATE TABLE todo (number INTEGER PRIMARY KEY, path BLOB UNIQUE)",
            "CREATE TABLE outdated (path TEXT PRIMARY KEY, shard) WITHOUT ROWID",
            "BEGIN",
        ):
            self._database.execute(statement)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def know(self, shard: str, rows: Iterable[tuple[str, int | None, int | None]]) -> None:
        """Take note of the rows of a shard: path, size, and when it was changed in microseconds."""
        insert = "INSERT OR IGNORE INTO row VALUES (?, ?, ?, ?)"
        self._database.executemany(insert, ((*row, shard) for row in rows))

    def add(self, path: str) -> None:
        """Add a path of the collection; a second time it counts no more."""
        shown = shown_path(path)
        row = self._query("SELECT size, modified, shard FROM row WHERE path = ?", shown).fetchone()
        if row is None:
            self._query("INSERT OR IGNORE INTO todo (path) VALUES (?)", os.fsencode(path))
        elif _holds(path, row[0], row[1]):
            self.unchanged += 1
        else:
            self._query("INSERT INTO outdated VALUES (?, ?)", shown, row[2])
            self._query("DELETE FROM row WHERE path = ?", shown)
            self._query("INSERT OR IGNORE INTO todo (path) VALUES (?)", os.fsencode(path))

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
    except OSError:
        return size is not None
    return (status.st_size, microseconds(status)) == (size, modified)
