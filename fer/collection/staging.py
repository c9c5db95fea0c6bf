"""Where the machines of a cluster write before rows become shards, and what a kill leaves there.

``_staged/RUN/manifest`` has the paths of a run, ``_staged/RUN/rows`` the rows made of them, both in
Parquet files. Those who write rows there may leave files half written, and write a photograph
twice: `adopt` makes shards of whole files only, with the first row of each photograph.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from fer.collection.results import Results, known_rows
from fer.collection.rows import path_array
from fer.collection.worklist import Worklist

#: Readers of Parquet folders leave out what begins with ``_``.
_FOLDER = "_staged"


class Staging:
    """The place of one run.

    Args:
        results: where its rows will be.
    """

    def __init__(self, results: Results) -> None:
        folder = results.folder.absolute() / _FOLDER / uuid.uuid4().hex
        self.manifest, self.rows = folder / "manifest", folder / "rows"
        for made in (self.manifest, self.rows):
            made.mkdir(parents=True)

    def write_manifest(self, paths: Iterable[str], photos: int) -> int:
        """Write paths into files of so many each; return the number of files.

        Their only column, ``path``, is binary: names of files need not be text.
        """
        paths, files = iter(paths), 0
        while part := list(islice(paths, photos)):
            table = pa.table({"path": path_array(part)})
            pq.write_table(table, self.manifest / f"{files:08}.parquet")
            files += 1
        return files

    def rows_written(self) -> int:
        """Return the number of rows in files that are whole."""
        return sum(table.num_rows for _, table in _whole_files(self.rows))


def adopt(results: Results, worklist: Worklist) -> Iterator[pa.Table]:
    """Make shards of all staged rows, of this run and of earlier ones; yield each.

    Nothing is lost or doubled if this is interrupted and runs again.

    Args:
        results: where the shards go.
        worklist: knows the rows that there are, and is told the new ones.
    """
    for file, metadata in _whole_files(results.folder / _FOLDER):
        if metadata.schema.to_arrow_schema().names == results.schema.names:
            table = pq.read_table(file, schema=results.schema)
            new = [not worklist.has_row(path) for path in table["path"].to_pylist()]
            if any(new):
                shard, rows = results.new_shard(), table.filter(pa.array(new))
                results.write(rows, shard)
                worklist.know(shard.name, known_rows(shard))
                yield rows
        file.unlink()
    shutil.rmtree(results.folder / _FOLDER, ignore_errors=True)


def _whole_files(folder: Path) -> Iterator[tuple[Path, pq.FileMetaData]]:
    for file in sorted(folder.rglob("*.parquet")):
        try:
            yield file, pq.read_metadata(file)
        except (OSError, pa.ArrowException):
            continue  # half written
