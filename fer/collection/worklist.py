"""Which photographs are done and which are to be done, on the disk rather than in memory."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from typing import Self

from fer.collection.analysis import microseconds
from fer.collection.rows import shown_path

#: Paths that are read from the database at once.
_PAGE = 1000


class Worklist:
    """Compares the photographs of a collection with the rows that there are. Use it with ``with``.

    It is a temporary SQLite database without a name, which no kill leaves behind. First `know` the
    rows that there are, then `add` the paths of the collection, then read the rest.

    Attributes:
        known: rows that there are.
        unchanged: paths added whose row still holds.
    """

    def __init__(self) -> None:
        self.known = self.unchanged = 0
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
        done = self._database.executemany(insert, ((*row, shard) for row in rows))
        self.known += done.rowcount

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
