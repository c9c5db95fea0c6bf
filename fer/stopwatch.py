"""Where the time of a frame goes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Stopwatch:
    """Measures named stages, one after the other.

    Attributes:
        milliseconds: of each stage measured so far; a stage entered twice has the sum.
    """

    def __init__(self) -> None:
        self.milliseconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the time until the end of the ``with`` block as that of stage `name`."""
        began = time.perf_counter()
        try:
            yield
        finally:
            spent = (time.perf_counter() - began) * 1e3
            self.milliseconds[name] = self.milliseconds.get(name, 0.0) + spent
