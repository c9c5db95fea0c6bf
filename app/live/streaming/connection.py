"""Where a live stream stands: what the browser says, and whether frames come. No streamlit here."""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import Enum, auto

#: Seconds after which a connection takes long: nearly all stand in three.
SLOW_SECONDS = 10.0

#: Seconds without a frame after which a running stream has stopped.
STALLED_SECONDS = 5.0

#: Seconds within which a visitor who stops a connection that never stood has changed their mind;
#: later, it has failed.
_CHANGED_MIND_SECONDS = 4.0


class Phase(Enum):
    """Where a stream stands."""

    IDLE = auto()
    CONNECTING = auto()
    SLOW = auto()
    LIVE = auto()
    STALLED = auto()
    FAILED = auto()

    @property
    def active(self) -> bool:
        """Whether the browser is connected, or tries to be."""
        return self not in (Phase.IDLE, Phase.FAILED)

    @property
    def troubled(self) -> bool:
        """Whether the visitor needs another way."""
        return self in (Phase.SLOW, Phase.STALLED, Phase.FAILED)


class Connection:
    """Follows one visitor's attempts to connect.

    Args:
        clock: seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since: float | None = None
        self._seen = 0.0
        self._stood = False
        self._failed = False

    def observe(self, active: bool, silent_for: float) -> Phase:
        """Return where the stream stands now.

        Args:
            active: the browser is connected, or tries to be.
            silent_for: seconds since the last frame, of this attempt or of an earlier one.
        """
        if not active:
            return self._idle()
        self._seen = now = self._clock()
        if self._since is None:
            self._since, self._stood, self._failed = now, False, False
        waited = now - self._since
        self._stood = self._stood or silent_for < waited
        if self._stood:
            return Phase.LIVE if silent_for < STALLED_SECONDS else Phase.STALLED
        return Phase.CONNECTING if waited < SLOW_SECONDS else Phase.SLOW

    def _idle(self) -> Phase:
        if self._since is not None:
            # Until it was last seen: who leaves the page ends the attempt, and comes back later.
            tried = self._seen - self._since
            self._failed = not self._stood and tried > _CHANGED_MIND_SECONDS
            self._since = None
        return Phase.FAILED if self._failed else Phase.IDLE
