"""How far a recording is, on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO

from fer.text import clock
from fer.video.recording import Progress

#: Seconds between two updates of the line on a terminal.
_UPDATE = 0.2

#: What is done in each stage.
_STAGES = {"analysis": "analysing", "picture": "writing the marked video"}


class ProgressLine:
    """Says how far a file is: a terminal gets one line that changes, a file one for every tenth.

    Args:
        name: of the file.
        stream: where to say it; stderr if None.
        now: monotonic clock in seconds.
    """

    def __init__(
        self, name: str, stream: TextIO | None = None, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._name, self._stream, self._now = name, stream or sys.stderr, now
        self._terminal = self._stream.isatty()
        self._stage = ""
        self._began = self._said = 0.0
        self._tenth = 0

    def __call__(self, progress: Progress) -> None:
        """Take a report; say it if enough time or work has passed since the last."""
        now = self._now()
        if progress.stage != self._stage:
            self._stage, self._began, self._said, self._tenth = progress.stage, now, -_UPDATE, 0
        if self._terminal:
            if now - self._said >= _UPDATE:
                self._said = now
                print(f"\r{self._line(progress, now)}\x1b[K", end="", file=self._stream, flush=True)
        elif (tenth := int(10 * (progress.share or 0))) > self._tenth:
            self._tenth = tenth
            print(self._line(progress, now), file=self._stream, flush=True)

    def clear(self) -> None:
        """Take the line off a terminal, so that something else can be said there."""
        if self._terminal and self._stage:
            print("\r\x1b[K", end="", file=self._stream, flush=True)

    def _line(self, progress: Progress, now: float) -> str:
        elapsed = now - self._began
        parts = [f"{clock(progress.seconds)}"]
        if progress.share is not None:
            parts = [f"{progress.share:.0%}"]
        if elapsed > 0:
            parts.append(f"{progress.frames / elapsed:.0f} frames/s")
            if progress.share:
                parts.append(f"{clock(elapsed * (1 / progress.share - 1))} left")
        return f"{self._name}: {_STAGES[progress.stage]}, {', '.join(parts)}"
