"""The end of a server that takes nobody new and waits for those who are there. No Streamlit."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from secrets import token_hex

#: Seconds after the last one has left in which a page that is reloaded, or has lost its connection,
#: may come back.
_QUIET_SECONDS = 10.0


class Drain:
    """Whether a server is coming to its end, and who is still there. Thread-safe.

    Args:
        clock: monotonic clock in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._until: float | None = None
        self._connections = 0
        self._left = -float("inf")
        #: Whether `begin` is called before it ends; one that Streamlit alone runs just ends.
        self.ends_with_notice = False
        #: Tells this server from others, and from itself after a restart.
        self.server = token_hex(8)

    def begin(self, seconds: float) -> None:
        """Take nobody new from now on, and wait for those who are there.

        Args:
            seconds: for how long at most.
        """
        with self._lock:
            self._until = self._clock() + seconds

    @property
    def draining(self) -> bool:
        """Whether it has begun."""
        return self._until is not None

    @property
    def seconds_left(self) -> float | None:
        """For how long it still waits at most; None if it has not begun."""
        until = self._until
        return None if until is None else max(0.0, until - self._clock())

    @property
    def over(self) -> bool:
        """Whether it has waited long enough, or for everybody."""
        with self._lock:
            now = self._clock()
            if self._until is None or (self._connections and now < self._until):
                return False
            return now >= self._until or now - self._left >= _QUIET_SECONDS

    @contextmanager
    def connection(self) -> Iterator[None]:
        """Count somebody as there."""
        with self._lock:
            self._connections += 1
        try:
            yield
        finally:
            with self._lock:
                self._connections -= 1
                self._left = self._clock()


#: That of this process.
THIS_SERVER = Drain()
