"""Analyse a collection into a folder of results: what the command ``folder`` does."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Sequence, Sized
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from fer.folder import ray_engine
from fer.folder.local import Analyse, WorkerPool, load_analysis
from fer.folder.manifest import Worklist, check_sources, photo_paths
from fer.folder.ray_engine import Staging, adopt
from fer.folder.results import Results, ShardWriter
from fer.model.spec import ModelSpec, shipped_model

#: Paths between two reports while they are listed.
_LISTED = 1000


@dataclass(frozen=True)
class CollectionOptions:
    """How to analyse a collection.

    Attributes:
        workers: worker processes, of ``ray`` on all machines together; None for one per core.
        shard_photos: photographs of a shard, which is what a kill loses at most.
        engine: ``local`` or ``ray``; see `fer.folder.ray_engine`.
    """

    model: Path = field(default_factory=shipped_model)
    head: str | None = None
    workers: int | None = None
    shard_photos: int = 1000
    resume: bool = False
    engine: str = "local"


@dataclass
class Tally:
    """How far a collection is; the same object at every report.

    Attributes:
        listed: photographs found, until all are.
        unchanged: photographs whose row still holds, so they are not analysed again.
        unchanged_errors: those of them whose row has an error.
        todo: photographs to be analysed; None until all are listed.
    """

    listed: int = 0
    unchanged: int = 0
    unchanged_errors: int = 0
    todo: int | None = None
    done: int = 0
    errors: int = 0
    faces: int = 0

    def count(self, error: str | None, faces: Sized | None) -> None:
        """Count a photograph by these columns of its row."""
        self.done += 1
        self.errors += error is not None
        self.faces += len(faces or ())


def collect(
    sources: Sequence[str],
    out: Path,
    options: CollectionOptions,
    *,
    on_progress: Callable[[Tally], None] = lambda tally: None,
    on_problem: Callable[[str], None] = lambda problem: None,
) -> Tally:
    """Analyse every photograph of `sources` into Parquet files in `out`; see `Results`.

    Progress is told while they are listed and, by ``local``, after every photograph; a problem is a
    folder that cannot be read.

    Raises:
        CollectionError: a source or `out` is not what was expected, or workers cannot start.
        ModelError: the model cannot be loaded, or has no such head.
        OSError: a shard cannot be written.
    """
    check_sources(sources)
    if options.engine == "ray":
        ray_engine.check()
    spec = ModelSpec.load(options.model)
    tally = Tally()
    with Results(out, spec, options.head, resume=options.resume) as results, Worklist() as worklist:
        results.tell(worklist)
        deque(adopt(results, worklist), maxlen=0)  # what a kill of the engine ray has left
        for path in photo_paths(sources, on_problem):
            tally.listed += worklist.add(path)
            if tally.listed % _LISTED == 0:
                on_progress(tally)
        for shard, paths in worklist.outdated():
            results.drop(shard, paths)
        tally.unchanged = worklist.unchanged
        tally.unchanged_errors = worklist.unchanged_errors
        tally.todo = len(worklist)
        on_progress(tally)
        if tally.todo:
            engine = _analyse_on_cluster if options.engine == "ray" else _analyse_here
            engine(worklist, results, options, tally, on_progress)
    return tally


def _analyse_here(
    worklist: Worklist,
    results: Results,
    options: CollectionOptions,
    tally: Tally,
    on_progress: Callable[[Tally], None],
) -> None:
    workers = min(options.workers or cores(), len(worklist))
    pool, writer = WorkerPool(_load(options), workers), ShardWriter(results, options.shard_photos)
    with pool, writer:
        for row in pool.rows(worklist):
            writer.add(row)
            tally.count(row["error"], row["faces"])
            on_progress(tally)


def _analyse_on_cluster(
    worklist: Worklist,
    results: Results,
    options: CollectionOptions,
    tally: Tally,
    on_progress: Callable[[Tally], None],
) -> None:
    def on_rows(rows: int) -> None:
        tally.done = rows
        on_progress(tally)

    staging = Staging(results)
    files = staging.write_manifest(worklist, options.shard_photos)
    try:
        ray_engine.analyse(staging, files, results.schema, _load(options), options.workers, on_rows)
    finally:
        tally.done = 0
        for shard in adopt(results, worklist):  # also after Ctrl-C: what is done is kept
            for row in shard.select(["error", "faces"]).to_pylist():
                tally.count(row["error"], row["faces"])


def _load(options: CollectionOptions) -> Callable[[], Analyse]:
    return partial(load_analysis, options.model.absolute(), options.head)


def cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
