"""One visitor's faces, the jobs that read them, and what to say of them. Does not use Streamlit."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from functools import partial

from app.core.budget import Budget
from app.core.jobs import Cancelled, Job, Jobs
from app.core.photo import Answerer, Missing, Photo, digest
from app.core.photo_session import PhotoSession, UploadLimits
from app.core.photo_set import PhotoSet
from app.core.uploads import Candidate, Upload
from app.own_data.dropped import LabelledFiles, labelled_files_of
from app.own_data.own_set import OwnSet
from app.own_data.reading import answered_too, read_own
from fer.labelled.names import Kind, kind_of, shown_name

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


class OwnSession(PhotoSession):
    """One visitor's faces and labels, all drops together; see `PhotoSession`."""

    too_much = (
        "That was not read: together it has {size:.0f} MB, and this server takes {most} MB. What "
        "is here already is still here."
    )

    def __init__(self, jobs: Jobs, budget: Budget, limits: UploadLimits) -> None:
        super().__init__(jobs, budget, limits)
        #: Tells the widgets of one set from those of the last.
        self.token = ""
        self.own: OwnSet | None = None
        self.title = ""
        #: Whether labels were given since the figures were made.
        self.settled = False
        #: How many photographs more models have answered about, and of how many.
        self.asked = (0, 0)
        #: Which models were asked, and by which key they were known then.
        self.answered: dict[str, str] = {}
        #: Number of the last change by the browser that was carried out.
        self.done = 0
        self._uploads: list[Upload] = []
        self._uploaded = self._expected = 0

    @property
    def by_folder(self) -> bool:
        """Whether labels came from folders."""
        return self.own is not None and any(photo.label for photo in self.own.photos.values())

    @property
    def unread(self) -> list[Photo]:
        """The files without faces of their own, and why."""
        return [photo for one in self.sets for photo in one.photos if photo.error]

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
            if self.refused(self._uploaded + size):
                return False
            left = max(0, self.limits.photos - sum(map(len, self.sets)))
            known = self.own.expressions if self.own else expressions
            taken = labelled_files_of(uploads, left, known, by_hand=by_hand)
            self.notices += taken.notes
            if not taken.candidates and not taken.rows:
                self.notices.append(f"There are no photos in {taken.title}.")
                return False
            expected = _expected(taken)
            if not self.budget.take(self, self._uploaded + size, self._expected + expected):
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

    def refuse(self, files: Sequence[tuple[str, str]]) -> None:
        """See `PhotoSession`."""
        with self._lock:
            told = [
                f"{shown_name(name)} was not uploaded. {reason}".strip()
                for name, reason in files
                if kind_of(name) is not Kind.SYSTEM
            ]
            self.notices += told[:3]
            if len(told) > 3:
                self.notices.append(f"{len(told) - 3:,} more files were not uploaded.")

    def clear(self) -> None:
        """See `PhotoSession`."""
        with self._lock:
            super().clear()
            self.own, self.title = None, ""
            self._uploads, self.answered = [], {}
            self._uploaded = self._expected = self.done = 0

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
                    if photo.face_count:
                        own.replace(name, answered_too(photo, own.originals[name](), answerers))
                    self.asked = (number, len(photos))

            # Whatever becomes of it, they are not asked again by themselves.
            self.answered |= {one.name: one.key for one in answerers}
            self.job = Job(work)
            self.jobs.start(self.job)

    def _add(
        self, files: LabelledFiles, answerers: Sequence[Answerer], expressions: Sequence[str]
    ) -> None:
        if self.own is None:
            self.token = secrets.token_hex(4)
            self.own, self.title = OwnSet(expressions), files.title
        own = self.own
        own.give(files.rows)
        if not files.candidates:
            return
        photos = PhotoSet(files, added=partial(_place, own, files))
        self.answered |= {
            one.name: one.key for one in answerers if not self.lacks({one.name: one.key})
        }

        def read(candidate: Candidate, data: bytes) -> tuple[Photo, bool]:
            self._make_room(own, photos)
            return _read(own, candidate, data, files, answerers)

        self._start(photos, files.candidates, read)

    def _make_room(self, own: OwnSet, photos: PhotoSet) -> None:
        """End the analysis if the faces take more memory than there is."""
        if own.size < self._expected:
            return
        more = own.size + _STEP * _MOST
        if self.budget.take(self, self._uploaded, more):
            self._expected = more
        else:
            photos.close(_ROOM_ENDED)


def _read(
    own: OwnSet,
    candidate: Candidate,
    data: bytes,
    files: LabelledFiles,
    answerers: Sequence[Answerer],
) -> tuple[Photo, bool]:
    name, label = candidate.name, files.labels.get(candidate.name, "")
    key = digest(data)
    if key in own.digests:
        first, other = own.digests[key]
        differs = f", with the label {other}" if label and other != label else ""
        reason = f"is the same picture as {first}, which counts already{differs}."
        return Photo(name, reason, missing=Missing.REPEATED), False
    new = Photo(name, label=label or own.label_of_photo(name))
    photo = read_own(new, data, answerers, cut_out=name in files.cut_outs)
    if not photo.error:
        own.digests[key] = name, photo.label
    return photo, True


def _place(own: OwnSet, files: LabelledFiles, photo: Photo) -> None:
    own.add(photo, files.candidates[photo.number].read)


def _expected(taken: LabelledFiles) -> int:
    """Return the bytes that the faces will take."""
    photos = max(1, taken.photos)
    return photos * min(_MOST, max(_LEAST, _PER_BYTE * taken.bytes // photos))
