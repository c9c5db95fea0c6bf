"""One thread that tidies up after all visitors, whoever is there. Does not use Streamlit."""

from __future__ import annotations

import logging
import threading
import time
import weakref
from collections.abc import Callable
from types import MethodType

from app.housekeeping.process_memory import give_back

_log = logging.getLogger(__name__)

#: Seconds between two looks, and thus the error of every time after which something goes.
LOOK_SECONDS = 5.0

#: Seconds of processor time after which garbage is collected even if nobody has left: whoever works
#: makes some.
WORK_SECONDS = 10.0

#: Least seconds between two times at which memory is given back. Collecting takes more than a tenth
#: of a second, in which nothing else runs, no stream either, and on a busy server somebody always
#: leaves.
REST_SECONDS = 15.0

#: How often memory is given back after something went: threads and connections that have to do with
#: it end a little later.
TIMES = 2

#: Returns whether it has let something go.
Task = Callable[[], bool]


class Janitor:
    """Runs tasks again and again, on a thread of its own. Safe to share between threads.

    A task that fails is logged, and runs again at the next look; the others run all the same. When
    a task has let something go, or much was done, memory is given back to the system, now and then.

    Args:
        clock: monotonic clock in seconds.
        wait: waits for so many seconds.
        worked: seconds of processor time of this process.
        give_back: gives memory back.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], object] = time.sleep,
        worked: Callable[[], float] = time.process_time,
        give_back: Callable[[], object] = give_back,
    ) -> None:
        self._clock, self._wait, self._worked, self._give_back = clock, wait, worked, give_back
        self._worked_before, self._times_left, self._gave_at = worked(), 0, float("-inf")
        self._lock = threading.Lock()
        self._tasks: list[Callable[[], Task | None]] = []
        self._thread: threading.Thread | None = None
        self._looked: float | None = None

    def add(self, task: Task) -> None:
        """Run a task at every look, from the next one on.

        The method of an object goes with the object, which is not kept for it.
        """
        found = weakref.WeakMethod(task) if isinstance(task, MethodType) else lambda: task
        with self._lock:
            self._tasks.append(found)

    def start(self) -> None:
        """Start the thread, unless it runs. It ends with the process."""
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="janitor", daemon=True)
                self._thread.start()

    @property
    def running(self) -> bool:
        """Whether the thread runs."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def idle_seconds(self) -> float | None:
        """Seconds since the last look; None before the first."""
        return None if self._looked is None else self._clock() - self._looked

    def look(self) -> None:
        """Run all tasks once."""
        with self._lock:
            self._tasks = [found for found in self._tasks if found()]
            tasks = [task for found in self._tasks if (task := found())]
        went = [self._try(task) for task in tasks]
        self._looked = now = self._clock()
        if any(went):
            self._times_left = TIMES
        elif self._worked() - self._worked_before >= WORK_SECONDS:
            self._times_left = max(1, self._times_left)
        if self._times_left and now - self._gave_at >= REST_SECONDS:
            self._give_back()
            self._times_left -= 1
            self._worked_before, self._gave_at = self._worked(), now

    @staticmethod
    def _try(task: Task) -> bool:
        try:
            return task()
        except Exception:
            _log.exception("A task of the janitor has failed; it runs again")
            return False

    def _run(self) -> None:
        while True:
            self._wait(LOOK_SECONDS)
            self.look()


#: Of this process. It rests until a server starts it, so that nothing runs on in tests and tools.
JANITOR = Janitor()
