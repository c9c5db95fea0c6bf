"""The photographs of a session: what it holds, in what order, and what is selected. No Streamlit.

A visit to another page, or a reload, loses nothing of it. Its size is bounded, because every
visitor's photographs are in the memory of the server.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from app.limits.photos import PhotoLimits, photo_limits
from app.photo.store import Photo, PhotoStore
from fer.export.photos import distinct_names
from fer.labelled.names import shown_name

#: Names that a notice lists before it only counts.
_NAMED = 3


@dataclass
class Album:
    """The photographs of one session.

    Attributes:
        photos: in the order in which they were added.
        is_sample: whether the only photo is the sample, which goes when a photo is added.
        notice: what became of files that were not added; empty if all were.
        opened: keys of the photos whose faces are shown in a list of several.
        additions: number of times that something was added.
        faces: index of the selected face by key of the photo.
        limits: how much it holds.
        results: what was found in the photos.
    """

    photos: list[Photo] = field(default_factory=list)
    is_sample: bool = False
    notice: str = ""
    opened: set[str] = field(default_factory=set)
    additions: int = 0
    faces: dict[str, int] = field(default_factory=dict)
    limits: PhotoLimits = field(default_factory=photo_limits)
    results: PhotoStore = field(default_factory=PhotoStore, repr=False)

    def __len__(self) -> int:
        return len(self.photos)

    def __contains__(self, key: str) -> bool:
        return any(photo.key == key for photo in self.photos)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(len(photo.data) for photo in self.photos)

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
        self.add([Photo(name, data)])

    def show_sample(self, photo: Photo) -> None:
        """Show the sample in place of photographs."""
        self.clear()
        self.photos, self.is_sample = [photo], True
        self.additions += 1

    def forget_contents(self, photo: Photo, error: str) -> None:
        """Keep only the name of a file that cannot be read, and the reason."""
        self.photos = [
            replace(held, data=b"", error=error) if held is photo else held for held in self.photos
        ]

    def toggle(self, key: str) -> None:
        """Show the faces of this photo in the list, or hide them."""
        self.opened ^= {key}

    def remove(self, key: str) -> None:
        """Remove one photo."""
        self.photos = [photo for photo in self.photos if photo.key != key]
        self.faces.pop(key, None)
        self.opened.discard(key)
        self.is_sample, self.notice = False, ""

    def clear(self) -> None:
        """Remove all photos, and what was found in them."""
        self.photos, self.faces, self.opened = [], {}, set()
        self.results.keep_only(())
        self.is_sample, self.notice = False, ""


def _already_here(names: list[str]) -> str:
    if not names:
        return ""
    return f"{_listed(names)} {'is' if len(names) == 1 else 'are'} here already."


def _listed(names: list[str]) -> str:
    if len(names) <= _NAMED:
        *others, last = names
        return f"{', '.join(others)} and {last}" if others else last
    return f"{', '.join(names[:_NAMED])} and {len(names) - _NAMED} more"
