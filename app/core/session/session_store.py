"""What is kept of all visitors, so that a reload of any page finds it. Does not use Streamlit."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

#: Name in a page's address of the key to what the server keeps for it, the same on all pages.
PARAMETER = "session"

#: Seconds for which a session is kept after its tab was last seen open, if nothing else is said:
#: long enough for a reload, and for a phone that shows something else for a while. What a closed
#: tab held is the server's again after three minutes, in which the cleanup looks too.
KEEP_SECONDS = 165.0

#: Most sessions without an open tab, and the memory that they may take together. Those that hold
#: nothing go first, then the oldest.
CAPACITY, CAPACITY_BYTES = 1000, 512 * 2**20

#: Seconds for which the last key is good after a claim, in the same browser: a tab that is reloaded
#: twice may not have heard of the new one.
KEY_SECONDS = 30.0


def _new_key() -> str:
    return secrets.token_urlsafe(24)  # bytes that nobody can guess


@dataclass(frozen=True, eq=False)
class Kept:
    """A page's session, and how it is kept.

    Attributes:
        bytes_of: returns the memory that the session takes, 0 if losing it is no loss.
        dropped: is called with the session once it is kept no more; must not raise.
        keep_seconds: seconds for which it is kept after its tab was last seen open.
    """

    session: Any
    bytes_of: Callable[[Any], int] = lambda session: CAPACITY_BYTES // 32
    dropped: Callable[[Any], None] = lambda session: None
    keep_seconds: float = KEEP_SECONDS


@dataclass(eq=False)
class Visitor:
    """What is kept of one browser tab: a session for each page that was visited, by name."""

    browser: str = ""
    tab: str = ""
    seen: float = -float("inf")
    key: str = field(default_factory=_new_key)
    last_key: str = ""
    claim_time: float = -float("inf")
    sessions: dict[str, Kept] = field(default_factory=dict)


class SessionStore:
    """Keeps visitors by key. Safe to share between threads.

    A visitor belongs to one tab. Another tab gets it only after that one has been closed, as it is
    by a reload; a duplicate of an open tab does not. Nor does a tab of another browser, whose
    visitor has been sent the address; and with each claim, the address becomes another one.

    Somebody has to call `look` now and then, else nothing goes before the next visitor comes.
    A visitor without a session is kept for `keep_seconds` after its tab was last seen open.
    """

    def __init__(
        self,
        is_open: Callable[[str], bool],
        clock: Callable[[], float] = time.monotonic,
        *,
        keep_seconds: float = KEEP_SECONDS,
    ) -> None:
        self._is_open = is_open
        self._clock = clock
        self._keep_seconds = keep_seconds
        self._lock = threading.Lock()
        self._visitors: list[Visitor] = []

    def knows(self, key: str, browser: str) -> bool:
        """Return whether a browser has a visitor of a key, in whichever tab."""
        with self._lock:
            self._look()
            return self._of_key(key, browser) is not None

    def claim(self, key: str, tab: str, browser: str) -> Visitor | None:
        """Return the visitor of a key, which is the tab's from now on, and has another key.

        None if there is none, if it is too old, or if it belongs to another browser, or to another
        tab that is open.
        """
        with self._lock:
            self._look()
            visitor = self._of_key(key, browser)
            if visitor is None or self._belongs_to_other(visitor, tab):
                return None
            visitor.tab = tab
            visitor.seen = visitor.claim_time = self._clock()
            visitor.last_key = key
            visitor.key = _new_key()
            return visitor

    def is_lost(self, visitor: Visitor, tab: str) -> bool:
        """Return whether another tab that is open has claimed the visitor of this one."""
        with self._lock:
            return visitor in self._visitors and self._belongs_to_other(visitor, tab)

    def keep(self, visitor: Visitor, tab: str, browser: str) -> str:
        """Keep a tab's visitor, and return its key."""
        with self._lock:
            visitor.tab = tab
            visitor.browser = browser
            visitor.seen = self._clock()
            if visitor not in self._visitors:
                self._visitors.append(visitor)
                self._look()
            return visitor.key

    def get(self, visitor: Visitor, name: str) -> Any | None:
        """Return a visitor's session of a name; None if there is none, or it was dropped."""
        with self._lock:
            kept = visitor.sessions.get(name)
            return kept.session if kept else None

    def put(self, visitor: Visitor, name: str, kept: Kept) -> None:
        """Keep a session with a visitor, in the place of the one of that name."""
        with self._lock:
            visitor.sessions[name] = kept

    def look(self) -> bool:
        """Note which tabs are open, drop what is too old or too much, and say if there was any."""
        with self._lock:
            return self._look()

    def _of_key(self, key: str, browser: str) -> Visitor | None:
        for visitor in self._visitors:
            late = self._clock() - visitor.claim_time > KEY_SECONDS
            known = (visitor.key,) if late else (visitor.key, visitor.last_key)
            if visitor.browser == browser and key in known:
                return visitor
        return None

    def _belongs_to_other(self, visitor: Visitor, tab: str) -> bool:
        return visitor.tab != tab and self._is_open(visitor.tab)

    def _look(self) -> bool:
        now = self._clock()
        closed: list[Visitor] = []
        for visitor in self._visitors:
            if self._is_open(visitor.tab):
                visitor.seen = now
            else:
                closed.append(visitor)
        closed.sort(key=lambda visitor: visitor.seen)
        empty = [visitor for visitor in closed if not visitor.sessions]
        dropped = self._drop_sessions(closed, now)
        for index, visitor in enumerate(empty):
            too_many = len(empty) - index > CAPACITY
            if too_many or now - visitor.seen > self._keep_seconds:
                self._visitors.remove(visitor)
                dropped = True
        return dropped

    def _drop_sessions(self, closed: Sequence[Visitor], now: float) -> bool:
        """Drop sessions of closed tabs that are too old or too much, and whoever has none left.

        Return whether there was any. The tabs that were closed first come first.
        """
        sizes: list[tuple[int, Visitor, str]] = []
        for visitor in closed:
            for name, kept in visitor.sessions.items():
                sizes.append((kept.bytes_of(kept.session), visitor, name))
        sizes.sort(key=lambda one: one[0] > 0)  # stable: by age among those that hold something
        number = len(sizes)
        total = sum(size for size, _, _ in sizes)
        for size, visitor, name in sizes:
            kept = visitor.sessions[name]
            too_much = number > CAPACITY or (size > 0 and total > CAPACITY_BYTES)
            if too_much or now - visitor.seen > kept.keep_seconds:
                del visitor.sessions[name]
                kept.dropped(kept.session)
                number -= 1
                total -= size
                if not visitor.sessions:
                    self._visitors.remove(visitor)
        return number < len(sizes)
