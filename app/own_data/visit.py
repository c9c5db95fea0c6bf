"""One visitor's faces, the jobs that read them, and what to say of them. Does not use Streamlit."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping, Sequence
from functools import partial

from app.background.jobs import Cancelled, Job, Jobs
from app.collection.archive import Candidate
from app.collection.collection import Collection, read_all
from app.collection.entry import Missing
from app.collection.item import digest
from app.collection.room import Room
from app.collection.upload import Upload
from app.collection.visit import Limits
from app.own_data.own_set import OwnSet
from app.own_data.reading import Answerer, OwnPhoto, answered_too, read_photo
from app.own_data.taking import Taken, taken_of
from fer.labelled.names import Kind, kind_of, shown_name

_CANCELLED = "was not started: the analysis was cancelled."
_BROKEN_OFF = "was not read: something went wrong in FER Lens, not in your file."
_ROOM_ENDED = "was not read: this server has no room for more faces at the moment."
_NO_ROOM = (
    "This server has no room for that at the moment: other visitors' photos take it. Try again "
    "later, or with fewer photos."
)

#: Bytes that a photo's faces are expected to take: per byte of its file, and at least and at most.
#: 40 kB for a face of a photograph; a cut-out face takes little more than its file.
_PER_BYTE, _LEAST, _MOST = 6, 8 * 1024, 64 * 1024

#: Photographs for which more room is asked for at a time, where there are more faces than expected.
_STEP = 64


class OwnVisit:
    """One visitor's faces. Safe to share between threads.

    The page works with it, a job adds faces, and another thread ends it when the visitor has left.

    Args:
        jobs: read the photographs of all visitors.
        room: has the memory of all visitors' photographs.
        limits: what is taken at most, all drops together.
    """

    def __init__(self, jobs: Jobs, room: Room, limits: Limits) -> None:
        self.jobs, self.room, self.limits = jobs, room, limits
        self._lock = threading.RLock()
        #: Tells the widgets of one set from those of the last.
        self.token = ""
        self.own: OwnSet | None = None
        self.title = ""
        #: What was dropped, one after the other.
        self.batches: list[Collection[OwnPhoto]] = []
        self.job: Job[None] | None = None
        #: What is said of the last drop.
        self.notices: list[str] = []
        #: Whether labels were given since the figures were made.
        self.settled = self.ended = False
        #: How many photographs more models have answered about, and of how many.
        self.asked = (0, 0)
        #: Which models were asked, and by which key they were known then.
        self.answered: dict[str, str] = {}
        #: Number of the last change by the browser that was carried out.
        self.done = 0
        self._uploads: list[Upload] = []
        self._uploaded = self._expected = 0

    @property
    def running(self) -> bool:
        """Whether photographs are being read."""
        return self.job is not None and self.job.active

    @property
    def by_folder(self) -> bool:
        """Whether labels came from folders."""
        return self.own is not None and any(photo.label for photo in self.own.photos.values())

    @property
    def unread(self) -> list[OwnPhoto]:
        """The files without faces of their own, and why."""
        return [entry for batch in self.batches for entry in batch.items if entry.error]

    def take(
        self,
        uploads: Sequence[Upload],
        answerers: Sequence[Answerer],
        expressions: Sequence[str],
        *,
        by_hand: bool = False,
    ) -> bool:
        """Add files to those that are here, and return whether they are taken.

        If not, or not all, a notice says why.

        Args:
            uploads: photographs, ZIP archives, tables of labels.
            answerers: the models; the first searches for faces.
            expressions: names that a label may have.
            by_hand: whether the visitor labels, whatever folders are called.
        """
        with self._lock:
            if not uploads or self.ended or self.running:
                return False
            self.notices = []
            size = sum(len(upload.data) for upload in uploads)
            if self._uploaded + size > self.limits.bytes:
                self.refuse_all(self._uploaded + size)
                return False
            left = max(0, self.limits.photos - sum(map(len, self.batches)))
            known = self.own.expressions if self.own else expressions
            taken = taken_of(uploads, left, known, by_hand=by_hand)
            self.notices += taken.notes
            if not taken.candidates and not taken.rows:
                self.notices.append(f"There are no photos in {taken.title}.")
                return False
            expected = _expected(taken)
            if not self.room.take(self, self._uploaded + size, self._expected + expected):
                self.notices.append(_NO_ROOM)
                return False
            self._uploaded += size
            self._expected += expected
            self._uploads += uploads
            self._add(taken, answerers, known)
            return True

    def label_by_hand(self, answerers: Sequence[Answerer], expressions: Sequence[str]) -> None:
        """Begin anew with the same files, and forget what their folders say."""
        with self._lock:
            uploads = self._uploads
            self.clear()
            self.take(uploads, answerers, expressions, by_hand=True)

    def tell(self, notice: str) -> None:
        """Leave a notice of why nothing was taken."""
        self.notices = [notice]

    def refuse_all(self, size: int) -> None:
        """Leave a notice that so many bytes are too many together."""
        self.notices = [
            f"That was not read: together it has {size / 2**20:.0f} MB, and this server takes "
            f"{self.limits.bytes // 2**20} MB. What is here already is still here."
        ]

    def refuse(self, files: Sequence[tuple[str, str]]) -> None:
        """Note files that the browser did not send, each with the uploader's reason."""
        with self._lock:
            told = [
                f"{shown_name(name)} was not uploaded. {reason}".strip()
                for name, reason in files
                if kind_of(name) is not Kind.SYSTEM
            ]
            self.notices += told[:3]
            if len(told) > 3:
                self.notices.append(f"{len(told) - 3:,} more files were not uploaded.")

    def cancel(self) -> None:
        """End the analysis at once, and keep what is done."""
        with self._lock:
            if self.job and self.job.active:
                self.job.cancel()
                for batch in self.batches:
                    batch.close(_CANCELLED, Missing.NOT_STARTED)

    def clear(self) -> None:
        """Delete all faces and labels."""
        with self._lock:
            if self.job:
                self.job.cancel()
            self.room.release(self)
            self.own, self.job, self.title = None, None, ""
            self.batches, self.notices, self._uploads = [], [], []
            self.answered = {}
            self._uploaded = self._expected = self.done = 0

    def end(self) -> None:
        """Delete all: the visitor has left."""
        with self._lock:
            self.clear()
            self.ended = True

    def lacks(self, models: Mapping[str, str]) -> list[str]:
        """Return the names of the models that were not asked about the faces that are here.

        Args:
            models: by name, what tells each from others that were called so.
        """
        if self.own is None or not self.own.faces:
            return []
        return [name for name, key in models.items() if self.answered.get(name) != key]

    def ask(self, answerers: Sequence[Answerer]) -> None:
        """Let more models answer about the faces that are here, in the background."""
        with self._lock:
            own = self.own
            if own is None or self.running or not answerers:
                return

            photos = own.photos
            self.asked = (0, len(photos))

            def work(cancelled: Cancelled) -> None:
                for number, (name, photo) in enumerate(photos.items(), 1):
                    if cancelled():
                        return
                    if photo.faces:
                        faces = answered_too(photo.faces, own.originals[name](), answerers)
                        own.answer_too(name, faces)
                    self.asked = (number, len(photos))

            # Whatever becomes of it, they are not asked again by themselves.
            self.answered |= {one.name: one.key for one in answerers}
            self.job = Job(work)
            self.jobs.start(self.job)

    def _add(self, taken: Taken, answerers: Sequence[Answerer], expressions: Sequence[str]) -> None:
        if self.own is None:
            self.token = secrets.token_hex(4)
            self.own, self.title = OwnSet(expressions), taken.title
        self.own.give(taken.rows)
        if not taken.candidates:
            return
        batch = Collection(
            taken.title,
            [one.name for one in taken.candidates],
            unread=OwnPhoto,
            added=partial(_place, self.own, taken),
        )
        self.answered |= {
            one.name: one.key for one in answerers if not self.lacks({one.name: one.key})
        }
        self._start(self.own, batch, taken, answerers)

    def _start(
        self,
        own: OwnSet,
        batch: Collection[OwnPhoto],
        taken: Taken,
        answerers: Sequence[Answerer],
    ) -> None:
        def read(candidate: Candidate, data: bytes) -> tuple[OwnPhoto, bool]:
            self._make_room(own, batch)
            return self._read(own, candidate, data, taken, answerers)

        def work(cancelled: Cancelled) -> None:
            try:
                read_all(batch, taken.candidates, read, cancelled)
            finally:
                batch.close(_BROKEN_OFF)

        self.batches.append(batch)
        self.job = Job(work)
        self.jobs.start(self.job)

    def _read(
        self,
        own: OwnSet,
        candidate: Candidate,
        data: bytes,
        taken: Taken,
        answerers: Sequence[Answerer],
    ) -> tuple[OwnPhoto, bool]:
        name, label = candidate.name, taken.labels.get(candidate.name, "")
        key = digest(data)
        if key in own.digests:
            first, other = own.digests[key]
            differs = f", with the label {other}" if label and other != label else ""
            reason = f"is the same picture as {first}, which counts already{differs}."
            return OwnPhoto(name, reason, missing=Missing.REPEATED), False
        label = label or own.label_of_photo(name)
        photo = read_photo(name, data, answerers, label=label, cut_out=name in taken.cut_outs)
        if not photo.error:
            own.digests[key] = name, label
        return photo, True

    def _make_room(self, own: OwnSet, batch: Collection[OwnPhoto]) -> None:
        """End the analysis if the faces take more memory than there is."""
        if own.size < self._expected:
            return
        more = own.size + _STEP * _MOST
        if self.room.take(self, self._uploaded, more):
            self._expected = more
        else:
            batch.close(_ROOM_ENDED)


def _place(own: OwnSet, taken: Taken, photo: OwnPhoto) -> None:
    own.add(photo, taken.candidates[photo.number].read)


def _expected(taken: Taken) -> int:
    """Return the bytes that the faces will take."""
    photos = max(1, taken.photos)
    return photos * min(_MOST, max(_LEAST, _PER_BYTE * taken.bytes // photos))
