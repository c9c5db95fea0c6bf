"""A thread that cleans up after visitors who left, and the memory of the process. No Streamlit."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import logging
import os
import sys
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import MethodType

_log = logging.getLogger(__name__)

_STATUS = Path("/proc/self/status")

#: What `bound_allocator` sets: the name in the environment, the number in GNU's ``malloc.h``, the
#: value. Number of heaps; bytes from which memory comes straight from the system and goes straight
#: back, more than a camera frame has; free bytes at the end of a heap that are given back; what
#: memory is filled with as it is freed.
_BOUNDS = (
    ("MALLOC_ARENA_MAX", -8, 1),
    ("MALLOC_MMAP_THRESHOLD_", -3, 2**20),
    ("MALLOC_TRIM_THRESHOLD_", -1, 4 * 2**20),
    ("MALLOC_PERTURB_", -6, 0xAA),
)


def resident_bytes(status: Path = _STATUS) -> int | None:
    """Return the bytes of memory that this process has; None where nobody says."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        return 1024 * int(status.read_text().split("VmRSS:")[1].split()[0])
    return None


def trim_memory() -> None:
    """Collect garbage, and give unused memory back to the system where the C library can.

    An allocator keeps what was freed for whoever asks next. After a large picture that is more than
    the pages themselves take.
    """
    gc.collect()
    if library := _gnu_library():
        library.malloc_trim(0)


def bound_allocator(environment: Mapping[str, str] = os.environ) -> list[str]:
    """Have the GNU C library keep less of what was freed, and wipe it; others stay as they are.

    By default it has up to eight heaps for each core, and what is free in one is of no use to
    another; and it raises the size from which memory goes straight back to the system to that of
    what was freed last. After four photographs of up to 24 megapixels the server had 411 MB; with
    these bounds it has 302. One heap is enough: small objects come from Python's own allocator.

    What is freed stays in memory until somebody needs the place. A visitor's file of 400 kB was
    found there long after the tab was closed, up to twice, and some of its pixels.

    Returns the names of the bounds that were set, as far as the operator has not set them.
    """
    library = _gnu_library()
    if library is None:
        return []
    unset = [bound for bound in _BOUNDS if bound[0] not in environment]
    return [name for name, number, value in unset if library.mallopt(number, value)]


@cache
def _gnu_library() -> ctypes.CDLL | None:
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "gnu_get_libc_version") else None


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


class Cleanup:
    """Runs tasks again and again, on a thread of its own. Safe to share between threads.

    A task that fails is logged, and runs again at the next look; the others run all the same. When
    a task has let something go, or much was done, memory is given back to the system, now and then.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], object] = time.sleep,
        worked: Callable[[], float] = time.process_time,
        trim_memory: Callable[[], object] = trim_memory,
    ) -> None:
        self._clock, self._wait, self._worked, self._trim = clock, wait, worked, trim_memory
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
            if not self.running:
                self._thread = threading.Thread(target=self._run, name="cleanup", daemon=True)
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
        went = []
        for task in tasks:
            try:
                went.append(task())
            except Exception:
                _log.exception("A task of the cleanup has failed; it runs again")
        self._looked = now = self._clock()
        if any(went):
            self._times_left = TIMES
        elif self._worked() - self._worked_before >= WORK_SECONDS:
            self._times_left = max(1, self._times_left)
        if self._times_left and now - self._gave_at >= REST_SECONDS:
            self._trim()
            self._times_left -= 1
            self._worked_before, self._gave_at = self._worked(), now

    def _run(self) -> None:
        while True:
            self._wait(LOOK_SECONDS)
            self.look()


#: Of this process. It rests until a server starts it, so that nothing runs on in tests and tools.
CLEANUP = Cleanup()
