"""The results of a collection, as they come. Does not use Streamlit."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Generic, TypeVar

from app.background.jobs import Cancelled
from app.collection.archive import Candidate, RefusedError
from app.collection.entry import Entry, Missing
from app.collection.item import Item, digest, read_item
from app.photo.store import Analyzer

#: What a guess of the time that is left must rest on: photos, and seconds.
_KNOWN_PHOTOS, _KNOWN_SECONDS = 3, 2.0


Read = TypeVar("Read", bound=Entry)


class Collection(Generic[Read]):
    """The files of a collection and what became of each. Safe to share between threads.

    Args:
        title: name of the folder or the archive.
        names: of all files that get a result, in their order.
        system: number of system files beside them, which get none.
        unread: makes the entry of a file that was not read, of its name, the reason, a number and
            what it counts as.
        added: is called with each entry that is added.
        clock: monotonic clock in seconds.
    """

    def __init__(
        self,
        title: str,
        names: Sequence[str],
        system: int = 0,
        *,
        unread: Callable[..., Read],
        added: Callable[[Read], None] = lambda entry: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.title, self.system = title, system
        self.unread, self._added = unread, added
        self._names = tuple(names)
        self._clock = clock
        self._lock = threading.Lock()
        self._items: list[Read] = []
        self._refused: list[Read] = []
        self._closed = False
        self._began: float | None = None
        self._analysed = 0
        self._took = 0.0

    def __len__(self) -> int:
        return len(self._names) + len(self._refused)

    @property
    def items(self) -> tuple[Read, ...]:
        """What is done so far, in the order of the files."""
        with self._lock:
            return (*self._refused, *self._items)

    @property
    def size(self) -> int:
        """Bytes of all pictures."""
        return sum(item.size for item in self.items)

    @property
    def speed(self) -> float:
        """Photos analysed a second; 0 while nobody knows."""
        with self._lock:
            known = self._analysed >= _KNOWN_PHOTOS and self._took >= _KNOWN_SECONDS
            return self._analysed / self._took if known else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Guess of the seconds until all is done; None while there is none."""
        speed = self.speed
        return (len(self) - len(self.items)) / speed if speed else None

    def begin(self) -> None:
        """Note that the analysis begins."""
        self._began = self._clock()

    def add(self, item: Read, *, analysed: bool = True) -> None:
        """Add the next result; nothing if the analysis was ended meanwhile.

        Args:
            item: the result.
            analysed: whether it took an analysis, from which the speed is known.
        """
        with self._lock:
            if not self._closed:
                self._items.append(replace(item, number=len(self._items)))
                self._added(self._items[-1])
                self._analysed += analysed
                self._took = self._clock() - (self._began or self._clock())

    def refuse(self, items: Sequence[Read]) -> None:
        """Add files that never came, of which the visitor's browser tells after the others."""
        with self._lock:
            start = len(self._refused) + 1
            self._refused += [replace(item, number=-n) for n, item in enumerate(items, start)]

    def close(self, reason: str, missing: Missing = Missing.NOT_READ) -> None:
        """End the analysis; what is not done gets a reason instead of a result.

        Args:
            reason: see `Entry.error`.
            missing: what the files count as.
        """
        with self._lock:
            if not self._closed:
                self._closed = True
                rest = self._names[len(self._items) :]
                start = len(self._items)
                self._items += [
                    self.unread(name, reason, number=n, missing=missing)
                    for n, name in enumerate(rest, start)
                ]


def read_all(
    collection: Collection[Read],
    candidates: Sequence[Candidate],
    read: Callable[[Candidate, bytes], tuple[Read, bool]],
    cancelled: Cancelled,
) -> None:
    """Read all files of a collection.

    Args:
        collection: gets the results.
        candidates: its files, in its order.
        read: makes an entry of a file and its contents, and says whether that took an analysis.
        cancelled: asked before each file whether to stop.
    """
    collection.begin()
    for candidate in candidates:
        if cancelled():
            return
        try:
            if candidate.reason:
                raise RefusedError(candidate.reason)
            data = candidate.read()
        except RefusedError as error:
            collection.add(collection.unread(candidate.name, str(error)), analysed=False)
            continue
        entry, analysed = read(candidate, data)
        collection.add(entry, analysed=analysed)


def item_reader(
    analyzer: Analyzer, heads: Sequence[str]
) -> Callable[[Candidate, bytes], tuple[Item, bool]]:
    """Return what reads a photograph for `read_all`, each content once.

    Args:
        analyzer: detects and classifies the faces.
        heads: names of the heads that answer.
    """
    known: dict[bytes, Item] = {}

    def read(candidate: Candidate, data: bytes) -> tuple[Item, bool]:
        key = digest(data)
        again = key in known
        if not again:
            known[key] = read_item(candidate.name, data, analyzer, heads)
        return replace(known[key], name=candidate.name), not again

    return read
