"""Who goes first: whoever waits for a photograph, then streams, then jobs. No Streamlit.

A stream that shows fewer frames for a second is still one; a page that answers late is not used.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from app.background.cores import usable_cores

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


def take_shorter_turns() -> None:
    """Let the threads of this process take turns more often than Python does by itself."""
    sys.setswitchinterval(_SWITCH_SECONDS)


def let_others_first(niceness: int) -> None:
    """Let all other threads run before this one, where the system has a niceness for each (Linux).

    Args:
        niceness: by how much, compared with the process. To say it again changes nothing.
    """
    with suppress(AttributeError, OSError):  # not on every system
        niceness += os.getpriority(os.PRIO_PROCESS, os.getpid())
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), niceness)


class Turns:
    """Lets so many in at a time; the others wait. Safe to share between threads.

    Those that work at the same time only delay each other on a machine that has no core for each:
    one after the other, most have their answer sooner.

    Args:
        places: how many at a time.
        clock: monotonic clock in seconds.
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
    def wanted(self) -> bool:
        """Whether somebody is in or waits, or was until `LINGER_SECONDS` ago."""
        return self._there > 0 or self._clock() - self._left < LINGER_SECONDS


#: Those of the photographs that somebody waits for, on this server.
PHOTOGRAPHS = Turns(max(1, int(usable_cores()) // 2))


class Pace:
    """Which frames of a stream are taken: all of them, or fewer while others go first.

    Args:
        others: who goes first.
        clock: monotonic clock in seconds.
    """

    def __init__(
        self, others: Turns = PHOTOGRAPHS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._others, self._clock = others, clock
        self._next = clock()

    def takes(self) -> bool:
        """Return whether a frame that has come now is to be taken."""
        now = self._clock()
        if self._others.wanted and now < self._next:
            return False
        # From when it was due, so that the rate is kept although frames come at times of their own.
        interval = 1 / RATE_WHILE_WAITED
        self._next = min(max(self._next, now - interval), now) + interval
        return True
