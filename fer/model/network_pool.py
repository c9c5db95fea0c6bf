"""Networks of a kind, shared by several threads: each does one thing at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from queue import LifoQueue
from typing import Generic, TypeVar

Network = TypeVar("Network")


class NetworkPool(Generic[Network]):
    """Identical networks, of which a caller borrows a free one, or waits for one."""

    def __init__(self, networks: Sequence[Network]) -> None:
        # Last in, first out: the weights of the last used network are still in the CPU's cache.
        self._free: LifoQueue[Network] = LifoQueue()
        for network in networks:
            self._free.put(network)

    @contextmanager
    def borrow(self) -> Iterator[Network]:
        """Borrow a network for the duration of a ``with`` block."""
        network = self._free.get()
        try:
            yield network
        finally:
            self._free.put(network)
