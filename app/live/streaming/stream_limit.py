"""The limit on simultaneous live streams of all visitors. Does not use Streamlit."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from weakref import WeakKeyDictionary, WeakSet

from app.core.priority import usable_cores
from app.core.server.events import log_event
from app.core.settings import MAX_STREAMS, MAX_STREAMS_A_VISITOR

#: A stream of 15 frames a second takes about half a core for decoding, analysis and encoding. A
#: server with less has no place for one: visitors' own devices analyse, and its pages stay usable.
STREAMS_PER_CORE = 2

#: Seconds without a frame after which a slot becomes free, for tabs that closed without notice.
#: Who waits for one looks every two seconds, so a closed tab's slot is free for others within ten.
#: A page that is still connecting renews its slot every second.
STALE_SECONDS = 5.0

#: Seconds from which on a lease is logged as a stream. A page that starts one takes and leaves a
#: slot a few times before.
_COUNTS_SECONDS = 1.0


def max_streams(settings: Mapping[str, str], cores: float | None = None) -> int:
    """Return the maximum number of simultaneous streams.

    Args:
        settings: environment variables and secrets; may contain `MAX_STREAMS`.
        cores: number of CPU cores; those that this server may use if None.

    Raises:
        ValueError: the setting is not a whole number of at least 0.
    """
    usual = int(STREAMS_PER_CORE * (usable_cores() if cores is None else cores))
    return MAX_STREAMS.number(settings, usual)


def max_streams_of_visitor(settings: Mapping[str, str]) -> int:
    """Return the maximum number of simultaneous streams of one visitor.

    Raises:
        ValueError: the setting `MAX_STREAMS_A_VISITOR` is not a whole number of at least 0.
    """
    return MAX_STREAMS_A_VISITOR.number(settings)


class StreamLimit:
    """The slots for streams. Safe to share between threads.

    A slot is a lease: its holder must call `hold` again for every frame. It loses its slot after
    `STALE_SECONDS` without a call, or when it is garbage-collected.

    Args:
        slots: number of slots.
        clock: monotonic clock in seconds.
        of_visitor: number of slots that one visitor may hold; any number if None.
    """

    def __init__(
        self,
        slots: int,
        clock: Callable[[], float] = time.monotonic,
        of_visitor: int | None = None,
    ) -> None:
        self.slots, self.of_visitor = slots, of_visitor
        self._clock = clock
        self._lock = threading.Lock()
        # Weak references, so that a deleted session releases its slot.
        self._held: WeakKeyDictionary[object, float] = WeakKeyDictionary()
        self._since: WeakKeyDictionary[object, float] = WeakKeyDictionary()
        self._visitors: WeakKeyDictionary[object, str] = WeakKeyDictionary()
        self._turned_away: WeakSet[object] = WeakSet()
        self._counted: WeakSet[object] = WeakSet()
        self._looked = 0

    def belongs(self, holder: object, visitor: str) -> None:
        """Note whose stream it is. A holder of which nothing is noted is a visitor by itself.

        Args:
            holder: the stream.
            visitor: tells the visitor from others.
        """
        with self._lock:
            self._visitors[holder] = visitor

    def hold(self, holder: object) -> bool:
        """Take a slot, or keep the one that is held; return False if all are taken."""
        with self._lock:
            now = self._clock()
            if reason := self._refusal(holder, now):
                if holder not in self._turned_away:  # who waits asks again for every frame
                    self._turned_away.add(holder)
                    log_event("stream_refused", reason=reason)
                return False
            if holder not in self._alive(now):
                self._since[holder] = now
                self._counted.discard(holder)
            elif holder not in self._counted and now - self._since[holder] >= _COUNTS_SECONDS:
                self._counted.add(holder)
                log_event("stream_started")
            self._held[holder] = now
            self._turned_away.discard(holder)
            return True

    def leave(self, holder: object) -> None:
        """Release the holder's slot, if it has one."""
        with self._lock:
            if holder in self._held:
                self._end(holder, self._clock())

    def refusal(self, holder: object) -> str:
        """Return why `hold` would fail: a word of `app.core.server.events`; "" if it would not.

        It is "off" if there are no slots, "visitor" if the visitor's own other streams have as many
        as one may hold, and "full" if all are taken.
        """
        with self._lock:
            return self._refusal(holder, self._clock())

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
            for silent in set(self._held) - self._alive(now):
                self._end(silent, self._held[silent])
        before, self._looked = self._looked, self.taken
        return self._looked < before

    def _refusal(self, holder: object, now: float) -> str:
        alive = self._alive(now)
        if holder in alive:
            return ""
        if not self.slots:
            return "off"
        visitor = self._visitors.get(holder)
        own = sum(visitor is not None and self._visitors.get(h) == visitor for h in alive)
        if self.of_visitor is not None and own >= self.of_visitor:
            return "visitor"
        return "full" if len(alive) >= self.slots else ""

    def _end(self, holder: object, at: float) -> None:
        del self._held[holder]
        if holder in self._counted:
            self._counted.discard(holder)
            log_event("stream_ended", seconds=at - self._since[holder])

    def _alive(self, now: float) -> set[object]:
        return {h for h, seen in self._held.items() if now - seen < STALE_SECONDS}
