"""Memory, threads and handles of a server over time."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import psutil

#: Seconds between two samples.
EVERY = 5.0

#: Seconds of the windows whose medians are compared: long enough for a round of all acts.
WINDOW = 300.0


@dataclass(frozen=True)
class Sample:
    """A process at one time.

    Attributes:
        seconds: since the watch began.
        mb: resident memory in MB.
        threads: number of its threads.
        handles: number of open files and sockets.
    """

    seconds: float
    mb: float
    threads: int
    handles: int


@dataclass
class Watch:
    """Takes samples of a process in the background, until it is told to stop.

    Attributes:
        process: the process.
        samples: what was seen so far.
    """

    process: psutil.Process
    samples: list[Sample] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._began, self._end = time.monotonic(), threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def now(self) -> Sample:
        """Return a sample of this moment."""
        with self.process.oneshot():
            return Sample(
                time.monotonic() - self._began,
                self.process.memory_info().rss / 1e6,
                self.process.num_threads(),
                self.process.num_fds(),
            )

    def stop(self) -> None:
        """Take no more samples."""
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._end.wait(EVERY):
            self.samples.append(self.now())


def medians(samples: Sequence[Sample], start: float) -> list[float]:
    """Return the median memory in MB of each whole window from a time in seconds on."""
    last = max((sample.seconds for sample in samples), default=start)
    found = []
    for begin in np.arange(start, last - WINDOW + EVERY, WINDOW):
        inside = [s.mb for s in samples if begin <= s.seconds < begin + WINDOW]
        found += [float(np.median(inside))] if inside else []
    return found


def spread(values: Sequence[float]) -> float:
    """Return by what fraction the largest value is above the smallest; 0 for less than two."""
    return max(values) / min(values) - 1 if len(values) > 1 else 0.0
