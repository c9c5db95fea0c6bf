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


def progress(
    items: Iterable[Item],
    total: int,
    what: str,
    *,
    stream: TextIO | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Item]:
    """Yield items, and say how many there were and how long the rest will take.

    A terminal gets one line that changes, a file a line for every tenth.

    Args:
        items: what takes time to come.
        total: how many there will be.
        what: plural of what they are.
        stream: where to say it; stderr if None.
        clock: monotonic clock in seconds.
    """
    stream = stream or sys.stderr
    terminal = stream.isatty()
    started = said = clock()
    for done, item in enumerate(items, 1):
        now = clock()
        tenth = 10 * done // total > 10 * (done - 1) // total
        if done == total or (now - said >= _UPDATE if terminal else tenth):
            line = _line(done, total, what, now - started)
            print(f"\r{line}\x1b[K" if terminal else line, end="", file=stream)
            print(end="\n" if done == total or not terminal else "", file=stream, flush=True)
            said = now
        yield item


def _line(done: int, total: int, what: str, elapsed: float) -> str:
    share = f"{done:,} of {total:,} {what}, {100 * done // total} %"
    if done == total:
        return f"{share}, {clock(round(elapsed))}"
    return f"{share}, {clock(round(elapsed / done * (total - done)))} left"


def say(stage: str, *, stream: TextIO | None = None, **fields: object) -> None:
    """Write a line such as ``{"stage": "learning", "epoch": 3, "epochs": 16, …}``."""
    print(json.dumps({"stage": stage, **fields}), file=stream or sys.stdout, flush=True)
