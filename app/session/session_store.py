"""Sessions of all visitors, so that a reload of the page finds its own. Does not use Streamlit."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

Session = TypeVar("Session")

#: Seconds for which a session is kept after its tab was last seen open, if a store is not told
#: otherwise: long enough for a reload, and for a phone that shows something else for a while. What
#: a closed tab held is the server's again after three minutes, in which the janitor looks too.
KEEP_SECONDS = 165.0

#: Maximum number of sessions without an open tab; one takes up to 4 MB. The oldest go first.
CAPACITY = 32

#: Random bytes of a key, which nobody can guess.
_KEY_BYTES = 24


@dataclass
class _Kept(Generic[Session]):
    session: Session
    tab: str
    seen: float


class SessionStore(Generic[Session]):
    """Keeps sessions by key. Safe to share between threads.

    A session belongs to one tab. Another tab gets it only after that one has been closed, as it is
    by a reload; a duplicate of an open tab does not.

    Somebody has to call `look` now and then, else nothing goes before the next visitor comes.

    Args:
        is_open: tells whether a tab is open, given its name.
        clock: monotonic clock in seconds.
        keep_seconds: see `KEEP_SECONDS`.
        dropped: is called with each session that is kept no more; must not raise.
    """

    def __init__(
        self,
        is_open: Callable[[str], bool],
        clock: Callable[[], float] = time.monotonic,
        *,
        keep_seconds: float = KEEP_SECONDS,
        dropped: Callable[[Session], None] = lambda session: None,
    ) -> None:
        self._is_open, self._clock = is_open, clock
        self._keep_seconds, self._dropped = keep_seconds, dropped
        self._lock = threading.Lock()
        self._kept: dict[str, _Kept[Session]] = {}

    def __len__(self) -> int:
        with self._lock:
            return len(self._kept)

    def knows(self, key: str) -> bool:
        """Return whether there is a session of a key, whoever's it is."""
        with self._lock:
            self._look()
            return key in self._kept

    def claim(self, key: str, tab: str) -> Session | None:
        """Return the session of a key, which is the tab's from now on.

        None if there is none, if it is too old, or if it belongs to another tab that is open.
        """
        with self._lock:
            self._look()
            kept = self._kept.get(key)
            if kept is None or self._belongs_to_other(kept, tab):
                return None
            kept.tab, kept.seen = tab, self._clock()
            return kept.session

    def is_lost(self, session: Session, tab: str) -> bool:
        """Return whether another tab that is open has claimed a session of this one."""
        with self._lock:
            kept = next((k for k in self._kept.values() if k.session is session), None)
            return kept is not None and self._belongs_to_other(kept, tab)

    def keep(self, session: Session, tab: str) -> str:
        """Keep a tab's session, and return the key that it had, or a new one."""
        with self._lock:
            for key, kept in self._kept.items():
                if kept.session is session:
                    kept.tab, kept.seen = tab, self._clock()
                    return key
            key = secrets.token_urlsafe(_KEY_BYTES)
            self._kept[key] = _Kept(session, tab, self._clock())
            self._look()
            return key

    def look(self) -> bool:
        """Note which tabs are open, drop what is too old or too much, and say if there was any."""
        with self._lock:
            before = len(self._kept)
            self._look()
            return len(self._kept) < before

    def _belongs_to_other(self, kept: _Kept[Session], tab: str) -> bool:
        return kept.tab != tab and self._is_open(kept.tab)

    def _look(self) -> None:
        now = self._clock()
        for kept in self._kept.values():
            if self._is_open(kept.tab):
                kept.seen = now
        closed = sorted(
            (kept.seen, key) for key, kept in self._kept.items() if not self._is_open(kept.tab)
        )
        too_many = max(0, len(closed) - CAPACITY)
        for index, (seen, key) in enumerate(closed):
            if index < too_many or now - seen > self._keep_seconds:
                self._dropped(self._kept.pop(key).session)
