"""Work in the background, in so many threads for the whole server. Does not use Streamlit."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from enum import Enum, auto
from typing import Any, Generic, TypeVar

from app.core.priority import lower_priority, usable_cores
from app.core.settings import Setting
from fer.errors import FerError

_log = logging.getLogger(__name__)

Result = TypeVar("Result")

#: By how much a job's thread lets all others go first, so that pages and live streams stay quick
#: beside it.
_NICENESS = 10

#: Seconds for which an ending server waits for its jobs.
CLOSE_SECONDS = 5.0

#: Asked by work in progress: whether nobody waits for it any more.
Cancelled = Callable[[], bool]


def max_jobs(
    setting: Setting, settings: Mapping[str, str] = os.environ, cores: int | None = None
) -> int:
    """Return how many jobs run at once: as set, or one per two cores; ValueError if set wrongly."""
    usual = max(1, int(cores or usable_cores()) // 2)
    return setting.number(settings, usual)


class State(Enum):
    """Where a job stands."""

    WAITING = auto()
    RUNNING = auto()
    DONE = auto()
    FAILED = auto()
    CANCELLED = auto()


class Job(Generic[Result]):
    """One piece of work, and what became of it. Safe to share between threads.

    The work is done on a thread of its own; it asks often whether it was cancelled, and then may
    return or raise anything. `after` is called when nothing of it runs any more.
    """

    def __init__(
        self, work: Callable[[Cancelled], Result], after: Callable[[], None] = lambda: None
    ) -> None:
        self._work, self._after = work, after
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self.state = State.WAITING
        self.result: Result | None = None
        self.error: Exception | None = None

    @property
    def active(self) -> bool:
        """Whether something may still become of it."""
        return self.state in (State.WAITING, State.RUNNING)

    def cancel(self) -> None:
        """End it at once, as far as anybody can see; its thread stops as soon as it asks."""
        with self._lock:
            if not self.active:
                return
            waited = self.state is State.WAITING
            self.state = State.CANCELLED
        if waited:
            self._end()

    def cancelled(self) -> bool:
        """Return whether it was cancelled."""
        return self.state is State.CANCELLED

    def wait(self, seconds: float) -> bool:
        """Wait until nothing of it runs any more; return False if that takes longer."""
        return self._ended.wait(seconds)

    def run(self, problem: Exception | None = None) -> None:
        """Do the work, on the thread that calls, or fail with a problem that it cannot be done for.

        Never raises.
        """
        with self._lock:
            if self.state is not State.WAITING:
                return
            self.state = State.RUNNING
        result: Result | None = None
        try:
            result = self._work(self.cancelled) if problem is None else None
        except Exception as error:
            problem = error
        except BaseException as error:  # its thread was told to end, as by `sys.exit`
            problem = RuntimeError(f"the thread of a job was ended by {type(error).__name__}")
        with self._lock:
            counts = not self.cancelled()
            if counts:
                self.state = State.FAILED if problem else State.DONE
                self.result, self.error = result, problem
        if problem and counts and not isinstance(problem, FerError):  # those are for the visitor
            _log.error("a job failed", exc_info=problem)
        self._end()

    def _end(self) -> None:
        try:
            self._after()
        except Exception:
            _log.exception("what should follow a job failed")
        self._ended.set()


class Jobs:
    """Runs so many jobs at once, the others wait in order. Safe to share between threads.

    Its threads let all others go first, by their niceness.
    """

    def __init__(self, places: int, *, niceness: int = _NICENESS) -> None:
        self.places, self._niceness = places, niceness
        self._lock = threading.Lock()
        self._waiting: list[Job[Any]] = []
        self._running: set[Job[Any]] = set()
        self._closed = False

    def start(self, job: Job[Any]) -> None:
        """Run a job as soon as there is a place."""
        with self._lock:
            if self._closed:
                job.cancel()
                return
            self._waiting.append(job)
        self._fill()

    def ahead_of(self, job: Job[Any]) -> int:
        """Return how many jobs wait before this one."""
        with self._lock:
            waiting = [one for one in self._waiting if one.active]
            return waiting.index(job) if job in waiting else 0

    def close(self, seconds: float = CLOSE_SECONDS) -> None:
        """Cancel all jobs, take no more, and wait for those that run."""
        with self._lock:
            self._closed = True
            jobs = [*self._waiting, *self._running]
        for job in jobs:
            job.cancel()
        end = time.monotonic() + seconds
        for job in jobs:
            job.wait(max(0.0, end - time.monotonic()))

    def _fill(self) -> None:
        failed: list[tuple[Job[Any], Exception]] = []
        with self._lock:
            self._waiting = [job for job in self._waiting if job.active]
            while self._waiting and len(self._running) < self.places:
                job = self._waiting.pop(0)
                self._running.add(job)
                thread = threading.Thread(target=self._run, args=(job,), name="job", daemon=True)
                try:
                    thread.start()
                except RuntimeError as error:  # the system has no more threads
                    self._running.discard(job)
                    failed.append((job, error))
        for job, problem in failed:
            job.run(problem)

    def _run(self, job: Job[Any]) -> None:
        lower_priority(self._niceness)
        try:
            job.run()
        finally:
            with self._lock:
                self._running.discard(job)
            self._fill()
