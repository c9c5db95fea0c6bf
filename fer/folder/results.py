"""A folder of Parquet files with the rows of photographs, and what made them."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Self

import pyarrow as pa
import pyarrow.parquet as pq

from fer.atomic_write import atomic_write, check_folder
from fer.detection.blazeface import photo_detector
from fer.errors import CollectionError, ModelError
from fer.folder.local import Row, table_schema
from fer.folder.manifest import KnownRow, Worklist
from fer.model.spec import ModelSpec
from fer.records import RecordFile

#: Shards that a kill has left half written; no reader takes a file with a dot for data.
_UNFINISHED = ".*.parquet"

#: Is locked by the process that writes. Beside it is its journal, as long as it is locked and after
#: a kill.
_LOCK = ".lock"

#: Rows that are read at once.
_BATCH = 10_000


class RunRecord(RecordFile):
    """What made all rows of a folder, which another model must not go on with.

    Its name begins with ``_``, so that readers of Parquet folders leave it out.
    """

    filename: ClassVar[str] = "_run.json"
    current_version: ClassVar[int] = 2

    version: int = current_version
    model: str
    sha256: str
    detector: str
    head: str

    @classmethod
    def of(cls, spec: ModelSpec, head: str | None) -> RunRecord:
        """Describe rows of a model, with today's detector and a head or its usual one."""
        name = spec.head(head).name
        return cls(model=spec.name, sha256=spec.sha256, detector=photo_detector(), head=name)


class Results:
    """A folder of shards, open for one process at a time. Use it with ``with``.

    Each photograph has at most one row in it, at any time. A shard appears whole or not at all, so
    what a kill interrupts is at most the rows of a shard that was not written yet.

    Raises:
        CollectionError: the folder has results and `resume` is false, it has something else,
            results of another model, detector or head, or another process is writing into it.
        ModelError: the model has no such head.
        OutputError: the folder cannot be written to.
    """

    def __init__(self, folder: Path, spec: ModelSpec, head: str | None, *, resume: bool) -> None:
        record = RunRecord.of(spec, head)
        self.folder = folder
        self.schema = table_schema(spec.head(head), record.model_dump(exclude={"version"}))
        _check_folder(folder, record, resume)
        check_folder(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = _locked(folder)
        self._record = record
        for unfinished in folder.glob(_UNFINISHED):
            unfinished.unlink()
        self._last = max(map(_number, self.shards()), default=0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._lock.close()

    def begin(self) -> None:
        """Write the record of what makes the rows, before the first row.

        A run that ends without a row leaves no record, so the folder stays free for any other run.
        """
        if not (self.folder / RunRecord.filename).exists():
            self._record.save(self.folder)

    def shards(self) -> list[Path]:
        """Return the finished shards, oldest first."""
        return sorted(self.folder.glob("photos-*.parquet"), key=_number)

    def tell(self, worklist: Worklist) -> None:
        """Tell a worklist which rows there are; CollectionError if a shard cannot be read."""
        for shard in self.shards():
            worklist.know(shard.name, known_rows(shard))

    def drop(self, shard: str, paths: set[str]) -> None:
        """Write a shard anew without the rows of `paths`, as rows show them."""
        file = self.folder / shard
        table = pq.read_table(file)
        kept = table.filter(pa.array([path not in paths for path in table["path"].to_pylist()]))
        if len(kept):
            self.write(kept, file)
        else:
            file.unlink()

    def new_shard(self) -> Path:
        """Return a file for a shard that comes after all others."""
        self._last += 1
        return self.folder / f"photos-{self._last:06}.parquet"

    def write(self, table: pa.Table, shard: Path) -> None:
        """Write a shard, as a whole."""
        self.begin()
        with atomic_write([shard]) as [part], part.open("wb") as out:
            pq.write_table(table, out, compression="zstd")
            out.flush()
            os.fsync(out.fileno())


@dataclass
class _OpenShard:
    file: Path
    rows: list[Row] = field(default_factory=list)
    faces: int = 0


class ShardWriter:
    """Collects rows and writes them as shards, the last ones at the end of a ``with`` block.

    A shard has so many photographs; of crowds fewer, so that its size is bounded.
    """

    #: Faces of a shard for each photograph that it may have.
    _FACES = 10

    def __init__(self, results: Results, photos: int) -> None:
        self._results = results
        self._photos = photos
        self._open = _OpenShard(results.new_shard())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # What is done is kept after Ctrl-C too, and if it comes twice.
        try:
            self._flush()
        except (KeyboardInterrupt, SystemExit):
            self._flush()
            raise

    def add(self, row: Row) -> None:
        """Add a row; writes a shard when it is full."""
        shard = self._open
        shard.rows.append(row)
        shard.faces += len(row["faces"] or ())
        if len(shard.rows) >= self._photos or shard.faces >= self._photos * self._FACES:
            self._flush()

    def _flush(self) -> None:
        # Whenever Ctrl-C interrupts this, it can be done again: the rows go into the same file.
        if self._open.rows:
            table = pa.Table.from_pylist(self._open.rows, schema=self._results.schema)
            self._results.write(table, self._open.file)
        self._open = _OpenShard(self._results.new_shard())


def known_rows(shard: Path) -> Iterator[KnownRow]:
    """Yield what is known of a shard's rows; CollectionError for a damaged one."""
    names = ["path", "size", "modified", "error"]
    try:
        with pq.ParquetFile(shard) as table:
            for batch in table.iter_batches(_BATCH, columns=names):
                columns = (
                    batch["path"],
                    batch["size"],
                    batch["modified"].cast(pa.int64()),
                    batch["error"].is_valid(),
                )
                yield from zip(*(column.to_pylist() for column in columns), strict=True)
    except (OSError, pa.ArrowException, KeyError) as error:
        raise CollectionError(
            f"{shard} is damaged ({error}). Remove it, and --resume analyses its photos again."
        ) from error


def _number(shard: Path) -> int:
    digits = shard.stem.removeprefix("photos-")
    return int(digits) if digits.isdecimal() else 0


def _check_folder(folder: Path, record: RunRecord, resume: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise CollectionError(f"{folder} is a file; expected a folder for the results.")
    if not folder.is_dir():
        return
    if all(file.name.startswith(_LOCK) for file in folder.iterdir()):
        return
    if not (folder / RunRecord.filename).is_file():
        raise CollectionError(
            f"{folder} is neither empty nor a folder of results; name another one."
        )
    if not resume:
        raise CollectionError(
            f"{folder} has results already. Add --resume to go on with them, which analyses what "
            "is new or has changed, or name another folder."
        )
    try:
        found = RunRecord.load(folder)
    except ModelError as error:
        raise CollectionError(
            f"{folder / RunRecord.filename} is not a record that this FER Lens can go on with; "
            "name another folder."
        ) from error
    for name, value in record.model_dump().items():
        if getattr(found, name) != value:
            raise CollectionError(
                f"{folder} has results with {name} {getattr(found, name)}, and this run has "
                f"{value}: they cannot be in one table. Name another folder, or use the same."
            )


def _locked(folder: Path) -> sqlite3.Connection:
    """Lock a folder until the connection closes or the process ends, however it ends."""
    lock = sqlite3.connect(folder / _LOCK, timeout=0, isolation_level=None)
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        lock.close()
        raise CollectionError(
            f"Another process is writing into {folder}; wait until it is done, or name another "
            "folder."
        ) from error
    return lock
