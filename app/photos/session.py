"""The photographs of the Photos page, and what a visitor has opened. Does not use Streamlit."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Sequence
from contextlib import nullcontext
from dataclasses import replace

from app.core.budget import Budget
from app.core.jobs import Jobs
from app.core.photo import Answerer, Missing, Photo, Upload
from app.core.photo_session import PhotoSession
from app.core.pictures import small_jpeg
from app.core.priority import PHOTOGRAPHS
from app.core.uploads import Files, UploadLimits, is_zip, not_a_photo
from app.photos.pictures import Drawings, PhotoView
from fer.images import is_animated
from fer.labelled.names import Kind, kind_of, shown_name
from fer.model.spec import ModelSpec
from fer.types import Image

#: Most photographs that are shown one below the other, each as soon as it is read. They wait for
#: nobody, and are read even where free memory is short; their files count like all others.
FEW = 6

#: Longest side in pixels of the copy that is kept of each of many photographs, from which the ZIP
#: is made, and of thumbnails; with their JPEG quality. Of 11 photographs of 0.2 to 2.6 megapixels,
#: a copy and a thumbnail took 100 kB on average, at most 180 kB; at 12 megapixels, 116 and 179 kB.
COPY_SIDE, _QUALITY = 960, 85
THUMBNAIL_SIDE, _THUMBNAIL_QUALITY = 240, 78

#: Photographs whose pictures are kept as they were drawn.
_MOST_DRAWN = 2 * FEW

_ARCHIVE_IN_FOLDER = "is an archive. Unpack it, or upload it alone."
_UNANSWERED = "was not read by this model: the analysis was cancelled."


class GallerySession(PhotoSession):
    """One visitor's photographs on the Photos page; see `PhotoSession`.

    `jobs` read the photographs of all visitors where they are many, `quick` where they are few and
    somebody waits for them.
    """

    where, photo_bytes = "photo", 160 * 1024

    #: Number of sets that were here before, which tells the widgets of one from those of the last.
    serial = -1

    def __init__(self, jobs: Jobs, quick: Jobs, budget: Budget, limits: UploadLimits) -> None:
        self.quick = quick
        self._refused: list[tuple[str, str]] = []
        self.mesh = False  # the visitor wants to see face meshes
        self.head = ""  # whose answers are drawn as soon as there are some
        most = limits.photos if jobs.places else min(FEW, limits.photos)
        super().__init__(jobs, budget, replace(limits, photos=most, always=FEW))

    def reset(self) -> None:
        """See `PhotoSession`."""
        super().reset()
        self.serial += 1
        self.is_sample = False  # the only photograph is the sample, which goes when one is added
        self.adding = False  # the inputs are shown beside the photographs
        self.faces: dict[int, int] = {}  # the selected face by number of the photograph
        self.opened = set[int]()  # photographs of few whose faces are shown
        self.alone: int | None = None  # the one of many that is shown alone
        self.closed: int | None = None  # the last one that was
        #: Page of the many that is shown, what they were chosen by, and the number of choices.
        self.page, self.looks = 1, 0
        self._looked_at: Hashable = None
        self._drawings = OrderedDict[int, Drawings]()

    @property
    def few(self) -> bool:
        """Whether the photographs are shown one below the other."""
        return len(self) <= FEW

    def take(self, uploads: Sequence[Upload], answerers: Sequence[Answerer]) -> bool:
        """See `PhotoSession`."""
        with self._lock:
            if self.is_sample and uploads:
                self.clear()
            before = {photo.number for photo in self.all}
            taken = super().take(uploads, answerers)
            if taken:
                self.adding = False
                # One more is what the visitor wants to see; of several, the list comes first.
                new = {photo.number for photo in self.all} - before
                self.opened = new if len(new) == 1 else set()
            return taken

    def take_sample(self, upload: Upload, answerers: Sequence[Answerer]) -> None:
        """Show the sample in place of photographs."""
        with self._lock:
            self.clear()
            self.is_sample = self.take([upload], answerers)

    def refuse(self, files: Sequence[tuple[str, str]]) -> None:
        """See `PhotoSession`; `add_refused` shows them."""
        self._refused += files

    def add_refused(self) -> None:
        """Add the files that were refused, after those that came with them, whose folder it knows.

        The browser may tell of them first.
        """
        with self._lock:
            files, self._refused = self._refused, []
            folder = f"{self.title}/"
            refused = [
                Photo(
                    shown_name(name.removeprefix(folder)),
                    not_a_photo(name, _ARCHIVE_IN_FOLDER) or f"was not uploaded. {reason}".strip(),
                )
                for name, reason in files
                if kind_of(name) is not Kind.SYSTEM
            ]
            self._add(refused)

    def remove(self, number: int) -> None:
        """See `PhotoSession`."""
        with self._lock:
            super().remove(number)
            self.faces.pop(number, None)
            self.opened.discard(number)
            self._drawings.pop(number, None)
            if self.alone == number:
                self.show_alone(None)

    def toggle(self, number: int) -> None:
        """Show the faces of one of few photographs, or hide them."""
        self.opened ^= {number}

    def toggle_adding(self) -> None:
        """Show the inputs beside the photographs, or hide them."""
        self.adding = not self.adding

    def show_alone(self, number: int | None) -> None:
        """Show one of many photographs alone, or all of them."""
        if number is None:
            self.closed = self.alone
        self.alone = number

    def look_at(self, choice: Hashable) -> None:
        """Begin with the first page if the photographs are chosen by something else than before."""
        if choice != self._looked_at:
            self.page, self._looked_at = 1, choice
            self.looks += 1

    def drawings(self, number: int) -> Drawings:
        """Return the pictures of a photograph; of many, those that were asked for last are kept."""
        with self._lock:
            drawings = self._drawings.setdefault(number, Drawings())
            drawings.mesh = self.mesh
            self._drawings.move_to_end(number)
            if len(self._drawings) > _MOST_DRAWN:
                self._drawings.popitem(last=False)
            if not self.running:
                self._hold()  # pictures that were drawn since
            return drawings

    @property
    def held_bytes(self) -> int:
        """See `PhotoSession`; with the pictures that were drawn."""
        with self._lock:
            return super().held_bytes + sum(one.size for one in self._drawings.values())

    def view(self, photo: Photo, head: str, model: str, spec: ModelSpec) -> PhotoView:
        """Return a photograph as the page shows it, with the answers of one head of a model."""
        if not photo.error and model not in photo.answers:
            photo = replace(photo, error=_UNANSWERED, missing=Missing.NOT_STARTED)
        return PhotoView(photo, head, model, spec, self.drawings)

    def views(self, head: str, model: str, spec: ModelSpec) -> list[PhotoView]:
        """Return all photographs that are done, as the page shows them."""
        with self._lock:
            coming = {*self._waiting, self._at}
            done = [p for p in self.photos if model in p.answers or p.number not in coming]
        return [self.view(photo, head, model, spec) for photo in done]

    def accept(self, files: Files, new: Sequence[Photo]) -> bool:
        """See `PhotoSession`."""
        first, uploads = not self.uploads, {id(photo.upload): photo.upload for photo in new}
        accepted = super().accept(files, new)
        names = [upload.name for upload in uploads.values() if upload]
        named = "/" in "".join(names) or (len(names) == 1 and is_zip(names[0]))
        if accepted and not (first and named):
            self.title = ""
        return accepted

    def pool(self) -> Jobs:
        """See `PhotoSession`."""
        return self.quick if self.few or not self.jobs.places else self.jobs

    def answer(self, photo: Photo, data: bytes, answerers: Sequence[Answerer]) -> Photo:
        """See `PhotoSession`."""
        # Who waits for few goes first: streams make room, and they are read one after the other.
        with PHOTOGRAPHS.turn() if self.few else nullcontext():
            read = super().answer(photo, data, answerers)
        return read if read.error else replace(read, animated=is_animated(data))

    def keep(self, photo: Photo, image: Image) -> Photo:
        """See `PhotoSession`."""
        if self.few and self.head and self.answerers:
            self.drawings(photo.number).of(photo, self.head, self.answerers[0].key, image)
        if photo.thumbnail:
            return photo
        return replace(
            photo,
            thumbnail=small_jpeg(image, THUMBNAIL_SIDE, _THUMBNAIL_QUALITY),
            picture=b"" if self.few else small_jpeg(image, COPY_SIDE, _QUALITY),
        )
