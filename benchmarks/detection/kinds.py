"""The kinds of pictures, and the totals over them with what is aimed at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from benchmarks.detection.changes import (
    FURTHER,
    all_turned,
    blurred,
    blurred_beyond_use,
    cut_tightly,
    dark,
    very_dark,
)
from benchmarks.detection.crowds import crowds, cut_photographs, selfies
from benchmarks.detection.material import Portraits, Scene, astronaut, backgrounds, photographs
from benchmarks.detection.negatives import drawn, objects, textures, without_faces
from benchmarks.detection.score import Total

#: Heights of pasted faces in pixels, and of those that are darkened and blurred.
_HEIGHTS = (18, 24, 32, 48, 90)
_CHANGED_HEIGHT = 40

#: Portraits for crowds, selfies, tight crops and turned pictures, and how many for each angle.
_PORTRAITS, _PER_ANGLE = 80, 8


@dataclass(frozen=True)
class Material:
    """Where the pictures come from.

    Attributes:
        photos: folder with ``photos.json``.
        data: FER2013 as ``.npz``.
        faces: pasted faces of each height.
    """

    photos: Path
    data: Path
    faces: int = 72

    @cached_property
    def photographs(self) -> list[Scene]:
        """The photographs, and scikit-image's."""
        return [*photographs(self.photos), astronaut()]

    @cached_property
    def portraits(self) -> Portraits:
        """Faces of FER2013."""
        return Portraits.of(self.data, _PORTRAITS, seed=9)

    def sizes(self) -> Iterator[Scene]:
        """Yield faces of several heights."""
        for seed, height in enumerate(_HEIGHTS):
            portraits = Portraits.of(self.data, self.faces, seed=seed)
            yield from portraits.pasted(f"{height} px", height, backgrounds())

    def changed(self, *changes: Callable) -> Iterator[Scene]:
        """Yield faces that were changed before they were pasted."""
        portraits = Portraits.of(self.data, self.faces, seed=len(_HEIGHTS))
        for change in changes:
            name = f"{_CHANGED_HEIGHT} px, {change.__name__.replace('_', ' ')}"
            yield from portraits.pasted(name, _CHANGED_HEIGHT, backgrounds(), change=change)

    def border(self) -> Iterator[Scene]:
        """Yield people whom the border of the picture cuts."""
        yield from selfies(self.portraits)
        yield from cut_photographs(self.photographs)

    def turned(self, *, further: bool) -> Iterator[Scene]:
        """Yield pictures turned by up to 180°, or by more."""
        for scene in all_turned(self.photographs, self.portraits, _PER_ANGLE):
            if (scene.group == FURTHER) == further:
                yield scene


#: The kinds of pictures by name.
KINDS: dict[str, Callable[[Material], Iterator[Scene]]] = {
    "photographs": lambda material: iter(material.photographs),
    "sizes": Material.sizes,
    "dark": lambda material: material.changed(dark),
    "blur": lambda material: material.changed(blurred),
    "beyond-use": lambda material: material.changed(very_dark, blurred_beyond_use),
    "crowds": lambda material: crowds(material.portraits),
    "border": Material.border,
    "tight": lambda material: cut_tightly(material.photographs, material.portraits),
    "turned": lambda material: material.turned(further=False),
    "turned-further": lambda material: material.turned(further=True),
    "objects": lambda material: objects(),
    "drawings": lambda material: drawn(),
    "textures": lambda material: textures(),
    "people-without-faces": lambda material: without_faces(material.photographs),
}

#: Pictures in which nothing is turned, and which show enough of each face.
_UPRIGHT = ("photographs", "sizes", "dark", "blur", "crowds", "border")
_NEGATIVES = ("objects", "drawings", "textures", "people-without-faces")

TOTALS = (
    Total("all faces of 24 px and more", "≥ 0.96", _UPRIGHT, least_height=24),
    Total("all tight crops", "≥ 0.97", ("tight",)),
    Total("all turned by 0 to 180°", "≥ 0.98", ("turned",)),
    Total(
        "invented in 25 pictures of people",
        "≤ 1",
        (*_UPRIGHT, "tight", "turned", "turned-further"),
        per_pictures=25,
    ),
    Total("all without faces", "(0)", _NEGATIVES),
)
