"""Analyse a collection into a folder of results: what the command ``folder`` does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from fer.collection.analysis import load_analysis
from fer.collection.local import WorkerPool
from fer.collection.manifest import check_sources, photo_paths
from fer.collection.results import Results, ShardWriter
from fer.collection.rows import Row
from fer.collection.worklist import Worklist
from fer.labels import EXPRESSION_HEAD
from fer.model.shipped import shipped_model
from fer.model.spec import ModelSpec

#: Paths between two reports while they are listed.
_LISTED = 1000


@dataclass(frozen=True)
class CollectionOptions:
    """How to analyse a collection.

    Attributes:
        model: a model directory.
        head: name of the head that answers.
        workers: worker processes; of the engine ``ray``, actors on all machines together.
        shard_photos: photographs of a shard, which is what a kill loses at most.
        resume: whether to go on with results that are there.
        engine: ``local`` or ``ray``; see `fer.collection.ray_engine`.
    """

    model: Path = shipped_model()
    head: str = EXPRESSION_HEAD
    workers: int = 1
    shard_photos: int = 1000
    resume: bool = False
    engine: str = "local"


@dataclass
class Tally:
    """How far a collection is; the same object at every report.

    Attributes:
        listed: photographs found, until all are.
        unchanged: photographs whose row still holds, so they are not analysed again.
        todo: photographs to be analysed; None until all are listed.
        done: photographs analysed in this run.
        errors: those of them that could not be read or analysed.
        faces: faces found in this run.
    """

    listed: int = 0
    unchanged: int = 0
    todo: int | None = None
    done: int = 0
    errors: int = 0
    faces: int = 0

    def count(self, row: Row) -> None:
        """Count a row."""
        self.done += 1
        self.errors += row["error"] is not None
        self.faces += len(row["faces"] or ())


def collect(
    sources: Sequence[str],
    out: Path,
    options: CollectionOptions,
    *,
    on_progress: Callable[[Tally], None] = lambda tally: None,
    on_problem: Callable[[str], None] = lambda problem: None,
) -> Tally:
    """Analyse every photograph of `sources` into Parquet files in `out`.

    Args:
        sources: see `fer.collection.manifest.photo_paths`.
        out: folder of the results; see `fer.collection.results.Results`.
        options: how.
        on_progress: is called after every photograph of the engine ``local``, and while they are
            listed.
        on_problem: is told of folders that cannot be read.

    Raises:
        CollectionError: a source or `out` is not what was expected, or workers cannot start.
        ModelError: the model cannot be loaded, or has no such head.
        OSError: a shard cannot be written.
    """
    check_sources(sources)
    spec = ModelSpec.load(options.model)
    tally = Tally()
    with Results(out, spec, options.head, resume=options.resume) as results, Worklist() as worklist:
        if options.engine == "ray":
            from fer.collection import ray_engine

            ray_engine.adopt(results)
        results.tell(worklist)
        for path in photo_paths(sources, on_problem):
            worklist.add(path)
            tally.listed += 1
            if tally.listed % _LISTED == 0:
                on_progress(tally)
        for shard, paths in worklist.outdated():
            results.drop(shard, paths)
        tally.unchanged, tally.todo = worklist.unchanged, len(worklist)
        on_progress(tally)
        if options.engine == "ray":
            ray_engine.analyse(worklist, results, options, tally)
        else:
            _analyse_here(worklist, results, options, tally, on_progress)
    return tally


def _analyse_here(
    worklist: Worklist,
    results: Results,
    options: CollectionOptions,
    tally: Tally,
    on_progress: Callable[[Tally], None],
) -> None:
    load = partial(load_analysis, options.model, options.head)
    workers = min(options.workers, len(worklist))
    with WorkerPool(load, workers) as pool, ShardWriter(results, options.shard_photos) as writer:
        for row in pool.rows(worklist):
            writer.add(row)
            tally.count(row)
            on_progress(tally)
