"""A visitor's photographs, the job that reads them, and what became of each. No Streamlit."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace

from app.core.budget import Budget
from app.core.jobs import Cancelled, Job, Jobs
from app.core.photo import Answerer, Missing, Photo, RefusedError, Upload, digest, read_photo
from app.core.text import left, listed
from app.core.uploads import Files, UploadLimits, files_of, limited, with_origins
from fer.export.table import distinct_names
from fer.types import Image

#: What a guess of the time that is left must rest on: photos, and seconds.
_KNOWN_PHOTOS, _KNOWN_SECONDS = 3, 2.0

#: Photographs for which more room is asked for at a time, where they take more than expected.
_STEP = 64


class PhotoSession:
    """One visitor's photographs, each read once whatever the page does. Safe to share.

    The page works with it, a job reads, and another thread ends it when the visitor has left.
    """

    #: Page whose photographs they are, for the log.
    where = ""

    #: Bytes that a photograph is expected to take beside its file, at most.
    photo_bytes = 0

    def __init__(
        self,
        jobs: Jobs,
        budget: Budget,
        limits: UploadLimits,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.jobs, self.budget, self.limits, self._clock = jobs, budget, limits, clock
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self.ended = False
        self.job: Job[None] | None = None
        self._numbers = 0
        self.reset()

    def reset(self) -> None:
        """Begin with nothing."""
        self.title, self.system, self.cancelled = "", 0, False
        #: What is said of the last files.
        self.notices: list[str] = []
        #: The models that answer about every photograph.
        self.answerers: tuple[Answerer, ...] = ()
        self._photos: dict[int, Photo] = {}
        self._first: dict[bytes, int] = {}  # number of the first photograph of some contents
        self._waiting: deque[int] = deque()
        self._at: int | None = None  # the one that is being read
        self._reading = False
        self._expected = self.size = 0  # bytes of all pictures, without the files
        self._total, self._analysed, self._began, self._took = 0, 0, 0.0, 0.0  # of the job

    def __len__(self) -> int:
        return len(self._photos)

    def __contains__(self, number: int | None) -> bool:
        return number in self._photos

    @property
    def all(self) -> list[Photo]:
        """All files, in the order in which they came; some may not be read yet."""
        with self._lock:
            return [*self._photos.values()]

    @property
    def photos(self) -> list[Photo]:
        """What is done so far."""
        return [photo for photo in self.all if photo.done]

    @property
    def running(self) -> bool:
        """Whether something is read, or waits for it."""
        return self.job is not None and self.job.active

    @property
    def uploads(self) -> list[Upload]:
        """What the photographs came in."""
        return [*{id(p.upload): p.upload for p in self.all if p.upload is not None}.values()]

    @property
    def uploaded(self) -> int:
        """Bytes of all files, as they were uploaded."""
        return sum(len(upload.data) for upload in self.uploads)

    @property
    def held_bytes(self) -> int:
        """Bytes of all files and of what was made of them."""
        return self.uploaded + self.size

    @property
    def progress(self) -> tuple[float, str]:
        """The share that is done; and how far that is, how fast, and how long it will take."""
        with self._lock:
            count = self._total
            done = count - len(self._waiting) - (self._at is not None)
            parts = [f"{done:,} of {count:,}"]
            if self._analysed >= _KNOWN_PHOTOS and self._took >= _KNOWN_SECONDS:
                speed = self._analysed / self._took
                parts += [f"{speed:.1f} photos a second", left((count - done) / speed)]
            return done / max(1, count), " · ".join(parts)

    def lacks(self, photo: Photo) -> bool:
        """Return whether a model that is asked has not answered about a photograph."""
        return any(one.key not in photo.answers for one in self.answerers)

    def tell(self, notice: str) -> None:
        """Say one thing more of files that were not taken."""
        self.notices += [notice] if notice not in self.notices else []

    def refuse_all(self, size: int) -> None:
        """Leave a notice that so many bytes are too many together."""
        self.notices = [
            f"That was not read: together it has {size / 2**20:.0f} MB, and this server takes "
            f"{self.limits.bytes // 2**20} MB. What is here already is still here."
        ]

    def refuse(self, files: Sequence[tuple[str, str]]) -> None:
        """Note files that the browser did not send, each with the uploader's reason."""
        raise NotImplementedError

    def take(self, uploads: Sequence[Upload], answerers: Sequence[Answerer]) -> bool:
        """Add what was uploaded, have these models read it, and return whether any was taken.

        If not, or not all, a notice says why.
        """
        with self._lock:
            if not uploads or self.ended:
                return False
            self.notices = []
            known = self.uploads  # the same file once more is the same object from here on
            uploads = [next((k for k in known if k == upload), upload) for upload in uploads]
            more = sum(len(upload.data) for upload in uploads if upload not in known)
            size = self.uploaded + more
            if size > self.limits.bytes:
                self.refuse_all(size)
                return False
            files = self.files(uploads)
            new = self._new(files.photos)
            expected = self._expected + self.bytes_of(new, more)
            if new and not self._reserve(size, expected, len(self) + len(new)):
                self.tell(
                    "This server has no room for that at the moment: other visitors' photos take "
                    "it. Try again later, or with fewer photos."
                )
                return False
            if not self.accept(files, new):
                return False
            self._expected, self.cancelled = expected, False
            self.ask(answerers)
            self._add(new)
            if not self.running:
                self._hold()
            return True

    def ask(self, answerers: Sequence[Answerer]) -> None:
        """Let these models answer about every photograph, in the background."""
        with self._lock:
            if {one.key for one in answerers} != {one.key for one in self.answerers}:
                self.answerers = tuple(answerers)
                self._read_later([p for p in self.photos if not p.error and self.lacks(p)])

    def remove(self, number: int) -> None:
        """Remove one photograph, and what was found in it."""
        with self._lock:
            photo = self._photos.pop(number, None)
            if photo is not None:
                self.size -= photo.size
                self._waiting = deque(n for n in self._waiting if n != number)
                self.notices = []
                if not self._photos:
                    self.clear()
                elif not self.running:
                    self._hold()
                self._changed.notify_all()

    def cancel(self) -> None:
        """End the analysis at once, and keep what is done."""
        with self._lock:
            if self.job and self.job.active:
                self.cancelled = True
                self._close("was not started: the analysis was cancelled.", Missing.NOT_STARTED)
                self.job.cancel()

    @property
    def left_by_cancel(self) -> list[Photo]:
        """The photos that a cancelled analysis has not read; none while one runs."""
        if self.running or not self.cancelled:
            return []
        return [p for p in self.all if p.not_started or (not p.error and self.lacks(p))]

    def resume(self) -> None:
        """Read what a cancelled analysis has not read; a notice says so if there is no room."""
        with self._lock:
            remaining = self.left_by_cancel
            if not remaining:
                return
            unread = [
                replace(photo, error="", missing=Missing.NOT_READ)
                for photo in remaining
                if photo.error
            ]
            expected = self.size + self.bytes_of(unread, self.uploaded)
            if not self._reserve(self.uploaded, expected, len(self)):
                self.tell("This server has no room to continue at the moment. Try again later.")
                return
            self._expected = expected
            self.cancelled = False
            self._photos |= {photo.number: photo for photo in unread}
            self._read_later(remaining)

    def clear(self) -> None:
        """Delete the photographs and their results."""
        with self._lock:
            job, self.job = self.job, None
            if job:
                job.cancel()
            self.budget.release(self)
            self.reset()
            self._changed.notify_all()

    def end(self) -> None:
        """Delete all: the visitor has left."""
        with self._lock:
            self.clear()
            self.ended = True

    def wait_for(self, number: int) -> Photo | None:
        """Wait until nobody reads a photograph, and return it; None if it was removed."""
        with self._lock:
            self._changed.wait_for(lambda: number != self._at and number not in self._waiting)
            return self._photos.get(number)

    # What a page's own session does otherwise: `reset` above, and from here to `put`.

    def files(self, uploads: Sequence[Upload]) -> Files:
        """Return what there is in what was uploaded."""
        return files_of(uploads)

    def accept(self, files: Files, new: Sequence[Photo]) -> bool:
        """Take note of what was uploaded; return whether there is anything in it."""
        if not files.photos:
            self.tell(f"There are no photos in {files.title}.")
        if new:
            self.title, self.system = files.title, self.system + files.system
        return bool(new)

    def bytes_of(self, photos: Sequence[Photo], uploaded: int) -> int:
        """Return what photographs will take beside their files."""
        return self.photo_bytes * sum(not photo.error for photo in photos)

    def pool(self) -> Jobs:
        """Return the jobs that read what waits."""
        return self.jobs

    def answer(self, photo: Photo, data: bytes, answerers: Sequence[Answerer]) -> Photo:
        """Return a photograph with the answers of models."""
        return read_photo(photo, data, answerers, self.keep, where=self.where)

    def keep(self, photo: Photo, image: Image) -> Photo:
        """Return a photograph that was read with what is kept of its pixels."""
        return photo

    def repeat(self, photo: Photo, first: Photo) -> Photo:
        """Return what becomes of a photograph with the contents of one that was read before."""
        return replace(
            first,
            name=photo.name,
            number=photo.number,
            read=photo.read,
            upload=photo.upload,
            origin=photo.origin,
        )

    def put(self, before: Photo, photo: Photo) -> None:
        """Put what became of a photograph in its place, with the lock held."""
        self._photos[photo.number] = photo
        self.size += photo.size - before.size

    def _reserve(self, uploaded: int, expected: int, count: int) -> bool:
        """Reserve room for so many photographs, or return False if there is none.

        `uploaded` bytes are in memory already, `expected` bytes come on top. A few photographs need
        no free memory, as they take little beside their files; all count in the budget.
        """
        if count <= self.limits.always:
            return self.budget.take(self, uploaded + expected, 0)
        return self.budget.take(self, uploaded, expected)

    def _new(self, photos: Sequence[Photo]) -> list[Photo]:
        """Return the files that are not here yet, with the reasons of those that are too many.

        A file that failed earlier is removed, as it is read again.
        """
        photos = with_origins(photos)
        came = {photo.origin for photo in photos}
        for photo in self.all:
            if photo.error and photo.origin is not None and photo.origin in came:
                del self._photos[photo.number]
        here = {photo.origin for photo in self.all if photo.origin is not None}
        again = [photo.name for photo in photos if photo.origin in here]
        if again:
            self.tell(f"{listed(again)} {'is' if len(again) == 1 else 'are'} here already.")
        new = [photo for photo in photos if photo.origin not in here]
        count = sum(bool(photo.width) or not photo.done for photo in self.all)
        return limited(new, max(0, self.limits.photos - count), self.limits.photos)

    def _add(self, photos: Sequence[Photo]) -> None:
        """Add files behind those that are here, under names that differ, with the lock held."""
        known, new = [photo.name for photo in self.all], []
        names = distinct_names([*known, *(photo.name for photo in photos)])[len(known) :]
        for name, photo in zip(names, photos, strict=True):
            self._numbers += 1
            new.append(replace(photo, name=name, number=self._numbers).without_lost_file())
            self._photos[self._numbers] = new[-1]
        self._read_later([photo for photo in new if not photo.done])

    def _read_later(self, photos: Sequence[Photo]) -> None:
        """Have photographs read, by the job that reads already or by a new one."""
        waiting = {*self._waiting, self._at}
        numbers = [photo.number for photo in photos if photo.number not in waiting]
        if not numbers:
            return
        new = None
        if not self._reading:
            self._reading, self._total, self._analysed = True, 0, 0
            self.job = new = Job(self._work, lambda: self._job_ended(new))
        self._total += len(numbers)
        self._waiting.extend(numbers)
        if new:
            self.pool().start(new)

    def _work(self, cancelled: Cancelled) -> None:
        self._began = self._clock()
        while True:
            with self._lock:
                if cancelled():
                    return
                self._reading = bool(self._waiting)
                self._at = self._waiting.popleft() if self._waiting else None
                if self._at is None:
                    return
                photo, answerers = self._photos[self._at], self.answerers
            self._store(photo, *self._read(photo), answerers, cancelled)

    def _read(self, photo: Photo) -> tuple[Photo, bool]:
        """Return what becomes of a photograph, and whether that took an analysis."""
        try:
            data = photo.read()
        except RefusedError as error:
            return replace(photo, error=str(error)), False
        contents = digest(data)
        with self._lock:
            first = self._photos.get(self._first.get(contents, -1))
        if not photo.done and first is not None and first.width and not self.lacks(first):
            return self.repeat(photo, first), False
        lacking = [one for one in self.answerers if one.key not in photo.answers]
        read = self.answer(photo, data, lacking)
        if not read.error:
            self._first[contents] = photo.number
        return read, True

    def _store(
        self,
        before: Photo,
        photo: Photo,
        analysed: bool,
        answerers: tuple[Answerer, ...],
        cancelled: Cancelled,
    ) -> None:
        with self._lock:
            if cancelled():
                return
            self._at = None
            if photo.number in self._photos:  # or it was removed meanwhile
                self.put(before, photo.without_lost_file())
                late = not photo.error and self.answerers != answerers and self.lacks(photo)
                if late and photo.number not in self._waiting:
                    self._waiting.append(photo.number)
                    self._total += 1
            self._analysed += analysed
            self._took = self._clock() - self._began
            if self.size > self._expected:
                more = self.size + _STEP * self.photo_bytes
                if self._reserve(self.uploaded, more, len(self)):
                    self._expected = more
                else:
                    self._close("was not read: this server has no room for more at the moment.")
            self._changed.notify_all()

    def _close(self, reason: str, missing: Missing = Missing.NOT_READ) -> None:
        """Read nothing more; what is not done gets a reason."""
        with self._lock:
            for number in (self._at, *self._waiting):
                photo = self._photos.get(number or 0)
                if photo is not None and not photo.done:
                    closed = replace(photo, error=reason, missing=missing)
                    self._photos[photo.number] = closed.without_lost_file()
            self._waiting.clear()
            self._at, self._reading = None, False
            self._changed.notify_all()

    def _job_ended(self, job: Job[None] | None) -> None:
        with self._lock:
            if self.job is job:
                if self._reading:
                    self._close("was not read: something went wrong in FER Lens, not in your file.")
                self._hold()

    def _hold(self) -> None:
        self._expected = self.size
        self.budget.hold(self, self.held_bytes)
