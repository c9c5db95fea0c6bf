"""Sessions of all visitors, so that a reload of the page finds its own. Does not use Streamlit."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

Session = TypeVar("Session")

#: Name in a page's address of the key to what the server keeps for it.
PARAMETER = "session"

#: Seconds for which a session is kept after its tab was last seen open, if a store is not told
#: otherwise: long enough for a reload, and for a phone that shows something else for a while. What
#: a closed tab held is the server's again after three minutes, in which the cleanup looks too.
KEEP_SECONDS = 165.0

#: Most sessions without an open tab, and the memory that they may take together. Those that hold
#: nothing go first, then the oldest.
CAPACITY, CAPACITY_BYTES = 1000, 512 * 2**20

#: Seconds for which the last key is good after a claim, in the same browser: a tab that is reloaded
#: twice may not have heard of the new one.
KEY_SECONDS = 30.0


@dataclass(eq=False)
class _Kept(Generic[Session]):
    session: Session
    browser: str
    tab: str
    seen: float
    key: str
    last_key: str = ""
    claim_time: float = -float("inf")


class SessionStore(Generic[Session]):
    """Keeps sessions by key. Safe to share between threads.

    A session belongs to one tab. Another tab gets it only after that one has been closed, as it is
    by a reload; a duplicate of an open tab does not. Nor does a tab of another browser, whose
    visitor has been sent the address; and with each claim, the address becomes another one.

    Somebody has to call `look` now and then, else nothing goes before the next visitor comes.
    `dropped` is called with each session that is kept no more, and must not raise; `bytes_of`
    returns the memory that one takes, 0 if losing it is no loss. By default 32 are kept.
    """

    def __init__(
        self,
        is_open: Callable[[str], bool],
        clock: Callable[[], float] = time.monotonic,
        *,
        keep_seconds: float = KEEP_SECONDS,
        dropped: Callable[[Session], None] = lambda session: None,
        bytes_of: Callable[[Session], int] = lambda session: CAPACITY_BYTES // 32,
    ) -> None:
        self._is_open, self._clock = is_open, clock
        self._keep_seconds, self._dropped, self._bytes_of = keep_seconds, dropped, bytes_of
        self._lock = threading.Lock()
        self._kept: list[_Kept[Session]] = []

    def knows(self, key: str, browser: str) -> bool:
        """Return whether a browser has a session of a key, in whichever tab."""
        with self._lock:
            self._look()
            return self._of_key(key, browser) is not None

    def claim(self, key: str, tab: str, browser: str) -> Session | None:
        """Return the session of a key, which is the tab's from now on, and has another key.

        None if there is none, if it is too old, or if it belongs to another browser, or to another
        tab that is open.
        """
        with self._lock:
            self._look()
            kept = self._of_key(key, browser)
            if kept is None or self._belongs_to_other(kept, tab):
                return None
            kept.tab, kept.seen = tab, self._clock()
            kept.key, kept.last_key, kept.claim_time = _new_key(), key, kept.seen
            return kept.session

    def is_lost(self, session: Session, tab: str) -> bool:
        """Return whether another tab that is open has claimed a session of this one."""
        with self._lock:
            kept = next((k for k in self._kept if k.session is session), None)
            return kept is not None and self._belongs_to_other(kept, tab)

    def keep(self, session: Session, tab: str, browser: str) -> str:
        """Keep a tab's session, and return its key."""
        with self._lock:
            for kept in self._kept:
                if kept.session is session:
                    kept.browser, kept.tab, kept.seen = browser, tab, self._clock()
                    return kept.key
            kept = _Kept(session, browser, tab, self._clock(), _new_key())
            self._kept.append(kept)
            self._look()
            return kept.key

    def look(self) -> bool:
        """Note which tabs are open, drop what is too old or too much, and say if there was any."""
        with self._lock:
            before = len(self._kept)
            self._look()
            return len(self._kept) < before

    def _of_key(self, key: str, browser: str) -> _Kept[Session] | None:
        for kept in self._kept:
            late = self._clock() - kept.claim_time > KEY_SECONDS
            known = (kept.key,) if late else (kept.key, kept.last_key)
            if kept.browser == browser and key in known:
                return kept
        return None

    def _belongs_to_other(self, kept: _Kept[Session], tab: str) -> bool:
        return kept.tab != tab and self._is_open(kept.tab)

    def _look(self) -> None:
        now = self._clock()
        closed: list[tuple[_Kept[Session], int]] = []
        for kept in self._kept:
            if self._is_open(kept.tab):
                kept.seen = now
            else:
                closed.append((kept, self._bytes_of(kept.session)))
        closed.sort(key=lambda one: (one[1] > 0, one[0].seen))
        number, total = len(closed), sum(size for _, size in closed)
        for kept, size in closed:
            if (
                number > CAPACITY
                or (size and total > CAPACITY_BYTES)
                or now - kept.seen > self._keep_seconds
            ):
                self._kept.remove(kept)
                self._dropped(kept.session)
                number, total = number - 1, total - size


def _new_key() -> str:
    return secrets.token_urlsafe(24)  # bytes that nobody can guess
