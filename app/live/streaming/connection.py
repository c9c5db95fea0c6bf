"""The phase of a live connection, from the browser's state and the frames. No Streamlit."""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import Enum, auto
from math import inf

#: Seconds after which connecting counts as slow; nearly all connections need less than three.
SLOW_SECONDS = 10.0

#: Seconds without a frame after which a running stream counts as stalled.
STALLED_SECONDS = 5.0

#: Seconds between two observations from which a device was away: they come every second, and later
#: from a busy server.
_AWAY_SECONDS = 4.0

#: Seconds within which who stops an attempt has changed their mind; later, it counts as failed.
_CHANGED_MIND_SECONDS = 4.0


class Phase(Enum):
    """The phase of a live connection."""

    IDLE = auto()
    CONNECTING = auto()
    SLOW = auto()
    LOADING = auto()
    LIVE = auto()
    PAUSED = auto()
    STALLED = auto()
    FAILED = auto()
    LOST = auto()

    @property
    def active(self) -> bool:
        """Whether the browser is connected or connecting."""
        return self not in (Phase.IDLE, Phase.FAILED, Phase.LOST)

    @property
    def troubled(self) -> bool:
        """Whether the visitor should be offered another way, such as a snapshot."""
        return self in (Phase.SLOW, Phase.STALLED, Phase.FAILED, Phase.LOST)


class Connection:
    """Tracks the phase of one visitor's attempts to connect, during one visit to the page."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._started: float | None = None
        self._last_active = 0.0
        self._established = False
        self._stop: object = None
        self._ended_as = Phase.IDLE

    def observe(self, active: bool, silent_for: float, stop: object = None) -> Phase:
        """Return the phase of the connection.

        A stream that has shown a frame and ends while `stop` is unchanged was lost.

        Args:
            active: whether the browser is connected or connecting.
            silent_for: seconds since the last frame, of this attempt or an earlier one.
            stop: any value that changes whenever the visitor stops the stream.
        """
        if not active:
            if self._started is not None:
                self._ended_as = self._outcome(self._started, stop)
                self._started = None
            return self._ended_as
        self._last_active = now = self._clock()
        if self._started is None:
            self._started = now
            self._established = False
            self._stop = stop
        waited = now - self._started
        self._established = self._established or silent_for < waited
        if self._established:
            return Phase.LIVE if silent_for < STALLED_SECONDS else Phase.STALLED
        return Phase.CONNECTING if waited < SLOW_SECONDS else Phase.SLOW

    def _outcome(self, started: float, stop: object) -> Phase:
        """Return the phase after an attempt that began at `started`, by the clock."""
        if self._established:
            return Phase.LOST if stop == self._stop else Phase.IDLE
        # Up to the last active observation, not to now: while the browser sleeps, nobody asks.
        tried = self._last_active - started
        return Phase.FAILED if tried > _CHANGED_MIND_SECONDS else Phase.IDLE


class DeviceConnection:
    """Tracks the phase of one visitor's sessions on their own device."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._listening_since = self._looked = -inf

    def observe(self, reported: str, silent_for: float) -> Phase:
        """Return the current phase, by the one that the browser named last, as in its `Report`."""
        now, before = self._clock(), self._looked
        self._looked = now if reported == "running" else -inf
        if reported != "running":
            usual = {"loading": Phase.LOADING, "paused": Phase.PAUSED, "failed": Phase.FAILED}
            return usual.get(reported, Phase.IDLE)
        if now - before > _AWAY_SECONDS:  # it has just begun, or the connection was away
            self._listening_since = now
        silent_for = min(silent_for, now - self._listening_since)
        return Phase.LIVE if silent_for < STALLED_SECONDS else Phase.STALLED
