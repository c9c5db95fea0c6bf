"""Who goes first: whoever waits for a photograph, then streams, then jobs. No Streamlit.

A stream that shows fewer frames for a second is still one; a page that answers late is not used.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from app.core.settings import MAX_STREAMS

_GROUPS = Path("/sys/fs/cgroup")


def usable_cores(groups: Path = _GROUPS, cores: int | None = None) -> float:
    """Return how many cores this server may use: 0.1 of a container with a tenth of one.

    `groups` say the limits of a container (control groups), `cores` those of the process.
    """
    if cores is None:
        affinity = getattr(os, "sched_getaffinity", None)  # Linux only
        cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    known = [float(cores)]
    with contextlib.suppress(OSError, ValueError):  # no container, or one without a limit ("max")
        quota, period = map(int, (groups / "cpu.max").read_text().split())
        known.append(quota / period)
    with contextlib.suppress(OSError, ValueError):  # the first version of control groups
        names = "cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us"
        quota, period = (int((groups / name).read_text()) for name in names)
        known += [quota / period] if quota > 0 else []
    return min(known)


#: A stream of 15 frames a second takes about half a core for decoding, analysis and encoding. A
#: server with less has no place for one: visitors' own devices analyse, and its pages stay usable.
STREAMS_PER_CORE = 2


def max_streams(settings: Mapping[str, str] = os.environ, cores: float | None = None) -> int:
    """Return the maximum number of simultaneous streams; ValueError if the setting is none."""
    usual = int(STREAMS_PER_CORE * (usable_cores() if cores is None else cores))
    return MAX_STREAMS.number(settings, usual)


#: Frames a second that a stream takes while somebody waits for a photograph. The others are neither
#: analysed nor drawn nor sent back.
RATE_WHILE_WAITED = 5.5

#: Seconds after a photograph for which streams still take fewer frames: its page is being made.
LINGER_SECONDS = 1.0

#: By how much the threads of streams let all others go first.
STREAM_NICENESS = 10

#: Longest time in seconds for which a thread keeps Python's lock while others wait for it. With the
#: usual 5 ms, four streams delay a photograph, which takes the lock hundreds of times, by a fourth.
_SWITCH_SECONDS = 0.0005


def shorten_switches() -> None:
    """Let the threads of this process take turns more often than Python does by itself."""
    sys.setswitchinterval(_SWITCH_SECONDS)


def lower_priority(niceness: int) -> None:
    """Let all other threads run before this one, where the system has a niceness for each (Linux).

    The niceness is compared with the process. To say it again changes nothing.
    """
    with contextlib.suppress(AttributeError, OSError):  # not on every system
        niceness += os.getpriority(os.PRIO_PROCESS, os.getpid())
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), niceness)


class Priority:
    """Lets so many photographs in at a time; the others wait. Safe to share between threads.

    Those that work at the same time only delay each other on a machine that has no core for each:
    one after the other, most have their answer sooner.
    """

    def __init__(self, places: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._places = threading.Semaphore(places)
        self._lock = threading.Lock()
        self._there = 0
        self._left = -float("inf")

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a place, and have it until the end of the block."""
        with self._lock:
            self._there += 1
        try:
            with self._places:
                yield
        finally:
            with self._lock:
                self._there -= 1
                self._left = self._clock()

    @property
    def waiting(self) -> bool:
        """Whether somebody is in or waits, or was until `LINGER_SECONDS` ago."""
        return self._there > 0 or self._clock() - self._left < LINGER_SECONDS


#: Those of the photographs that somebody waits for, on this server.
PHOTOGRAPHS = Priority(max(1, int(usable_cores()) // 2))


class Throttle:
    """Which frames of a stream are taken: all of them, or fewer while others go first."""

    def __init__(
        self, others: Priority = PHOTOGRAPHS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._others, self._clock = others, clock
        self._next = clock()

    def takes(self) -> bool:
        """Return whether a frame that has come now is to be taken."""
        now = self._clock()
        if self._others.waiting and now < self._next:
            return False
        # From when it was due, so that the rate is kept although frames come at times of their own.
        interval = 1 / RATE_WHILE_WAITED
        self._next = min(max(self._next, now - interval), now) + interval
        return True
