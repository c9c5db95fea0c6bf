"""How often a visitor may upload something. Does not use Streamlit."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

_MINUTE = 60.0


class UploadRate:
    """Lets every visitor upload so often a minute: a token bucket for each. Thread-safe.

    After a pause, that many can come at once; then they come back one by one.

    Args:
        most: uploads in a minute.
        clock: monotonic clock in seconds.
    """

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.most, self._clock = most, clock
        self._lock = threading.Lock()
        self._left: dict[str, tuple[float, float]] = {}

    def __len__(self) -> int:
        with self._lock:
            return len(self._left)

    def take(self, visitor: str, wanted: int = 1) -> int:
        """Return how many of the wanted uploads are let through, and count those.

        Args:
            visitor: tells one from others.
            wanted: number of files that came.
        """
        now = self._clock()
        with self._lock:
            self._forget(now)
            left = self._left_of(visitor, now)
            taken = min(wanted, math.floor(left + 1e-9))  # seconds do not add up exactly
            self._left[visitor] = left - taken, now
            return taken

    def seconds_for(self, visitor: str, wanted: int = 1) -> float:
        """Return the seconds until so many are let through; infinite if they never are."""
        with self._lock:
            missing = min(wanted, self.most) - self._left_of(visitor, self._clock())
        if not self.most:
            return math.inf
        return max(0.0, missing * _MINUTE / self.most)

    def _left_of(self, visitor: str, now: float) -> float:
        left, at = self._left.get(visitor, (float(self.most), now))
        return min(float(self.most), left + (now - at) * self.most / _MINUTE)

    def _forget(self, now: float) -> None:
        """Forget who has not uploaded for a minute, and so has all of it left."""
        self._left = {v: kept for v, kept in self._left.items() if now - kept[1] < _MINUTE}


def too_fast(names: list[str], rate: UploadRate, visitor: str) -> str:
    """Return what is told of files that came too fast; empty if there are none.

    Args:
        names: of the files, which may be anything.
        rate: has refused them.
        visitor: uploaded them.
    """
    if not names:
        return ""
    what = names[0] if len(names) == 1 else f"{len(names):,} files"
    if not rate.most:
        return f"{what} {_were(names)} not added: this server takes no uploads."
    seconds = rate.seconds_for(visitor, len(names))
    wait = "some seconds" if seconds < 10 else f"about {10 * math.ceil(seconds / 10)} seconds"
    return (
        f"{what} {_were(names)} not added: this server takes {rate.most:,} files a minute of a "
        f"visitor. Add {'it' if len(names) == 1 else 'them'} again in {wait}."
    )


def _were(names: list[str]) -> str:
    return "was" if len(names) == 1 else "were"
