"""A visitor's photographs, the job that reads them, and what to say of them. No Streamlit."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.core.budget import Budget
from app.core.jobs import Cancelled, Job, Jobs
from app.core.photo import Missing
from app.core.photo_set import PhotoSet, Read
from app.core.uploads import Candidate

_CANCELLED = "was not started: the analysis was cancelled."
_BROKEN_OFF = "was not read: something went wrong in FER Lens, not in your file."


@dataclass(frozen=True)
class UploadLimits:
    """What a visitor may upload for one session.

    Attributes:
        photos: number of photographs that are read.
        bytes: size of what is uploaded.
    """

    photos: int
    bytes: int


class PhotoSession:
    """One visitor's photographs. Safe to share between threads.

    The page works with it, a job reads, and another thread ends it when the visitor has left.

    Args:
        jobs: read the photographs of all visitors.
        budget: has the memory of all visitors' photographs.
        limits: what is taken at most.
    """

    #: What is said of too many bytes: `size` and `most` in MB.
    too_much = ""

    def __init__(self, jobs: Jobs, budget: Budget, limits: UploadLimits) -> None:
        self.jobs, self.budget, self.limits = jobs, budget, limits
        self._lock = threading.RLock()
        #: What was uploaded and read, one after the other.
        self.sets: list[PhotoSet] = []
        self.job: Job[None] | None = None
        #: What is said of the last files.
        self.notices: list[str] = []
        self.ended = False

    @property
    def running(self) -> bool:
        """Whether something is read, or waits for it."""
        return self.job is not None and self.job.active

    def tell(self, notice: str) -> None:
        """Leave a notice of why nothing was taken."""
        self.notices = [notice]

    def refuse_all(self, size: int) -> None:
        """Leave a notice that so many bytes are too many together."""
        self.tell(self.too_much.format(size=size / 2**20, most=self.limits.bytes // 2**20))

    def refused(self, size: int) -> bool:
        """Return whether so many bytes are too many together, and leave a notice if they are."""
        if size > self.limits.bytes:
            self.refuse_all(size)
        return size > self.limits.bytes

    def refuse(self, files: Sequence[tuple[str, str]]) -> None:
        """Note files that the browser did not send, each with the uploader's reason."""
        raise NotImplementedError

    def cancel(self) -> None:
        """End the analysis at once, and keep what is done."""
        with self._lock:
            if self.job and self.job.active:
                self.job.cancel()
                for one in self.sets:
                    one.close(_CANCELLED, Missing.NOT_STARTED)

    def clear(self) -> None:
        """Delete the photographs and their results."""
        with self._lock:
            if self.job:
                self.job.cancel()
            self.budget.release(self)
            self.job, self.sets, self.notices = None, [], []

    def end(self) -> None:
        """Delete all: the visitor has left."""
        with self._lock:
            self.clear()
            self.ended = True

    def _start(
        self,
        photos: PhotoSet,
        candidates: Sequence[Candidate],
        read: Read,
        after: Callable[[], None] = lambda: None,
    ) -> None:
        """Read a set in the background; `after` is called at the end, whatever became of it."""
        waiting = [candidates]  # emptied at the end, and with it the uploads are gone

        def work(cancelled: Cancelled) -> None:
            try:
                photos.read(waiting[0], read, cancelled)
            finally:
                photos.close(_BROKEN_OFF)

        def ended() -> None:
            waiting.clear()
            after()

        self.sets.append(photos)
        self.job = Job(work, ended)
        self.jobs.start(self.job)
