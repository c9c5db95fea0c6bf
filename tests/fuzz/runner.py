"""Runs cases in a worker, and starts another one where a case has ended it or takes too long."""

from __future__ import annotations

import json
import selectors
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from app.core.server.cleanup import resident_bytes
from tests.fuzz.target import Target
from tests.samples import ROOT

#: Module that runs the cases.
WORKER = "tests.fuzz.worker"

#: Seconds that are added for the first case of a worker: it imports, and makes the seeds.
STARTING = 120.0


@dataclass(frozen=True)
class Failure:
    """A case in which something went wrong.

    Attributes:
        target: name of what was fuzzed.
        number: of the case.
        what: a traceback, or how the worker ended.
    """

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
    """Runs cases. A context manager."""

    def __init__(self) -> None:
        self._worker: subprocess.Popen[str] | None = None
        self._folder = Path()
        self._fresh: set[str] = set()

    def __enter__(self) -> Runner:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def run(self, target: Target, number: int) -> Failure | None:
        """Run a case; return what went wrong."""
        worker = self._worker or self._start()
        first = target.name not in self._fresh
        self._fresh.add(target.name)
        assert worker.stdin
        assert worker.stdout
        worker.stdin.write(f"{target.name} {number}\n")
        worker.stdin.flush()
        with selectors.DefaultSelector() as selector:
            selector.register(worker.stdout, selectors.EVENT_READ)
            answered = selector.select(target.seconds + (STARTING if first else 0))
        answer = worker.stdout.readline() if answered else ""
        if answer:
            what = json.loads(answer)
        else:
            what = self._end() if answered else f"took longer than {target.seconds} seconds"
        if what:
            self._end()
            return Failure(target.name, number, what)
        return None

    def resident_megabytes(self) -> float:
        """Return the memory that the worker has."""
        if not self._worker:
            return 0.0
        return (resident_bytes(Path(f"/proc/{self._worker.pid}/status")) or 0) / 2**20

    def _start(self) -> subprocess.Popen[str]:
        self._folder, self._fresh = Path(tempfile.mkdtemp(prefix="fer-fuzz-")), set()
        with (self._folder / "log").open("wb") as log:
            self._worker = subprocess.Popen(
                [sys.executable, "-m", WORKER, self._folder],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        return self._worker

    def _end(self) -> str:
        """End the worker, and return how it ended and what it said last."""
        if not self._worker:
            return ""
        worker, self._worker = self._worker, None
        with worker:
            if worker.poll() is None:
                worker.kill()
        said = (self._folder / "log").read_text(errors="replace")[-2000:]
        shutil.rmtree(self._folder, ignore_errors=True)
        return f"the worker ended with {worker.returncode}\n{said}"


def cases(targets: list[Target], first: int) -> Iterator[tuple[Target, int]]:
    """Yield a case of each target in turn, without an end."""
    number = first
    while True:
        for target in targets:
            yield target, number
        number += 1
