"""The limit on simultaneous live streams of all visitors. Does not use Streamlit."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from weakref import WeakKeyDictionary

from app.common.settings import whole_number

#: Setting, in the environment or the secrets, with the maximum number of simultaneous streams.
LIMIT_VARIABLE = "FER_MAX_STREAMS"

#: A stream of 15 frames a second takes about half a core for decoding, analysis and encoding.
STREAMS_PER_CORE = 2

#: Seconds without a frame after which a slot becomes free, for tabs that closed without notice.
#: Who waits for one looks every two seconds, so a closed tab's slot is free for others within ten.
#: A page that is still connecting renews its slot every second.
STALE_SECONDS = 5.0


def max_streams(settings: Mapping[str, str], cores: int | None = None) -> int:
    """Return the maximum number of simultaneous streams.

    Args:
        settings: environment variables and secrets; may contain `LIMIT_VARIABLE`.
        cores: number of CPU cores; that of this machine if None.

    Raises:
        ValueError: the setting is not a whole number of at least 0.
    """
    usual = max(2, STREAMS_PER_CORE * (cores or os.cpu_count() or 1))
    return whole_number(settings, LIMIT_VARIABLE, usual)


class StreamLimit:
    """The slots for streams. Safe to share between threads.

    A slot is a lease: its holder must call `hold` again for every frame. It loses its slot after
    `STALE_SECONDS` without a call, or when it is garbage-collected.

    Args:
        slots: number of slots.
        clock: monotonic clock in seconds.
    """

    def __init__(self, slots: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.slots = slots
        self._clock = clock
        self._lock = threading.Lock()
        # Weak references, so that a deleted session releases its slot.
        self._held: WeakKeyDictionary[object, float] = WeakKeyDictionary()

    def hold(self, holder: object) -> bool:
        """Take a slot, or keep the one that is held; return False if all are taken."""
        with self._lock:
            now = self._clock()
            if not self._free_for(holder, now):
                return False
            self._held[holder] = now
            return True

    def leave(self, holder: object) -> None:
        """Release the holder's slot, if it has one."""
        with self._lock:
            self._held.pop(holder, None)

    def free_for(self, holder: object) -> bool:
        """Return whether `hold` would succeed."""
        with self._lock:
            return self._free_for(holder, self._clock())

    @property
    def taken(self) -> int:
        """Number of slots that are held."""
        with self._lock:
            return len(self._alive(self._clock()))

    def _free_for(self, holder: object, now: float) -> bool:
        alive = self._alive(now)
        return holder in alive or len(alive) < self.slots

    def _alive(self, now: float) -> set[object]:
        return {h for h, seen in self._held.items() if now - seen < STALE_SECONDS}
