"""How far a long command is: for people on stderr, for programs on stdout."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TextIO, TypeVar

from fer.text import clock

Item = TypeVar("Item")

#: Seconds between two updates of the line on a terminal.
_UPDATE = 0.2

#: Characters of the bar on a terminal.
_BAR = 24


class Progress:
    """Says how many of some things are done, and how long the rest will take.

    A terminal gets one line that changes, from the beginning; a file a line for every tenth.

    Args:
        total: how many there will be.
        what: plural of what they are.
        stream: where to say it; stderr if None.
        clock: monotonic clock in seconds.
    """

    def __init__(
        self,
        total: int,
        what: str,
        *,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._total, self._what, self._clock = total, what, clock
        self._stream = stream or sys.stderr
        self._terminal = self._stream.isatty()
        self._done = 0
        self._started = self._said = clock()
        if self._terminal and total:
            self._say(self._started)

    def advance(self, count: int = 1) -> None:
        """Say that so many more are done."""
        before, self._done = self._done, self._done + count
        now = self._clock()
        tenth = 10 * self._done // self._total > 10 * before // self._total
        due = now - self._said >= _UPDATE if self._terminal else tenth
        if due or self._done == self._total:
            self._say(now)

    def _say(self, now: float) -> None:
        self._said = now
        line, end = self._line(now - self._started), "\n"
        if self._terminal:
            filled = _BAR * self._done // self._total
            line = f"\r[{'=' * filled:<{_BAR}}] {line}\x1b[K"
            end = "\n" if self._done == self._total else ""
        print(line, end=end, file=self._stream, flush=True)

    def _line(self, elapsed: float) -> str:
        done, total = self._done, self._total
        share = f"{done:,} of {total:,} {self._what}, {100 * done // total} %"
        if done == total:
            return f"{share}, {clock(round(elapsed))}"
        return f"{share}, {clock(round(elapsed / done * (total - done)))} left" if done else share


def progress(
    items: Iterable[Item],
    total: int,
    what: str,
    *,
    stream: TextIO | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Item]:
    """Yield items, and say how far it is; see `Progress`.

    Args:
        items: what takes time to come.
        total: how many there will be.
        what: plural of what they are.
        stream: as for `Progress`.
        clock: likewise.
    """
    shown = Progress(total, what, stream=stream, clock=clock)
    for item in items:
        shown.advance()
        yield item


def say(stage: str, *, stream: TextIO | None = None, **fields: object) -> None:
    """Write a line such as ``{"stage": "heads", "done": 3, "total": 16, "seconds_left": 60}``."""
    print(json.dumps({"stage": stage, **fields}), file=stream or sys.stdout, flush=True)


class ProgressJson:
    """Says for a program how many of some things are done: a line for every hundredth.

    Args:
        stage: what is being done.
        total: how many there will be.
        stream: where to say it; stdout if None.
        clock: monotonic clock in seconds.
    """

    def __init__(
        self,
        stage: str,
        total: int,
        *,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stage, self._total = stage, total
        self._stream, self._clock = stream, clock
        self._done, self._started = 0, clock()
        say(stage, stream=stream, done=0, total=total)

    def advance(self, count: int = 1) -> None:
        """Say that so many more are done."""
        before, self._done = self._done, self._done + count
        if 100 * self._done // self._total > 100 * before // self._total:
            left = (self._clock() - self._started) / self._done * (self._total - self._done)
            done = {"done": self._done, "total": self._total, "seconds_left": round(left)}
            say(self._stage, stream=self._stream, **done)
