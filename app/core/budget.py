"""How many bytes of a server visitors' uploads may take. Does not use Streamlit."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable

from app.core.memory import MB, free_memory

#: Bytes that stay free for all else, a photo that is being read among it.
_SPARE = 250 * MB


class Budget:
    """Who holds how many bytes of a server's memory or disk. Safe to share between threads.

    Args:
        max_bytes: of all together.
        free: returns the bytes that are left, or None where nobody says; of memory if None.
    """

    def __init__(self, max_bytes: int, free: Callable[[], int | None] | None = None) -> None:
        self._max_bytes, self._free = max_bytes, free
        self._lock = threading.Lock()
        self._held: dict[Hashable, int] = {}

    @property
    def left(self) -> int:
        """Bytes that somebody can still take."""
        with self._lock:
            return self._left()

    def take(self, who: Hashable, uploaded: int, expected: int) -> bool:
        """Note that somebody holds bytes, or return False if there is no room for them.

        Who holds some already holds these in their place.

        Args:
            who: holds them.
            uploaded: bytes that are in memory already.
            expected: bytes that will be.
        """
        with self._lock:
            # What was uploaded is in memory already, but still counts as a visitor's.
            own = self._held.get(who, 0)
            if expected > self._left() + own or uploaded + expected > self._unheld() + own:
                return False
            self._held[who] = uploaded + expected
            return True

    def hold(self, who: Hashable, count: int) -> None:
        """Note how many bytes somebody who has taken some really holds; nothing is refused."""
        with self._lock:
            if who in self._held:
                self._held[who] = count

    def release(self, who: Hashable) -> None:
        """Note that somebody holds nothing any more."""
        with self._lock:
            self._held.pop(who, None)

    def _left(self) -> int:
        free = (self._free or free_memory)()
        unheld = self._unheld()
        return unheld if free is None else max(0, min(unheld, free - _SPARE))

    def _unheld(self) -> int:
        return max(0, self._max_bytes - sum(self._held.values()))
