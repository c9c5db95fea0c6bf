"""Measure how long each stage of a frame takes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Stopwatch:
    """Measures the durations of named stages.

    Attributes:
        milliseconds: duration of each stage so far; the sum for a stage that was entered twice.
    """

    def __init__(self) -> None:
        self.milliseconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the duration of the ``with`` block to the stage `name`."""
        started = time.perf_counter()
        try:
            yield
        finally:
            elapsed = (time.perf_counter() - started) * 1e3
            self.milliseconds[name] = self.milliseconds.get(name, 0.0) + elapsed
