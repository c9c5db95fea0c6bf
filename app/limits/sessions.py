"""How many tabs may be open. Does not use Streamlit."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Admission:
    """Lets so many tabs in; who is in stays. Safe to share between threads.

    Args:
        most: number of tabs.
        is_open: tells whether a tab is open, given its name.
    """

    def __init__(self, most: int, is_open: Callable[[str], bool]) -> None:
        self.most, self._is_open = most, is_open
        self._lock = threading.Lock()
        self._inside: set[str] = set()

    @property
    def inside(self) -> int:
        """Number of tabs that are in, as far as they are still open."""
        with self._lock:
            self._tidy()
            return len(self._inside)

    def let_in(self, tab: str) -> bool:
        """Return whether a tab may be used, and count it from now on."""
        with self._lock:
            if tab in self._inside:
                return True
            if len(self._inside) >= self.most:
                self._tidy()  # only now: a look at every tab takes longer than this
            if len(self._inside) >= self.most:
                return False
            self._inside.add(tab)
            return True

    def _tidy(self) -> None:
        self._inside = {tab for tab in self._inside if self._is_open(tab)}
