"""The thread that analyses a stream's frames, apart from its video. Does not use Streamlit."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from app.core.priority import STREAM_NICENESS, lower_priority

Frame = TypeVar("Frame")

#: Seconds without a frame after which the thread ends. The next frame starts a new one, so that no
#: thread outlives its stream, however that ended.
IDLE_SECONDS = 5.0

#: By how much `NewestFirst.lately_seconds` falls with each quick analysis. After one that was five
#: times as slow as the others, it needs fifteen.
_DECAY = 0.9


class NewestFirst(Generic[Frame]):
    """Analyses the newest frame whenever it is free, one at a time, on a thread of its own.

    A frame that is still waiting when the next one comes is dropped: results are never late, and
    no queue grows. If the analysis keeps up, no frame is dropped.

    Args:
        analyse: is called on the thread with each frame; must not raise.
        idle_seconds: see `IDLE_SECONDS`.
    """

    def __init__(
        self, analyse: Callable[[Frame], None], idle_seconds: float = IDLE_SECONDS
    ) -> None:
        self._analyse, self._idle_seconds = analyse, idle_seconds
        self._changed = threading.Condition()
        self._waiting: Frame | None = None
        #: Numbers of the last frame that was offered, and of the last one that was analysed.
        self._offered = self._analysed = 0
        self._ending = False
        self._thread: threading.Thread | None = None
        self._lately_seconds = 0.0

    @property
    def lately_seconds(self) -> float:
        """How long the slow ones among the last analyses took; 0 before the first."""
        return self._lately_seconds

    def offer(self, frame: Frame) -> int:
        """Hand over a frame, in the place of one that still waits, and return its number at once.

        Args:
            frame: anything but None.
        """
        with self._changed:
            self._waiting, self._ending = frame, False
            self._offered += 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="live-analysis", daemon=True)
                self._thread.start()
            self._changed.notify_all()
            return self._offered

    def wait_for(self, number: int, seconds: float) -> bool:
        """Wait until a frame, or one that was offered after it, has been analysed.

        Args:
            number: number of the frame.
            seconds: how long to wait at most.

        Returns:
            Whether it has been analysed.
        """
        with self._changed:
            return self._changed.wait_for(lambda: self._analysed >= number, seconds)

    def end(self) -> None:
        """Drop a frame that waits, and end the thread after the analysis that is running."""
        with self._changed:
            self._waiting, self._ending = None, True
            self._changed.notify_all()

    def _run(self) -> None:
        lower_priority(STREAM_NICENESS)
        try:
            self._work()
        finally:  # whatever ended it, the next frame starts another thread
            with self._changed:
                if self._thread is threading.current_thread():
                    self._thread = None

    def _work(self) -> None:
        while (job := self._next()) is not None:
            number, frame = job
            started = time.monotonic()
            self._analyse(frame)
            del job, frame  # a picture must not wait here for the next one
            with self._changed:
                self._analysed = number
                took = time.monotonic() - started
                self._lately_seconds = max(took, _DECAY * self._lately_seconds)
                self._changed.notify_all()

    def _next(self) -> tuple[int, Frame] | None:
        """Wait for a frame and return it with its number; None if the thread is to end."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._waiting is not None or self._ending, self._idle_seconds
            )
            frame, self._waiting = self._waiting, None
            if frame is None:
                # Under the lock, so that the next offer sees that it has to start a thread.
                self._thread = None
                return None
            return self._offered, frame
