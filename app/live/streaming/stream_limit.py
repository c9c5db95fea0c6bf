"""How many live streams may run at once, over all visitors. No streamlit in here."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from weakref import WeakKeyDictionary

#: Setting, in the environment or the secrets: streams at once.
LIMIT_VARIABLE = "FER_MAX_STREAMS"

#: A stream of 15 frames a second takes about half a core: decoding, analysing, encoding.
STREAMS_PER_CORE = 2

#: Seconds without a frame after which a slot is free again: for tabs that went without a word.
#: Longer than a browser may take to connect.
STALE_SECONDS = 30.0


def max_streams(settings: Mapping[str, str], cores: int | None = None) -> int:
    """Return how many streams may run at once.

    Args:
        settings: holds `LIMIT_VARIABLE`, or not.
        cores: of this machine; asked for if None.

    Raises:
        ValueError: the setting is not a whole number from 0.
    """
    wished = settings.get(LIMIT_VARIABLE, "").strip()
    if not wished:
        return max(2, STREAMS_PER_CORE * (cores or os.cpu_count() or 1))
    if not wished.isdecimal():
        raise ValueError(f"{LIMIT_VARIABLE}: expected a whole number such as 4, got {wished!r}")
    return int(wished)


class StreamLimit:
    """The slots for streams. Shared by all threads.

    Whoever holds a slot has to `hold` it again with every frame; a holder that is silent for
    `STALE_SECONDS`, or that no longer exists, has lost it.

    Args:
        slots: how many there are.
        clock: seconds that never go back.
    """

    def __init__(self, slots: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.slots = slots
        self._clock = clock
        self._lock = threading.Lock()
        # Weak, so that a session that is dropped takes its slot with it.
        self._held: WeakKeyDictionary[object, float] = WeakKeyDictionary()

    def hold(self, holder: object) -> bool:
        """Take a slot, or keep it; False if there is none."""
        with self._lock:
            now = self._clock()
            if not self._free_for(holder, now):
                return False
            self._held[holder] = now
            return True

    def leave(self, holder: object) -> None:
        """Give a slot back; no harm without one."""
        with self._lock:
            self._held.pop(holder, None)

    def free_for(self, holder: object) -> bool:
        """Tell whether `hold` would succeed."""
        with self._lock:
            return self._free_for(holder, self._clock())

    @property
    def taken(self) -> int:
        """How many slots are held."""
        with self._lock:
            return len(self._alive(self._clock()))

    def _free_for(self, holder: object, now: float) -> bool:
        alive = self._alive(now)
        return holder in alive or len(alive) < self.slots

    def _alive(self, now: float) -> set[object]:
        return {h for h, seen in self._held.items() if now - seen < STALE_SECONDS}
