"""One visitor's collection, the job that reads it, and its results. Does not use Streamlit."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace

from app.core.budget import Budget
from app.core.jobs import Jobs
from app.core.models.runnable import ModelEntry
from app.core.photo import Analyzer, Answerer, Photo, digest, read_photo
from app.core.photo_session import PhotoSession, UploadLimits
from app.core.photo_set import PhotoSet, Read
from app.core.uploads import Candidate, Upload, files_of, not_a_photo
from app.photos.pictures import keep_copies
from fer.images import is_animated
from fer.labelled.names import Kind, kind_of, shown_name
from fer.model.spec import ModelSpec
from fer.types import Image

#: Bytes that a photo's result is expected to take; for what was measured, see
#: `app.photos.pictures`.
PHOTO_BYTES = 160 * 1024

_ARCHIVE_IN_FOLDER = "is an archive. Unpack it, or upload it alone."
_NO_ROOM = (
    "This server has no room for it at the moment: the collections of other visitors take it. Try "
    "again later, or with fewer photos."
)


class CollectionSession(PhotoSession):
    """One visitor's collection, one at a time; see `PhotoSession`."""

    too_much = (
        "That was not read: it has {size:.0f} MB, and this server takes {most} MB at once. Split "
        "it into several."
    )

    def __init__(self, jobs: Jobs, budget: Budget, limits: UploadLimits) -> None:
        super().__init__(jobs, budget, limits)
        #: Number of the collection, which tells its widgets from those of the last one.
        self.number = 0
        #: The model that answers in this collection, whatever is chosen meanwhile.
        self.model: ModelEntry | None = None
        self.spec: ModelSpec | None = None
        self.cancelled = False
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

    @property
    def collection(self) -> PhotoSet | None:
        """The photographs; None without any."""
        return self.sets[0] if self.sets else None

    @property
    def photos(self) -> tuple[Photo, ...]:
        """What is read so far."""
        return self.sets[0].photos if self.sets else ()

    def take(
        self, uploads: Sequence[Upload], analyzer: Analyzer, model: ModelEntry | None = None
    ) -> bool:
        """Read files in the place of the last collection, and return whether that is done.

        If not, a notice says why.

        Args:
            uploads: what the visitor has uploaded.
            analyzer: detects and classifies the faces.
            model: what is known of the analyzer's model.
        """
        with self._lock:
            if not uploads or self.ended:
                return False
            self.clear()
            self.number += 1
            if self.refused(sum(len(upload.data) for upload in uploads)):
                return False
            files = files_of(uploads, self.limits.photos)
            if not files.candidates:
                self.tell(f"There are no photos in {files.title}.")
            elif not self.budget.take(self, files.bytes, files.photos * PHOTO_BYTES):
                self.tell(_NO_ROOM)
            else:
                self.model, self.spec = model, analyzer.spec
                photos = PhotoSet(files)
                self._start(photos, files.candidates, reader(analyzer), lambda: self._hold(photos))
                return True
            return False

    def refuse(self, files: Sequence[tuple[str, str]]) -> None:
        """Note files that the browser did not send, each with the uploader's reason."""
        with self._lock:
            folder = f"{self.collection.title}/" if self.collection else ""
            photos = [
                Photo(shown_name(name.removeprefix(folder)), _why_not_sent(name, reason))
                for name, reason in files
                if kind_of(name) is not Kind.SYSTEM
            ]
            if self.collection:
                self.collection.refuse(photos)
            elif photos:
                self.tell(" ".join(f"{photo.name} {photo.error}" for photo in photos[:3]))

    def key_of(self, photo: Photo) -> str:
        """Return what tells a photo's widgets from those of all others of this visitor."""
        return f"collection-{self.number}-{photo.number}"

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
        """See `PhotoSession`."""
        with self._lock:
            self.cancelled = self.cancelled or self.running
            super().cancel()

    def clear(self) -> None:
        """See `PhotoSession`."""
        with self._lock:
            super().clear()
            self.opened = self.closed = self.model = self.spec = None
            self.faces = {}
            self.look_at(None)
            self.cancelled = False

    def _hold(self, photos: PhotoSet) -> None:
        with self._lock:
            if self.collection is photos:
                self.budget.hold(self, photos.size)


def reader(analyzer: Analyzer) -> Read:
    """Return what reads the photographs of a collection, each content once.

    Args:
        analyzer: detects and classifies the faces.
    """
    known: dict[bytes, Photo] = {}

    def read(candidate: Candidate, data: bytes) -> tuple[Photo, bool]:
        def keep(read: Photo, image: Image) -> Photo:
            return replace(keep_copies(read, image), animated=is_animated(data))

        key = digest(data)
        again = key in known
        if not again:
            new, answerers = Photo(candidate.name), [Answerer(analyzer)]
            known[key] = read_photo(new, data, answerers, keep, where="collection")
        return replace(known[key], name=candidate.name), not again

    return read


def _why_not_sent(name: str, reason: str) -> str:
    return not_a_photo(name, _ARCHIVE_IN_FOLDER) or f"was not uploaded. {reason}".strip()
