"""The row of a photograph, and worker processes that make it, of which any may die without loss."""

from __future__ import annotations

import hashlib
import os
import signal
import stat
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import connection, get_context
from pathlib import Path
from typing import Any, Self

import cv2
import pyarrow as pa

from fer.analyzer import FaceAnalyzer
from fer.errors import CollectionError, FerError, ImageError
from fer.export.table import BOX, face_records
from fer.images import decode, ignore_size_warning, load
from fer.model.spec import Head
from fer.text import path_problem

#: A row as a dictionary; its keys are the names of `table_schema`.
Row = dict[str, Any]


def table_schema(head: Head, made_by: dict[str, str]) -> pa.Schema:
    r"""Return the schema of the table, with `made_by` as its metadata.

    ==========  ======================================================================
    column      meaning
    ==========  ======================================================================
    path        absolute path; bytes of a name that are not UTF-8 as ``\xff``
    sha256      SHA-256 of the file in hexadecimal; null if it could not be opened
    size        of the file in bytes; null if it could not be opened
    modified    when the file was last changed; null if it could not be opened
    width       of the upright image in pixels; null if it could not be read
    height      likewise
    error       why there is no result, as the end of a sentence that starts with the
                path; null if there is one
    model       name of the model that answered; null if there is no result
    faces       the faces, left to right; null if there is no result
    ==========  ======================================================================

    The fields of a face are those of `fer.export.table.face_record`; ``box`` has a field for each
    side, and ``probabilities`` for each label of the head.
    """
    number, text = pa.float32(), pa.string()
    face = pa.struct(
        [
            ("box", pa.struct([(side, number) for side in BOX])),
            ("detection_score", number),
            ("head", text),
            ("answer", text),
            ("uncertain", pa.bool_()),
            ("quality", pa.list_(text)),
            ("expression", text),
            ("confidence", number),
            ("probabilities", pa.struct([(label, number) for label in head.labels])),
        ]
    )
    fields = [
        pa.field("path", text, nullable=False),
        pa.field("sha256", text),
        pa.field("size", pa.int64()),
        pa.field("modified", pa.timestamp("us", "UTC")),
        pa.field("width", pa.int32()),
        pa.field("height", pa.int32()),
        pa.field("error", text),
        pa.field("model", text),
        pa.field("faces", pa.list_(face)),
    ]
    return pa.schema(fields, made_by)


def shown_path(path: str) -> str:
    r"""Return a path as text that every format can hold: other bytes are written ``\xff``."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def row_without_result(path: str, error: str) -> Row:
    """Return the row of a photograph that has no result yet, or none for a reason."""
    nothing = dict.fromkeys(("sha256", "size", "modified", "width", "height", "model", "faces"))
    return {"path": shown_path(path), "error": error or None, **nothing}


#: Makes the row of a photograph from its path.
Analyse = Callable[[str], Row]


def load_analysis(model_dir: Path, head: str | None) -> Analyse:
    """Return what makes the row of a photograph with a model, on one processor thread."""
    cv2.setNumThreads(1)  # there is a process per core
    ignore_size_warning()
    analyzer = FaceAnalyzer.for_photos(model_dir, threads=1)
    return lambda path: photo_row(path, analyzer, head)


def photo_row(path: str, analyzer: FaceAnalyzer, head: str | None) -> Row:
    """Analyse a photograph; whatever is wrong with it becomes its error."""
    row = row_without_result(path, "")
    try:
        if problem := path_problem(path):
            raise ImageError(problem)
        # Before it is read: should it change in between, it counts as changed the next time.
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            raise ImageError("is not a file.")
        data = load(Path(path))
        row |= {"size": status.st_size, "modified": microseconds(status)}
        row["sha256"] = hashlib.sha256(data).hexdigest()
        image = decode(data)
        faces = analyzer(image, head=head)
        row["height"], row["width"] = image.shape[:2]
        row["model"] = analyzer.spec.name
        row["faces"] = [
            face | {"box": dict(zip(BOX, face["box"], strict=True))} for face in face_records(faces)
        ]
    except ImageError as error:
        row["error"] = str(error)
    except OSError as error:
        row["error"] = f"cannot be opened: {error.strerror or error}."
    except Exception as error:  # whatever a file makes a library raise, the others go on
        row["error"] = f"cannot be analysed ({type(error).__name__}: {error})."
    return row


def microseconds(status: os.stat_result) -> int:
    """Return when a file was last changed, in microseconds since 1970."""
    return status.st_mtime_ns // 1000


#: Photographs that a worker has been given: the one that it analyses, and the next.
_GIVEN = 2

#: Workers that may die one after the other before any has loaded its model.
_FALSE_STARTS = 3

#: Times that a photograph may end its worker; the first time, another one may have had the memory.
_TRIES = 2

#: Seconds after which a photograph is given up; the largest take a few.
_PATIENCE = 600.0

# `fork` would copy the locks of libraries' threads, and a forked worker holds the others' pipes.
_context = get_context("spawn")


@dataclass
class _Task:
    path: str
    ends: int = 0  # workers that it has ended


class _Worker:
    def __init__(self, load: Callable[[], Analyse]) -> None:
        self.pipe, theirs = _context.Pipe()
        self.process = _context.Process(target=_serve, args=(theirs, load), daemon=True)
        with _ctrl_c_ignored():  # a process is born with what its parent ignores
            self.process.start()
        theirs.close()
        self.ready = False
        self.given: deque[_Task] = deque()
        self.since = time.monotonic()  # when it began with the first of them

    def give(self, task: _Task) -> None:
        if not self.given:
            self.since = time.monotonic()
        self.given.append(task)
        with suppress(OSError):  # if it is dead, reading from it will say so
            self.pipe.send(task.path)

    def end(self) -> int | None:
        """End the process, which holds nothing that could be lost; return its exit code."""
        self.process.kill()
        self.process.join()
        self.pipe.close()
        return self.process.exitcode


class WorkerPool:
    """Processes that analyse photographs. Use it with ``with``.

    A photograph that ends its worker (for want of memory, or by a fault in a library) or takes more
    than so many seconds is tried once more in a new one, and then has a row with that as its error;
    the others go on. Workers end when this process does, however it ends. What loads their analysis
    must be pickled, and scripts that use this need ``if __name__ == "__main__":``, since a new
    process imports them.
    """

    def __init__(self, load: Callable[[], Analyse], workers: int) -> None:
        self._load = load
        self._false_starts = 0
        self._again: deque[_Task] = deque()
        self._workers = [_Worker(load) for _ in range(workers)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.end()

    def rows(self, paths: Iterable[str]) -> Iterator[Row]:
        """Yield a row for each path, as they are done, taking no more than a few paths ahead.

        Raises:
            CollectionError: workers die before they have loaded the model.
            FerError: the model cannot be loaded.
        """
        tasks = map(_Task, paths)
        while True:
            self._give(tasks)
            busy = [worker for worker in self._workers if worker.given]
            if not busy:
                return
            spoke = connection.wait([worker.pipe for worker in busy], _PATIENCE / 10)
            for worker in busy:
                if worker.pipe in spoke:
                    yield from self._received(worker)
            for worker in list(self._workers):
                late = time.monotonic() - worker.since > _PATIENCE
                if worker.ready and worker.given and late:
                    yield from self._replaced(worker, f"took more than {_PATIENCE:g} seconds")

    def _give(self, tasks: Iterator[_Task]) -> None:
        # Round by round, so that the last few photographs are shared out.
        for held in range(_GIVEN):
            for worker in self._workers:
                if len(worker.given) > held:
                    continue
                task = self._again.popleft() if self._again else next(tasks, None)
                if task is None:
                    return
                worker.give(task)

    def _received(self, worker: _Worker) -> Iterator[Row]:
        try:
            answer = worker.pipe.recv()
        except (EOFError, OSError):
            yield from self._replaced(worker, "ended the process that analysed it")
            return
        if isinstance(answer, FerError):
            raise answer
        worker.since = time.monotonic()
        if answer is None:
            worker.ready = True
            self._false_starts = 0
            return
        worker.given.popleft()
        yield answer

    def _replaced(self, worker: _Worker, what: str) -> Iterator[Row]:
        """Put a new worker in the place of one, and give up the photograph that did it twice."""
        code = worker.end()
        first, *others = worker.given
        if not worker.ready:
            self._false_starts += 1
            if self._false_starts >= _FALSE_STARTS:
                raise CollectionError(
                    f"Worker processes end before they have loaded the model (exit code {code}). "
                    "Is there enough memory? Fewer workers need less."
                )
        else:
            first.ends += 1
        self._again.extendleft(reversed(others))
        if first.ends < _TRIES:
            self._again.appendleft(first)
        self._workers[self._workers.index(worker)] = _Worker(self._load)
        if first.ends >= _TRIES:
            yield row_without_result(first.path, f"{what}, {_TRIES} times (exit code {code}).")


def _serve(pipe: connection.Connection, load: Callable[[], Analyse]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(EOFError, OSError):
        try:
            analyse = load()
        except FerError as error:
            return pipe.send(error)
        pipe.send(None)
        while True:
            pipe.send(analyse(pipe.recv()))


@contextmanager
def _ctrl_c_ignored() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may say so, and it alone is interrupted
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
