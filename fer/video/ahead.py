"""Let a thread of its own run ahead of a loop."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from queue import Empty, Full, Queue
from typing import TypeVar

_T = TypeVar("_T")

#: Seconds after which a thread that waits looks whether it is still wanted.
_WAIT = 0.1


@contextmanager
def ahead(items: Iterable[_T], count: int) -> Generator[Iterator[_T], None, None]:
    """Make items on another thread, a few ahead of the loop that uses them.

    The thread has ended when the ``with`` block is left, whether all items were used or not.

    Args:
        items: runs on the other thread only. What it raises is raised in the loop.
        count: most items that wait to be used.
    """
    queue: Queue[tuple[_T | None, BaseException | None]] = Queue(count)
    unwanted = threading.Event()

    def put(item: _T | None, error: BaseException | None) -> None:
        while not unwanted.is_set():
            with suppress(Full):
                return queue.put((item, error), timeout=_WAIT)

    def make() -> None:
        try:
            for item in items:
                put(item, None)
                if unwanted.is_set():
                    return
            put(None, StopIteration())
        except BaseException as error:
            put(None, error)

    def used() -> Iterator[_T]:
        while True:
            item, error = queue.get()
            if isinstance(error, StopIteration):
                return
            if error is not None:
                raise error
            yield item  # type: ignore[misc]

    thread = threading.Thread(target=make, name="ahead", daemon=True)
    thread.start()
    try:
        yield used()
    finally:
        unwanted.set()
        with suppress(Empty):
            while True:
                queue.get_nowait()
        thread.join()
