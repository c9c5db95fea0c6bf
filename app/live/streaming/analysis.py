"""The thread that analyses a stream's frames, apart from its video. Does not use Streamlit."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from app.core.priority import STREAM_NICENESS, lower_priority

#: Seconds without a frame after which the thread ends. The next frame starts a new one, so that no
#: thread outlives its stream, however that ended.
IDLE_SECONDS = 5.0

#: By how much `NewestFirst.lately_seconds` falls with each quick analysis. After one that was five
#: times as slow as the others, it needs fifteen.
_DECAY = 0.9


class NewestFirst:
    """Does the newest analysis whenever it is free, one at a time, on a thread of its own.

    One that is still waiting when the next one comes is dropped: results are never late, and no
    queue grows. If the thread keeps up, none is dropped.

    Args:
        idle_seconds: see `IDLE_SECONDS`.

    Attributes:
        lately_seconds: how long the slow ones among the last analyses took; 0 before the first.
    """

    def __init__(self, idle_seconds: float = IDLE_SECONDS) -> None:
        self.lately_seconds = 0.0
        self._idle_seconds = idle_seconds
        self._changed = threading.Condition()
        self._waiting: Callable[[], object] | None = None
        #: Numbers of the last analysis that was offered, and of the last one that was done.
        self._offered = self._done = 0
        self._ending = False
        self._thread: threading.Thread | None = None

    def offer(self, analyse: Callable[[], object], *, wait_seconds: float = 0.0) -> bool:
        """Hand over an analysis, in the place of one that still waits.

        Args:
            analyse: is called on the thread; must not raise.
            wait_seconds: how long to wait at most until it, or a later one, has been done.

        Returns:
            Whether it has been done.
        """
        with self._changed:
            self._waiting, self._ending = analyse, False
            self._offered = number = self._offered + 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="live-analysis", daemon=True)
                self._thread.start()
            self._changed.notify_all()
            return self._changed.wait_for(lambda: self._done >= number, wait_seconds)

    def end(self) -> None:
        """Drop an analysis that waits, and end the thread after the one that is running."""
        with self._changed:
            self._waiting, self._ending = None, True
            self._changed.notify_all()

    def _run(self) -> None:
        lower_priority(STREAM_NICENESS)
        try:
            while self._work():
                pass
        finally:  # whatever ended it, the next analysis starts another thread
            with self._changed:
                if self._thread is threading.current_thread():
                    self._thread = None

    def _work(self) -> bool:
        """Wait for an analysis and do it; return whether there was one."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._ending, self._idle_seconds)
            analyse, self._waiting, number = self._waiting, None, self._offered
            if analyse is None:
                # Under the lock, so that the next offer sees that it has to start a thread.
                self._thread = None
                return False
        started = time.monotonic()
        analyse()
        del analyse  # with its picture, which must not wait here for the next one
        with self._changed:
            self._done = number
            took = time.monotonic() - started
            self.lately_seconds = max(took, _DECAY * self.lately_seconds)
            self._changed.notify_all()
        return True
