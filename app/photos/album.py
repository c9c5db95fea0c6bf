"""The photographs of the Photo page: what a visitor holds, and what was found. No Streamlit.

A visit to another page, or a reload, loses nothing of it. Its size is bounded, because every
visitor's photographs are in the memory of the server.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from app.core.photo import Analyzer, Answerer, Photo, digest, read_photo
from app.core.photo_limits import PhotoLimits, photo_limits
from app.core.priority import PHOTOGRAPHS
from app.photos.pictures import Drawings, PhotoView, thumbnail_jpeg
from fer.export.photos import distinct_names
from fer.images import is_animated
from fer.labelled.names import shown_name
from fer.types import Image

#: Names that a notice lists before it only counts.
_NAMED = 3

#: Characters of a photograph's key that its contents decide.
_OF_CONTENTS = 32


@dataclass
class _Known:
    """What was found in a photograph, by whichever model was asked last."""

    model: str = ""
    photo: Photo | None = None
    drawings: Drawings = field(default_factory=Drawings)


@dataclass
class Album:
    """The photographs of one session, each read once whatever the page does.

    Two runs of a page may ask at once: a click begins a new one while the one before is still at a
    photograph.

    Attributes:
        photos: in the order in which they were added.
        is_sample: whether the only photo is the sample, which goes when a photo is added.
        notice: what became of files that were not added; empty if all were.
        opened: keys of the photos whose faces are shown in a list of several.
        additions: number of times that something was added.
        faces: index of the selected face by key of the photo.
        limits: how much it holds.
    """

    photos: list[Photo] = field(default_factory=list)
    is_sample: bool = False
    notice: str = ""
    opened: set[str] = field(default_factory=set)
    additions: int = 0
    faces: dict[str, int] = field(default_factory=dict)
    limits: PhotoLimits = field(default_factory=photo_limits)
    _known: dict[str, _Known] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __len__(self) -> int:
        return len(self.photos)

    def __contains__(self, key: str) -> bool:
        return any(photo.key == key for photo in self.photos)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(len(photo.data) for photo in self.photos)

    @property
    def read(self) -> int:
        """Number of contents that are read or being read."""
        return len(self._known)

    def unread(self, model: str = "") -> list[Photo]:
        """Return the photographs that a model still has to read, each content once."""
        first: dict[str, Photo] = {}
        for photo in self.photos:
            known = self._known.get(photo.key[:_OF_CONTENTS])
            if not photo.error and (known is None or known.photo is None or known.model != model):
                first.setdefault(photo.key[:_OF_CONTENTS], photo)
        return [*first.values()]

    def view(self, photo: Photo, analyzer: Analyzer, head: str, model: str = "") -> PhotoView:
        """Return a photograph with the answers of a head, reading it only if its content is new.

        Faces are searched for only once, whatever model answers.

        Args:
            photo: one of `photos`.
            analyzer: the model that answers.
            head: name of its head.
            model: tells it from all others, and from what was at its place before.
        """
        if photo.error:
            return PhotoView(photo, head)
        # Before it waits. If the photograph is removed meanwhile, this is the album's no more.
        known = self._known.setdefault(photo.key[:_OF_CONTENTS], _Known())
        with self._lock:
            if known.photo is None or known.model != model:
                with PHOTOGRAPHS.turn():
                    _read(known, photo, analyzer, head)
                known.model = model
            read, drawings = known.photo, known.drawings
        assert read is not None
        # The same content may be on the page under two names. Of one that cannot be read, only the
        # name and the reason are kept.
        data = b"" if read.error else photo.data
        read = replace(read, name=photo.name, key=photo.key, data=data)
        if read.error:
            self.photos = [read if held is photo else held for held in self.photos]
        return PhotoView(read, head, analyzer.spec, drawings)

    def add(self, photos: Sequence[Photo]) -> None:
        """Add photographs, as many as there is room for; the others are named in `notice`."""
        if not photos:
            return
        if self.is_sample:
            self.clear()
        known, full, added = [], [], []
        for photo in photos:
            photo = replace(photo, name=shown_name(photo.name))
            if photo.key in self:
                known.append(photo.name)
            elif self._is_full(len(photo.data)):
                full.append(photo.name)
            else:
                *_, name = distinct_names([*(held.name for held in self.photos), photo.name])
                self.photos.append(replace(photo, name=name))
                added.append(photo)
        self.notice = " ".join(filter(None, (_already_here(known), self._no_room(full))))
        self.additions += bool(added)
        # One more photo is what the visitor wants to see; of several, the list comes first.
        if added:
            self.opened = {added[0].key} if len(added) == 1 else set()

    def tell(self, notice: str) -> None:
        """Say one thing more of files that were not added."""
        self.notice = " ".join(dict.fromkeys(filter(None, (self.notice, notice))))

    def _is_full(self, more: int) -> bool:
        limits = self.limits
        return len(self) >= limits.number or self.size + more > limits.total_bytes

    def _no_room(self, names: list[str]) -> str:
        if not names:
            return ""
        were = "was" if len(names) == 1 else "were"
        return (
            f"{_listed(names)} {were} not added: there is room for {self.limits.number} photos of "
            f"{self.limits.total_bytes // 2**20} MB together. Remove some first, or take the "
            "Collection page, which reads hundreds."
        )

    def add_snapshot(self, data: bytes) -> None:
        """Add a picture from the camera under a name that no other photo has."""
        names, number, name = {photo.name for photo in self.photos}, 1, "snapshot.jpg"
        while name in names:
            number += 1
            name = f"snapshot {number}.jpg"
        self.add([new_photo(name, data)])

    def show_sample(self, photo: Photo) -> None:
        """Show the sample in place of photographs."""
        self.clear()
        self.photos, self.is_sample = [photo], True
        self.additions += 1

    def toggle(self, key: str) -> None:
        """Show the faces of this photo in the list, or hide them."""
        self.opened ^= {key}

    def remove(self, key: str) -> None:
        """Remove one photo."""
        self.keep_only([photo for photo in self.photos if photo.key != key])
        self.faces.pop(key, None)
        self.opened.discard(key)
        self.is_sample, self.notice = False, ""

    def clear(self) -> None:
        """Remove all photos, and what was found in them."""
        self.keep_only([])
        self.faces, self.opened = {}, set()
        self.is_sample, self.notice = False, ""

    def keep_only(self, photos: Sequence[Photo]) -> None:
        """Hold these photographs alone, and forget what was found in others."""
        self.photos = [*photos]
        held = {photo.key[:_OF_CONTENTS] for photo in photos}
        self._known = {key: known for key, known in list(self._known.items()) if key in held}


def new_photo(name: str, data: bytes, error: str = "") -> Photo:
    """Return a file as the browser sent it, or did not send it because of an error."""
    of_name = hashlib.blake2b(name.encode(errors="replace"), digest_size=8)
    return Photo(name, error, key=digest(data).hex() + of_name.hexdigest(), data=data)


def _read(known: _Known, photo: Photo, analyzer: Analyzer, head: str) -> None:
    """Read a photograph; its faces, if they are known from another model, and their meshes stay."""
    before, drawings = known.photo, known.drawings.anew()

    def keep(read: Photo, image: Image) -> Photo:
        drawings.of(read, head, image)
        animated = is_animated(photo.data)
        return replace(read, thumbnail=thumbnail_jpeg(image), animated=animated)

    known.photo = read_photo(
        replace(photo, data=b""),
        photo.data,
        [Answerer(analyzer)],
        keep,
        where="photo",
        detections=before.detections if before else None,
    )
    known.drawings = drawings


def _already_here(names: list[str]) -> str:
    if not names:
        return ""
    return f"{_listed(names)} {'is' if len(names) == 1 else 'are'} here already."


def _listed(names: list[str]) -> str:
    if len(names) <= _NAMED:
        *others, last = names
        return f"{', '.join(others)} and {last}" if others else last
    return f"{', '.join(names[:_NAMED])} and {len(names) - _NAMED} more"
