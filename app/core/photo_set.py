"""A set of photographs that are read one after the other. Does not use Streamlit."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from app.core.jobs import Cancelled
from app.core.photo import Missing, Photo
from app.core.text import left
from app.core.uploads import Candidate, Files, RefusedError

#: What a guess of the time that is left must rest on: photos, and seconds.
_KNOWN_PHOTOS, _KNOWN_SECONDS = 3, 2.0

#: Reads a file and its contents, and says whether that took an analysis.
Read = Callable[[Candidate, bytes], tuple[Photo, bool]]


class PhotoSet:
    """The files of a set and what became of each. Safe to share between threads.

    Args:
        files: all files that get a result, in their order.
        added: is called with each photo that is added.
        clock: monotonic clock in seconds.
    """

    def __init__(
        self,
        files: Files,
        *,
        added: Callable[[Photo], None] = lambda photo: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.title, self.system = files.title, files.system
        self._added, self._clock = added, clock
        self._names = tuple(candidate.name for candidate in files.candidates)
        self._lock = threading.Lock()
        self._photos: list[Photo] = []
        self._refused: list[Photo] = []
        self._closed = False
        self._began = clock()
        self._analysed = 0
        self._took = 0.0

    def __len__(self) -> int:
        return len(self._names) + len(self._refused)

    @property
    def photos(self) -> tuple[Photo, ...]:
        """What is done so far, in the order of the files."""
        with self._lock:
            return (*self._refused, *self._photos)

    @property
    def size(self) -> int:
        """Bytes of all pictures."""
        return sum(photo.size for photo in self.photos)

    @property
    def speed(self) -> float:
        """Photos analysed a second; 0 while nobody knows."""
        with self._lock:
            known = self._analysed >= _KNOWN_PHOTOS and self._took >= _KNOWN_SECONDS
            return self._analysed / self._took if known else 0.0

    @property
    def progress(self) -> str:
        """How far the analysis is, how fast, and how long it will take."""
        done, speed = len(self.photos), self.speed
        parts = [f"{done:,} of {len(self):,}"]
        if speed:
            parts += [f"{speed:.1f} photos a second", left((len(self) - done) / speed)]
        return " · ".join(parts)

    def read(self, candidates: Sequence[Candidate], read: Read, cancelled: Cancelled) -> None:
        """Read all files.

        Args:
            candidates: the files, in their order.
            read: reads one.
            cancelled: asked before each file whether to stop.
        """
        self._began = self._clock()
        for candidate in candidates:
            if cancelled():
                return
            try:
                if candidate.reason:
                    raise RefusedError(candidate.reason)
                data = candidate.read()
            except RefusedError as error:
                self.add(Photo(candidate.name, str(error)), analysed=False)
                continue
            photo, analysed = read(candidate, data)
            self.add(photo, analysed=analysed)

    def add(self, photo: Photo, *, analysed: bool = True) -> None:
        """Add the next result; nothing if the analysis was ended meanwhile.

        Args:
            photo: the result.
            analysed: whether it took an analysis, from which the speed is known.
        """
        with self._lock:
            if not self._closed:
                self._photos.append(replace(photo, number=len(self._photos)))
                self._added(self._photos[-1])
                self._analysed += analysed
                self._took = self._clock() - self._began

    def refuse(self, photos: Sequence[Photo]) -> None:
        """Add files that never came, of which the visitor's browser tells after the others."""
        with self._lock:
            start = len(self._refused) + 1
            self._refused += [replace(photo, number=-n) for n, photo in enumerate(photos, start)]

    def close(self, reason: str, missing: Missing = Missing.NOT_READ) -> None:
        """End the analysis; what is not done gets a reason instead of a result.

        Args:
            reason: see `Photo.error`.
            missing: what the files count as.
        """
        with self._lock:
            if not self._closed:
                self._closed = True
                start = len(self._photos)
                self._photos += [
                    Photo(name, reason, missing=missing, number=number)
                    for number, name in enumerate(self._names[start:], start)
                ]
