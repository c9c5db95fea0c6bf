"""Analyse a collection on a Ray cluster, with Ray Data: read a manifest, map it, write Parquet.

All machines need FER Lens and the model at the same place, and see the photographs and the results
under the same paths. Without a cluster (``RAY_ADDRESS``), Ray runs on this machine.

What is done is known from the shards, as with the engine ``local``, and not from Ray Data's own
checkpoint: docs/scale.md says why.
"""

from __future__ import annotations

import logging
import os
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pyarrow as pa

from fer.collection.analysis import Analyse
from fer.collection.local import WorkerPool
from fer.collection.staging import Staging
from fer.errors import CollectionError

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
    """Check that Ray is installed.

    Raises:
        CollectionError: it is not.
    """
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
    """Analyse the photographs of a manifest.

    Args:
        staging: has the manifest, and gets the rows.
        files: number of the manifest's files, each of which becomes one file of rows.
        schema: schema of the rows.
        load: is called in each actor and returns what analyses a photograph.
        workers: number of actors; None for one per core of the cluster.
        on_rows: is told, on a thread of its own, how many rows are written.

    Raises:
        CollectionError: Ray cannot finish, for instance because an actor cannot load the model.
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
        ray.init(
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
        )
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
