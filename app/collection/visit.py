"""One visitor's collection, the job that reads it, and its results. Does not use Streamlit."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from app.background.jobs import Cancelled, Job, Jobs
from app.collection.archive import not_a_photo
from app.collection.collection import Collection, item_reader, read_all
from app.collection.entry import Missing
from app.collection.item import Item
from app.collection.room import PHOTO_BYTES, Room
from app.collection.upload import Files, Upload, files_of
from app.common.runnable import ModelEntry
from app.photo.store import Analyzer
from fer.labelled.names import Kind, kind_of, shown_name
from fer.model.spec import ModelSpec

_CANCELLED = "was not started: the analysis was cancelled."
_BROKEN_OFF = "was not read: something went wrong in FER Lens, not in your file."

_ARCHIVE_IN_FOLDER = "is an archive. Unpack it, or upload it alone."


@dataclass(frozen=True)
class Limits:
    """What a visitor's collection may be.

    Attributes:
        photos: number of photographs that are read.
        bytes: size of what is uploaded.
    """

    photos: int
    bytes: int


class CollectionVisit:
    """One visitor's collection, one at a time. Safe to share between threads.

    The page works with it, and another thread ends it when the visitor has left.

    Args:
        jobs: read the collections of all visitors.
        room: has the memory of all visitors' collections.
        limits: what a collection may be.
    """

    def __init__(self, jobs: Jobs, room: Room, limits: Limits) -> None:
        self.jobs, self.room, self.limits = jobs, room, limits
        self._lock = threading.RLock()
        #: Number of the collection, which tells its widgets from those of the last one.
        self.number = 0
        self.collection: Collection[Item] | None = None
        self.job: Job[None] | None = None
        #: The model that answers in this collection, whatever is chosen meanwhile.
        self.model: ModelEntry | None = None
        self.spec: ModelSpec | None = None
        self.cancelled = self.ended = False
        #: Why the last files were not taken.
        self.notice = ""
        #: Number of the photo that is shown alone; None if all are shown.
        self.opened: int | None = None
        #: Number of the photo that was shown alone last.
        self.closed: int | None = None
        #: Page of the photos that are shown, what they were chosen by, and the number of choices.
        self.page = 1
        self._looked_at: Hashable = None
        self.looks = 0
        #: Selected face of photos by their key.
        self.faces: dict[str, int] = {}

    def take(
        self,
        uploads: Sequence[Upload],
        analyzer: Analyzer,
        heads: Sequence[str],
        model: ModelEntry | None = None,
    ) -> None:
        """Read files in the place of the last collection, or leave a notice why not.

        Args:
            uploads: what the visitor has uploaded.
            analyzer: detects and classifies the faces.
            heads: names of the heads that answer.
            model: what is known of the analyzer's model.
        """
        with self._lock:
            if not uploads or self.ended:
                return
            self.clear()
            self.number += 1
            size = sum(len(upload.data) for upload in uploads)
            if size > self.limits.bytes:
                self.refuse_all(size)
                return
            files = files_of(uploads, self.limits.photos)
            if not files.candidates:
                self.notice = f"There are no photos in {files.title}."
                return
            if not self.room.take(self, files.bytes, files.photos * PHOTO_BYTES):
                self.notice = _NO_ROOM
                return
            self.model, self.spec = model, analyzer.spec
            self._start(files, analyzer, heads)

    def tell(self, notice: str) -> None:
        """Leave a notice of why nothing was taken."""
        self.notice = notice

    def refuse_all(self, size: int) -> None:
        """Leave a notice that so many bytes are too many together."""
        self.notice = (
            f"That was not read: it has {size / 2**20:.0f} MB, and this server takes "
            f"{self.limits.bytes // 2**20} MB at once. Split it into several."
        )

    def refuse(self, files: Sequence[tuple[str, str]]) -> None:
        """Note files that the browser did not send, each with the uploader's reason."""
        with self._lock:
            folder = f"{self.collection.title}/" if self.collection else ""
            items = [
                Item(shown_name(name.removeprefix(folder)), _why_not_sent(name, reason))
                for name, reason in files
                if kind_of(name) is not Kind.SYSTEM
            ]
            if self.collection:
                self.collection.refuse(items)
            elif items:
                self.notice = " ".join(f"{item.name} {item.error}" for item in items[:3])

    def key_of(self, item: Item) -> str:
        """Return what tells a file's widgets from those of all others of this visitor."""
        return f"collection-{self.number}-{item.number}"

    def open(self, number: int | None) -> None:
        """Show a photo alone, or all of them."""
        if number is None:
            self.closed = self.opened
        self.opened = number

    def look_at(self, choice: Hashable) -> None:
        """Begin with the first page if the photos are chosen by something else than before."""
        if choice != self._looked_at:
            self.page, self._looked_at = 1, choice
            self.looks += 1

    def cancel(self) -> None:
        """End the analysis at once, and keep what is done."""
        with self._lock:
            if self.job and self.collection and self.job.active:
                self.cancelled = True
                self.job.cancel()
                self.collection.close(_CANCELLED, Missing.NOT_STARTED)

    def clear(self) -> None:
        """Delete the collection and its results."""
        with self._lock:
            if self.job:
                self.job.cancel()
            self.room.release(self)
            self.collection = self.job = self.opened = self.closed = None
            self.model = self.spec = None
            self.faces.clear()
            self.look_at(None)
            self.cancelled, self.notice = False, ""

    def end(self) -> None:
        """Delete all: the visitor has left."""
        with self._lock:
            self.clear()
            self.ended = True

    def _start(self, files: Files, analyzer: Analyzer, heads: Sequence[str]) -> None:
        collection = Collection(
            files.title,
            [candidate.name for candidate in files.candidates],
            files.system,
            unread=Item,
        )
        waiting = [files.candidates]  # emptied at the end, and with it the uploads are gone

        def work(cancelled: Cancelled) -> None:
            try:
                read_all(collection, waiting[0], item_reader(analyzer, heads), cancelled)
            finally:
                collection.close(_BROKEN_OFF)

        def after() -> None:
            waiting.clear()
            with self._lock:
                if self.collection is collection:
                    self.room.hold(self, collection.size)

        self.collection, self.job = collection, Job(work, after)
        self.jobs.start(self.job)


_NO_ROOM = (
    "This server has no room for it at the moment: the collections of other visitors take it. Try "
    "again later, or with fewer photos."
)


def _why_not_sent(name: str, reason: str) -> str:
    return not_a_photo(name, _ARCHIVE_IN_FOLDER) or f"was not uploaded. {reason}".strip()
