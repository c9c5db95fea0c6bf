"""Analyse a folder on a Ray cluster, with Ray Data: read a manifest, map it, write Parquet.

All machines need FER Lens and the model at the same place, and see the photographs and the results
under the same paths. Without a cluster (``RAY_ADDRESS``), Ray runs on this machine.

What is done is known from the shards, as with the engine ``local``, and not from Ray Data's own
checkpoint: docs/scale.md says why.
"""

from __future__ import annotations

import logging
import os
import shutil
import threading
import uuid
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from fer.errors import CollectionError
from fer.folder.local import Analyse, WorkerPool
from fer.folder.manifest import Worklist
from fer.folder.results import Results, known_rows

#: Readers of Parquet folders leave out what begins with ``_``.
_FOLDER = "_staged"


class Staging:
    """Where the machines of a cluster write before rows become shards.

    ``_staged/RUN/manifest`` has the paths of a run, ``_staged/RUN/rows`` the rows made of them,
    both in Parquet files. Those who write rows there may leave files half written, and write a
    photograph twice: `adopt` makes shards of whole files only, with the first row of each photo.
    """

    def __init__(self, results: Results) -> None:
        results.begin()
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
            names = pa.array([os.fsencode(path) for path in part], pa.binary())
            pq.write_table(pa.table({"path": names}), self.manifest / f"{files:08}.parquet")
            files += 1
        return files

    def rows_written(self) -> int:
        """Return the number of rows in files that are whole."""
        return sum(table.num_rows for _, table in _whole_files(self.rows))


def adopt(results: Results, worklist: Worklist) -> Iterator[pa.Table]:
    """Make shards of all staged rows, of this run and of earlier ones; yield each.

    The worklist knows the rows that there are, and is told the new ones. Nothing is lost or doubled
    if this is interrupted and runs again.
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


#: Seconds between two looks at how many rows there are.
_LOOK = 2.0

#: An actor that dies, and its photographs, are begun again as often as it takes. It is no
#: photograph's doing: `WorkerPool` keeps that from the actor. Ray Core's own default is never.
_RESTARTS = {"max_restarts": -1, "max_task_retries": -1}


class _Analysis:
    """An actor: analyses the photographs of a batch of the manifest in a process of its own."""

    def __init__(self, load: Callable[[], Analyse], schema: pa.Schema) -> None:
        self._pool = WorkerPool(load, 1)
        self._schema = schema

    def __call__(self, batch: pa.Table) -> pa.Table:
        paths = map(os.fsdecode, batch["path"].to_pylist())
        return pa.Table.from_pylist(list(self._pool.rows(paths)), schema=self._schema)


def check() -> None:
    """Raise CollectionError if Ray is not installed."""
    try:
        import ray.data  # noqa: F401
    except ImportError as error:
        raise CollectionError(
            "The engine ray needs Ray Data, which is not installed here. In a checkout: "
            "pip install -r requirements-scale.txt; elsewhere: pip install "
            '"ray[data]>=2.60,<2.61".'
        ) from error


def analyse(
    staging: Staging,
    files: int,
    schema: pa.Schema,
    load: Callable[[], Analyse],
    workers: int | None,
    on_rows: Callable[[int], None],
) -> None:
    """Analyse the photographs of a manifest, each file of which becomes one file of rows.

    There is an actor per core of the cluster if no number is given. `on_rows` is told, on a thread
    of its own, how many rows are written. CollectionError if Ray cannot finish, for instance
    because an actor cannot load the model.
    """
    import ray
    from ray.util.annotations import RayDeprecationWarning

    try:
        with _connected(), _watched(staging, on_rows):
            workers = workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
            # Reading and writing rows takes no core worth the name, and must not wait for one: the
            # actors have them all. A process for every four of those is enough for it.
            clerks = max(1, workers // 4)
            manifest = ray.data.read_parquet(
                str(staging.manifest), override_num_blocks=files, num_cpus=0, concurrency=clerks
            )
            with warnings.catch_warnings():
                # Of restarts there is no other way to speak in 2.60.
                warnings.filterwarnings("ignore", "`ray_remote_args`", RayDeprecationWarning)
                rows = manifest.map_batches(
                    _Analysis,
                    fn_constructor_args=(load, schema),
                    batch_format="pyarrow",
                    batch_size=None,
                    compute=ray.data.ActorPoolStrategy(min_size=1, max_size=workers),
                    num_cpus=1,
                    **_RESTARTS,
                )
            rows.write_parquet(
                str(staging.rows), ray_remote_args={"num_cpus": 0}, concurrency=clerks
            )
    except ray.exceptions.RayTaskError as error:
        reason, _, _ = str(error.cause).partition("\n")  # Ray adds lines of its own
        raise CollectionError(f"A machine of the cluster could not go on: {reason}") from error
    except ray.exceptions.RayError as error:
        raise CollectionError(f"Ray could not finish: {error}") from error


@contextmanager
def _connected() -> Iterator[None]:
    """Connect to a cluster, or start one here that ends with this block."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # tells nobody outside
    import ray

    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.raise_original_map_exception = True
    # The newer reader lists files in tasks that need a whole core, and waits for ever if actors
    # have them all.
    context.use_datasource_v2 = False
    ours = not ray.is_initialized()
    if ours:
        ray.init(include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        if ours:
            ray.shutdown()


@contextmanager
def _watched(staging: Staging, on_rows: Callable[[int], None]) -> Iterator[None]:
    """Tell how many rows are written, while Ray keeps this thread to itself."""
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(_LOOK):
            on_rows(staging.rows_written())

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()
