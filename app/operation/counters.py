"""Counts of what has happened since the server started. Does not use Streamlit."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable

#: Seconds over which a rate is taken, in steps of one second.
RATE_SECONDS = 60


class Counters:
    """Counts by name and kind, and how often a name was counted lately. Thread-safe.

    Args:
        clock: monotonic clock in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._totals: Counter[tuple[str, str]] = Counter()
        self._recent: dict[str, deque[tuple[int, int]]] = {}
        self._last: dict[tuple[str, str], float] = {}
        self._since = clock()

    @property
    def seconds(self) -> float:
        """Seconds since counting began."""
        return self._clock() - self._since

    def add(self, name: str, kind: str = "", number: int = 1) -> None:
        """Count something.

        Args:
            name: what happened; one of a fixed set of words, as is the kind, so that the number of
                counts is bounded.
            kind: which sort of it; empty if there is only one.
            number: how often.
        """
        now = self._clock()
        second = int(now)
        with self._lock:
            self._totals[name, kind] += number
            self._last[name, kind] = now
            recent = self._recent.setdefault(name, deque())
            if recent and recent[-1][0] == second:
                number += recent.pop()[1]
            recent.append((second, number))
            while second - recent[0][0] > RATE_SECONDS:
                recent.popleft()

    def total(self, name: str) -> int:
        """Return how often something happened, of whatever kind."""
        with self._lock:
            return sum(count for (counted, _), count in self._totals.items() if counted == name)

    def totals(self) -> dict[tuple[str, str], int]:
        """Return all counts by name and kind."""
        with self._lock:
            return dict(self._totals)

    def seconds_since(self, name: str, kind: str = "") -> float:
        """Return how long ago something happened last.

        Raises:
            KeyError: it has not happened.
        """
        with self._lock:
            return self._clock() - self._last[name, kind]

    def rate(self, name: str, seconds: int = 10) -> float:
        """Return how often a second something happened in the last whole seconds.

        Args:
            name: what happened.
            seconds: over how many; at most `RATE_SECONDS`.
        """
        now = int(self._clock())  # the second that runs is not over, and would pull the mean down
        with self._lock:
            recent = self._recent.get(name, ())
            return sum(n for at, n in recent if now - seconds <= at < now) / seconds
