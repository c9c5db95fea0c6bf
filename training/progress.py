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

#: How much longer an epoch of all layers takes than one of the heads alone.
_WHOLE = 3.0


class Progress:
    """Says how many of some things are done, and how long the rest will take.

    A terminal gets one line that changes, from the beginning; a file a line for every tenth; a
    program, which needs a `stage`, an object of JSON from the beginning and for every hundredth.
    The stream for people is stderr, if None; the clock is monotonic, in seconds.
    """

    def __init__(
        self,
        total: int,
        what: str,
        *,
        stage: str = "",
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._total, self._what, self._stage, self._clock = total, what, stage, clock
        self._stream = stream or sys.stderr
        self._terminal = not stage and self._stream.isatty()
        self._done = 0
        self._started = self._said = clock()
        if stage or (self._terminal and total):
            self._say(self._started)

    def advance(self, count: int = 1) -> None:
        """Say that so many more are done."""
        before, self._done = self._done, self._done + count
        now, parts = self._clock(), 100 if self._stage else 10
        passed = parts * self._done // self._total > parts * before // self._total
        due = now - self._said >= _UPDATE if self._terminal else passed
        if due or self._done == self._total:
            self._say(now)

    def over(self, items: Iterable[Item]) -> Iterator[Item]:
        """Yield items that take time to come, and say so of each."""
        for item in items:
            self.advance()
            yield item

    def _say(self, now: float) -> None:
        done, total, elapsed = self._done, self._total, now - self._started
        left = round(elapsed / done * (total - done)) if done else None
        self._said = now
        if self._stage:
            say(self._stage, done, total, left)
            return
        line, end = f"{done:,} of {total:,} {self._what}, {100 * done // total} %", "\n"
        if done == total:
            line += f", {clock(round(elapsed))}"
        elif left is not None:
            line += f", {clock(left)} left"
        if self._terminal:
            line = f"\r[{'=' * (_BAR * done // total):<{_BAR}}] {line}\x1b[K"
            end = "\n" if done == total else ""
        print(line, end=end, file=self._stream, flush=True)


class EpochProgress:
    """Says to a program after each epoch how far it is; `frozen` ones train the heads alone."""

    def __init__(
        self,
        epochs: int,
        frozen: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._epochs, self._frozen, self._clock = epochs, frozen, clock
        self._begun: tuple[int, float] | None = None

    def begin(self, epoch: int, logs: object = None) -> None:
        """Start the clock at the first epoch of this run."""
        self._begun = self._begun or (epoch, self._clock())

    def end(self, epoch: int, logs: object = None) -> None:
        """Say that an epoch is done."""
        assert self._begun is not None
        (first, started), done = self._begun, epoch + 1
        pace = (self._clock() - started) / (self._work(done) - self._work(first))
        left = round(pace * (self._work(self._epochs) - self._work(done)))
        stage = "heads" if epoch < self._frozen else "all layers"
        say(stage, done, self._epochs, left)

    def _work(self, epochs: int) -> float:
        """Return the cost of so many epochs, in epochs of the heads alone."""
        frozen = min(epochs, self._frozen)
        return frozen + _WHOLE * (epochs - frozen)


def say(
    stage: str, done: int | None = None, total: int | None = None, seconds_left: int | None = None
) -> None:
    """Print a line such as ``{"stage": "heads", "done": 3, "total": 16, "seconds_left": 60}``."""
    record = {"stage": stage, "done": done, "total": total, "seconds_left": seconds_left}
    known = {name: value for name, value in record.items() if value is not None}
    print(json.dumps(known), flush=True)
