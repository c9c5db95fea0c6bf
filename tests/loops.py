"""Coroutines, run where a test is not asynchronous."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")


@contextmanager
def no_other_loop() -> Iterator[None]:
    """Let a loop run on the main thread.

    Once a test of this process has opened a browser, a loop of the browser's rests there until the
    end of all tests, and a second one would be refused.
    """
    other = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    try:
        yield
    finally:
        asyncio._set_running_loop(other)


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Return what a coroutine returns, on the main thread, where signals are."""
    with no_other_loop():
        return asyncio.run(coroutine)
