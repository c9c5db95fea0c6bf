"""A device's clock, as the server's session has it. Does not use Streamlit."""

from __future__ import annotations

import math
from collections import deque

#: Seconds by which messages may be quicker on the way than the one by which the clock was set.
_QUICKER = 0.25

#: Seconds by which a device's clock must be behind, in so many messages one after another, to be
#: set: it stands still while a computer sleeps. One message may be as late for other reasons.
_BEHIND, _MESSAGES = 3.0, 6

#: How fast time goes, as a share, where it must not go backwards; and after how many seconds of it
#: no difference to the frame before is made any more.
_SLOWLY, _GAP = 0.5, 1.0

#: Seconds before which nothing can have been that comes now: browsers keep nothing for so long.
_OLDEST = 3600.0


class RunClock:
    """Tells when something was on the session's clock that was at a time on a device's clock.

    The two are brought together by the first message: what was sent now was made now. After that,
    what is late keeps its time. Only if a message was quicker than the first one, or one of the
    clocks has jumped, is it done again; and time never goes backwards.
    """

    def __init__(self) -> None:
        self._offset = math.inf
        self._now = 0.0
        self._late: deque[float] = deque(maxlen=_MESSAGES)
        #: The last time that was asked for, on both clocks.
        self._last: tuple[float, float] | None = None

    def hear(self, sent: float, now: float) -> None:
        """Note when a message came.

        Args:
            sent: when it was sent, on the device's clock.
            now: the time on the session's clock.
        """
        self._now = now
        late = now - (sent + self._offset)
        self._late.append(late)
        if late < -_QUICKER:
            self._set(now - sent)
        elif len(self._late) == _MESSAGES and min(self._late) > _BEHIND:
            self._set(self._offset + min(self._late))

    def _set(self, offset: float) -> None:
        self._offset = offset
        self._late.clear()

    def __call__(self, seconds: float) -> float:
        """Return the session's time of the next frame, by that of the device.

        Args:
            seconds: time of a frame of the messages that came.
        """
        here = max(seconds + self._offset, self._now - _OLDEST)
        if self._last is not None:
            there_before, here_before = self._last
            passed = min(max(seconds - there_before, 0.0), _GAP)
            here = max(here, here_before + _SLOWLY * passed)
        self._last = seconds, here
        return here
