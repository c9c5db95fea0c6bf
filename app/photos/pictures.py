"""What shows a photograph: pictures drawn when somebody asks, its face meshes. No Streamlit.

Of a photograph on the Photo page, the file is kept and all is drawn from it. Of one of a collection
only small copies are. Of 11 photographs of 0.2 to 2.6 megapixels, they took 100 kB on average, and
at most 180 kB; at 12 megapixels, 116 kB and 179 kB.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from app.core.photo import Analyzer, Photo
from app.core.pictures import (
    NO_MESHES,
    PORTRAIT_SIDE,
    TILE_SIDE,
    Meshes,
    marked_jpeg,
    marked_png,
    portrait_jpegs,
    small_jpeg,
)
from app.core.text import counted
from app.photos.activation_image import ACTIVATION_SIDE, activation_image
from app.photos.layout import MAX_CARDS
from fer import Detections, Faces, decode_image
from fer.detection.face_landmark import FaceMeshes
from fer.drawing.mesh import FEATURES
from fer.model.spec import ModelSpec
from fer.types import Image

#: Longest side in pixels of the copy that is kept of a photograph of a collection, and of the
#: thumbnails there and on the Photo page: twice the displayed side.
COPY_SIDE, COPY_THUMBNAIL_SIDE, THUMBNAIL_SIDE = 960, 240, 192

_QUALITY, _COPY_THUMBNAIL_QUALITY, _THUMBNAIL_QUALITY = 85, 78, 80
#: Least presence logit of a mesh that is drawn. Of 592 faces of FER2013's PublicTest, 13 were below
#: 0, and hardly a mesh of theirs lay on its face; 5 were between, and some did. Most are profiles,
#: faces behind hands and very dark ones. A face behind a mask reaches 4.8.
MIN_PRESENCE = 3.0

#: Farthest that the eyes, the nose or the mouth of a mesh that is drawn may lie from where the
#: detector sees them, as a share of the face's box. Of 565 faces of FER2013's PublicTest of which
#: the network is sure, 8 are farther away, and 5 of these lie beside the parts of the face; nearer
#: ones follow the face. Half are within 0.054.
MAX_MISFIT = 0.2

#: Points of the mesh that are the detector's first four landmarks, taken together.
_PARTS = (FEATURES["right eye"][1], FEATURES["left eye"][1], (4,), FEATURES["mouth"][1])

#: What the switch does, in Markdown.
HELP = (
    "Draws where the face-landmark network of the face detector's package puts its 468 points on "
    "each face; on small faces, only the lines. The expression network sees the face, not these "
    "points."
)


class FindsMeshes(Protocol):
    """A `fer.detection.face_landmark.FaceLandmark`, or a fake in tests."""

    def __call__(self, image: Image, detections: Detections, /) -> FaceMeshes:
        """Return the mesh of each detected face."""


class Drawings:
    """The pictures of one photograph with its faces marked, each drawn when somebody asks first.

    Attributes:
        mesh: whether the visitor wants to see face meshes.
    """

    def __init__(self, mesh: bool = False, meshes: Meshes | None = None) -> None:
        self.mesh, self._meshes = mesh, meshes
        self._drawn: dict[tuple[str, bool], Drawn] = {}

    def anew(self) -> Drawings:
        """Return those of the same photograph with other answers; its meshes stay."""
        return Drawings(self.mesh, self._meshes)

    @property
    def meshes(self) -> Meshes:
        """The meshes that pictures show now: none while they are not wanted or not yet found."""
        return self._meshes or NO_MESHES if self.mesh else NO_MESHES

    def find_meshes(self, photo: Photo, faces: Faces, network: FindsMeshes) -> None:
        """Find the meshes, in the first call; `photo` must have its file."""
        if self._meshes is None:
            found = network(decode_image(photo.data), faces.detections)
            self._meshes = _fitting(found, faces.detections)

    def of(self, photo: Photo, head: str, image: Image | None = None) -> Drawn:
        """Return the pictures with a head's answers.

        Args:
            photo: the photograph, with its file or a copy.
            head: name of the head.
            image: pixels of its file, if somebody has them.
        """
        meshes, key = self.meshes, (head, bool(self.meshes))
        if key not in self._drawn:
            if image is None:
                image = decode_image(photo.data or photo.picture)
            faces, many = _in(image, photo, head), photo.face_count > MAX_CARDS
            self._drawn[key] = Drawn(
                marked_jpeg(image, faces, meshes),
                photo.portraits or portrait_jpegs(image, faces, PORTRAIT_SIDE, meshes),
                portrait_jpegs(image, faces, TILE_SIDE) if many else (),
            )
        return self._drawn[key]


@dataclass(frozen=True)
class Drawn:
    """Pictures of a photograph.

    Attributes:
        marked: JPEG for the page with a box and a label on every face.
        portraits: JPEG of each face.
        tiles: smaller JPEG of each face, for a strip of many; none of few.
    """

    marked: bytes = field(repr=False)
    portraits: tuple[bytes, ...] = field(repr=False)
    tiles: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True)
class PhotoView:
    """A photograph as a page shows it: with the answers of one head.

    Attributes:
        photo: the photograph.
        head: name of the head.
        spec: describes the model that answered; None if it was not read.
        drawings: its pictures.
    """

    photo: Photo
    head: str
    spec: ModelSpec | None = field(default=None, repr=False)
    drawings: Drawings = field(default_factory=Drawings, repr=False)

    @property
    def faces(self) -> Faces:
        """The faces; none if the file could not be read."""
        return self.photo.faces(self.head)

    @property
    def drawn(self) -> Drawn:
        """The pictures, with the meshes if they are shown."""
        return self.drawings.of(self.photo, self.head)

    def png(self) -> bytes:
        """Return a PNG of the photograph in full size, marked as it is shown."""
        return marked_png(decode_image(self.photo.data), self.faces, self.drawings.meshes)

    def activation_png(self, face: int, expression: str, analyzer: Analyzer) -> bytes:
        """Return a PNG of a face with the class activation map of an expression.

        Args:
            face: index of the face.
            expression: label whose map is drawn.
            analyzer: computes the map.
        """
        image = decode_image(self.photo.data)
        activation = analyzer.class_activation(image, self.faces, face, head=self.head)
        crop = activation.face(image, ACTIVATION_SIDE)
        return activation_image(crop, activation.heatmap(expression, ACTIVATION_SIDE))


def keep_copies(photo: Photo, image: Image) -> Photo:
    """Return a photograph with small copies, for who does not keep its file.

    Portraits are kept of few faces; those of many are cut out of the copy when they are shown.
    """
    faces = next(iter(photo.answers[""].values()))
    return replace(
        photo,
        picture=small_jpeg(image, COPY_SIDE, _QUALITY),
        thumbnail=small_jpeg(image, COPY_THUMBNAIL_SIDE, _COPY_THUMBNAIL_QUALITY),
        portraits=portrait_jpegs(image, faces) if len(faces) <= MAX_CARDS else (),
    )


def marked_copy(photo: Photo, head: str) -> bytes:
    """Return a JPEG of a photograph's copy with a box and a label on every face."""
    image = decode_image(photo.picture)
    return marked_jpeg(image, _in(image, photo, head))


def thumbnail_jpeg(image: Image) -> bytes:
    """Return a small JPEG of a photograph of which the file is kept."""
    return small_jpeg(image, THUMBNAIL_SIDE, _THUMBNAIL_QUALITY)


def describe_meshes(drawn: Meshes, faces: int) -> str:
    """Return the sentence on meshes in a picture's alternative text; "" if it shows none."""
    if not drawn:
        return ""
    if len(drawn) < faces:
        return f"The face mesh is drawn on {len(drawn)} of them."
    return f"The face mesh is drawn on {'it' if faces == 1 else 'each'}."


def missing_note(drawn: Meshes, faces: int) -> str:
    """Return why faces have no mesh; "" if all have one."""
    if len(drawn) == faces:
        return ""
    missing = faces - len(drawn)
    where = f" on {missing} of {counted(faces, 'face')}" if faces > 1 else ""
    return (
        f"No mesh{where}: the face-landmark network is not sure that it sees a face there, or its "
        "points do not fit."
    )


def _fitting(meshes: FaceMeshes, faces: Detections) -> Meshes:
    """Return the meshes of those faces that the network is sure to see, and that fit them."""
    parts = np.stack([meshes.points[:, list(part)].mean(axis=1) for part in _PARTS], axis=1)
    away = np.linalg.norm(parts - faces.landmarks[:, : len(_PARTS)], axis=2).max(axis=1)
    sides = (faces.xyxy[:, 2:] - faces.xyxy[:, :2]).max(axis=1)
    shown = (meshes.presence >= MIN_PRESENCE) & (away <= MAX_MISFIT * sides)
    return {face: meshes.points[face] for face in shown.nonzero()[0].tolist()}


def _in(image: Image, photo: Photo, head: str) -> Faces:
    """Return a photograph's faces as they are in its pixels, or those of its copy."""
    return photo.faces(head).scaled(max(image.shape[:2]) / max(photo.width, photo.height))
