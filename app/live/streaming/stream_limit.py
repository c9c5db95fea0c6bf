"""The limit on simultaneous live streams of all visitors. Does not use Streamlit."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from app.core.server.events import log_event

#: Seconds without a frame after which a slot becomes free, for tabs that closed without notice.
#: A page that is still connecting renews its slot every second.
STALE_SECONDS = 5.0

#: Seconds from which on a lease is logged as a stream. A page that starts one takes and leaves a
#: slot a few times before.
_COUNTS_SECONDS = 1.0


@dataclass
class _Lease:
    #: Tells its visitor from others; None if nobody has said so.
    visitor: str | None = None
    #: When it took its slot, and when it last held it; minus infinity after it left.
    since: float = 0.0
    seen: float = -math.inf
    #: Whether it was logged as a stream.
    counted: bool = False
    #: Whether it was logged that it got no slot: who waits asks again and again.
    refused: bool = False

    def is_alive(self, now: float) -> bool:
        return now - self.seen < STALE_SECONDS

    def end(self, at: float) -> None:
        self.seen = -math.inf
        if self.counted:
            self.counted = False
            log_event("stream_ended", seconds=at - self.since)


class StreamLimit:
    """The slots for streams. Safe to share between threads.

    A slot is a lease: its holder must call `hold` again for every frame. It loses its slot after
    `STALE_SECONDS` without a call, or when it is garbage-collected. One visitor may hold so many
    of them; any number if `of_visitor` is None.
    """

    def __init__(
        self,
        slots: int,
        clock: Callable[[], float] = time.monotonic,
        of_visitor: int | None = None,
    ) -> None:
        self.slots, self.of_visitor, self._clock = slots, of_visitor, clock
        self._lock = threading.Lock()
        # Weak references, so that a deleted session releases its slot.
        self._leases: WeakKeyDictionary[object, _Lease] = WeakKeyDictionary()
        self._looked = 0

    def belongs(self, holder: object, visitor: str) -> None:
        """Note whose stream it is. One of which nothing is noted is a visitor by itself."""
        with self._lock:
            self._leases.setdefault(holder, _Lease()).visitor = visitor

    def hold(self, holder: object) -> bool:
        """Take a slot, or keep the one that is held; return False if all are taken."""
        with self._lock:
            now, lease = self._clock(), self._leases.setdefault(holder, _Lease())
            if reason := self._refusal(lease, now):
                if not lease.refused:
                    log_event("stream_refused", reason=reason)
                lease.refused = True
                return False
            if not lease.is_alive(now):
                lease.since, lease.counted = now, False
            elif not lease.counted and now - lease.since >= _COUNTS_SECONDS:
                lease.counted = True
                log_event("stream_started")
            lease.seen, lease.refused = now, False
            return True

    def leave(self, holder: object) -> None:
        """Release the holder's slot, if it has one."""
        with self._lock:
            if holder in self._leases:
                self._leases[holder].end(self._clock())

    def refusal(self, holder: object) -> str:
        """Return why `hold` would fail, as `app.core.server.events` calls it; "" if it would not.

        It is "off" if there are no slots, "visitor" if the visitor's own other streams have as many
        as one may hold, and "full" if all are taken.
        """
        with self._lock:
            return self._refusal(self._leases.get(holder, _Lease()), self._clock())

    @property
    def taken(self) -> int:
        """Number of slots that are held."""
        with self._lock:
            return len(self._alive(self._clock()))

    def look(self) -> bool:
        """Return whether fewer slots are held than at the last look.

        A connection that has ended leaves tens of megabytes of frames that refer to each other.
        """
        with self._lock:
            now = self._clock()
            for lease in self._leases.values():
                if lease.seen > -math.inf and not lease.is_alive(now):
                    lease.end(lease.seen)
        before, self._looked = self._looked, self.taken
        return self._looked < before

    def _refusal(self, lease: _Lease, now: float) -> str:
        if lease.is_alive(now):
            return ""
        if not self.slots:
            return "off"
        alive = self._alive(now)
        own = sum(lease.visitor is not None and other.visitor == lease.visitor for other in alive)
        if self.of_visitor is not None and own >= self.of_visitor:
            return "visitor"
        return "full" if len(alive) >= self.slots else ""

    def _alive(self, now: float) -> list[_Lease]:
        return [lease for lease in self._leases.values() if lease.is_alive(now)]
