"""What the tools share: where the model is, tables, the machine, and what a process uses."""

from __future__ import annotations

import os
import platform
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psutil

ROOT = Path(__file__).parent.parent
MODEL = ROOT / "models" / "compact"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a text table with a left-aligned first column and right-aligned others."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    lines = [
        [cell.rjust(width) if i else cell.ljust(width) for i, (cell, width) in enumerate(cells)]
        for row in (header, ["-" * width for width in widths], *rows)
        for cells in [zip(row, widths, strict=True)]
    ]
    return "\n".join("  ".join(line) for line in lines)


def machine() -> str:
    """Describe the machine and its load, without which times mean little."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    cores, load = os.cpu_count(), psutil.getloadavg()[0]
    return f"{[*names, platform.machine()][0]}, {cores} cores, load {load:.1f}"


def seconds_of(process: psutil.Process) -> float:
    """Return the processor time of a process in seconds."""
    times = process.cpu_times()
    return float(times.user + times.system)


@dataclass(frozen=True)
class Sample:
    """A process with all that it has started, at one time in seconds since the watch began.

    Memory is resident, shared pages counted in each process; handles are open files and sockets.
    """

    seconds: float
    mb: float
    threads: int
    handles: int


class Watch:
    """Samples a process with all that it starts, so often in seconds, in a ``with`` block."""

    def __init__(self, process: psutil.Process, every: float) -> None:
        self.samples: list[Sample] = []
        self._process, self._every = process, every
        self._began, self._end = time.monotonic(), threading.Event()
        self._used: dict[tuple[int, float], float] = {}
        self._before = seconds_of(process)
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def now(self) -> Sample:
        """Return a sample of this moment."""
        memory, threads, handles = 0.0, 0, 0
        family = [self._process]
        with suppress(psutil.Error):  # it may have ended
            family += self._process.children(recursive=True)
        for process in family:
            with suppress(psutil.Error), process.oneshot():
                key = process.pid, process.create_time()
                self._used[key] = seconds_of(process)
                memory += process.memory_info().rss / 1e6
                threads += process.num_threads()
                handles += process.num_fds()
        return Sample(time.monotonic() - self._began, memory, threads, handles)

    @property
    def processor_seconds(self) -> float:
        """Processor time used since the watch began, as of the last sample."""
        return sum(self._used.values()) - self._before

    def _run(self) -> None:
        while not self._end.is_set():
            self.samples.append(self.now())
            self._end.wait(self._every)
        self.now()
