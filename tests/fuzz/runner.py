"""What is fuzzed, and a runner of its cases in a process that may end in a fault of native code."""

from __future__ import annotations

import multiprocessing
import os
import resource
import shutil
import tempfile
import threading
import traceback
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from app.core.server.cleanup import resident_bytes
from tests.fuzz.mutations import Rng
from tests.samples import ROOT

#: Seconds that are added for the first case of a process: it imports, and makes the seeds.
STARTING = 120.0


@dataclass(frozen=True)
class Target:
    """Something that reads what comes from outside; its functions are those of a module.

    Valid inputs are made in a folder and changed into anything. What reads one, given an empty
    folder, raises nothing but an `AssertionError` where what it read cannot be. A case takes no
    more than so many bytes of address space, and seconds.
    """

    name: str
    make_seeds: Callable[[Path], list[Any]]
    change: Callable[[Rng, list[Any]], Any]
    run: Callable[[Any, Path], None]
    memory: int = 1536 * 2**20
    seconds: float = 60.0


@contextmanager
def refused(*errors: type[Exception]) -> Iterator[None]:
    """Let errors of the project's own pass, which must say something."""
    try:
        yield
    except errors as error:
        if not str(error).strip():
            raise AssertionError(f"{type(error).__name__} says nothing") from error


@dataclass(frozen=True)
class Failure:
    """A case in which something went wrong: its target, its number, and what is known of it."""

    target: str
    number: int
    what: str

    @property
    def kind(self) -> str:
        """What it has in common with failures of the same cause: where it was, and the error."""
        places = [line.strip() for line in self.what.splitlines() if str(ROOT) in line]
        kind = self.what.strip().splitlines()[-1].partition(":")[0]
        return f"{self.target}: {kind} {places[-1] if places else ''}"

    def __str__(self) -> str:
        again = f"python -m tests.fuzz --target {self.target} --first {self.number} --cases 1"
        return f"{self.target} {self.number}: {self.what.strip()}\n  repeat it: {again}"


class Runner:
    """Runs cases in a process, and in another one after each failure. A context manager."""

    def __init__(self) -> None:
        self._process: Any = None

    def __enter__(self) -> Runner:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def run(self, target: Target, number: int) -> Failure | None:
        """Run a case, which is always the same one; return what went wrong."""
        if not self._process:
            self._folder, self._fresh = Path(tempfile.mkdtemp(prefix="fer-fuzz-")), set[str]()
            context = multiprocessing.get_context("spawn")
            self._pipe, theirs = context.Pipe()
            self._process = context.Process(target=_work, args=(theirs, self._folder), daemon=True)
            self._process.start()
            theirs.close()
        seconds = target.seconds + (0 if target.name in self._fresh else STARTING)
        self._fresh.add(target.name)
        self._pipe.send((target, number))
        what = f"took longer than {target.seconds} seconds"
        if self._pipe.poll(seconds):
            try:
                what = self._pipe.recv()
            except EOFError:
                self._process.join()
                said = (self._folder / "log").read_text(errors="replace")[-2000:]
                what = f"the worker ended with {self._process.exitcode}\n{said}"
        if not what:
            return None
        self._end()
        return Failure(target.name, number, what)

    def resident_megabytes(self) -> float:
        """Return the memory that the process has."""
        status = Path(f"/proc/{self._process.pid}/status") if self._process else None
        return (resident_bytes(status) or 0) / 2**20 if status else 0.0

    def _end(self) -> None:
        if self._process:
            self._process.kill()
            self._process.join()
            self._pipe.close()
            shutil.rmtree(self._folder, ignore_errors=True)
            self._process = None


def _work(pipe: Connection, folder: Path) -> None:
    """Answer each case with what went wrong; "" if nothing did."""
    with (folder / "log").open("wb") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    tempfile.tempdir = str(folder / "tmp")
    Path(tempfile.tempdir).mkdir()
    seeds: dict[str, list[Any]] = {}
    while True:
        target, number = pipe.recv()
        if target.name not in seeds:
            (folder / target.name).mkdir()
            seeds[target.name] = target.make_seeds(folder / target.name)
        rng = np.random.default_rng([zlib.crc32(target.name.encode()), number])
        case, inside = target.change(rng, seeds[target.name]), folder / "case"
        inside.mkdir()
        before, there = _held(), {*os.listdir(tempfile.tempdir)}
        try:
            with _limited(target.memory):
                target.run(case, inside)
            what = ""
        except BaseException:
            what = traceback.format_exc()
        shutil.rmtree(inside)
        if files := {*os.listdir(tempfile.tempdir)} - there:
            what = what or f"left behind: {[*files]}"
        if any(after > then for after, then in zip(_held(), before, strict=True)):
            what = what or f"open files and threads: {before} before, {_held()} after"
        pipe.send(what)


def _held() -> tuple[int, int]:
    return len(os.listdir("/proc/self/fd")), threading.active_count()


@contextmanager
def _limited(memory: int) -> Iterator[None]:
    """Let this process take no more than so many further bytes of address space."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + memory, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
