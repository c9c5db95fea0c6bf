"""What shows a photograph: pictures drawn when somebody asks, its face meshes. No Streamlit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from app.core.photo import Photo
from app.core.pictures import (
    NO_MESHES,
    PORTRAIT_SIDE,
    TILE_SIDE,
    Meshes,
    download_jpeg,
    marked_jpeg,
    marked_png,
    portrait_jpegs,
)
from app.core.text import counted
from app.photos.activation_image import ACTIVATION_SIDE, activation_image
from fer.analyzer import FaceAnalyzer
from fer.detection.evidence import FaceMeshes
from fer.drawing.pictures import FEATURES
from fer.export.table import PhotoResult
from fer.images import decode as decode_image
from fer.model.spec import ModelSpec
from fer.types import Detections, Faces, Image

#: Most faces that have a card each; of more, one card at a time is shown.
MAX_CARDS = 6

#: Longest side in pixels of a marked picture in the ZIP, where the photograph's file is read again.
MAX_SIDE = 2560

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
MESH_HELP = (
    "Draws where the face-landmark network of the face detector's package puts its 468 points on "
    "each face; on small faces, only the lines. The expression network sees the face, not these "
    "points."
)

#: Returns the mesh of each detected face: a `fer.detection.evidence.FaceLandmark`.
FindsMeshes = Callable[[Image, Detections], FaceMeshes]


@dataclass(frozen=True)
class Drawn:
    """Pictures of a photograph.

    Attributes:
        marked: JPEG for the page with a box on every face, without labels.
        tiles: smaller JPEG of each face, for a strip of many; none of few.
    """

    marked: bytes = field(repr=False)
    portraits: tuple[bytes, ...] = field(repr=False)
    tiles: tuple[bytes, ...] = field(repr=False)

    @property
    def size(self) -> int:
        """Bytes of all pictures."""
        return sum(map(len, (self.marked, *self.portraits, *self.tiles)))


class Drawings:
    """The pictures of one photograph with its faces marked, each drawn when somebody asks first."""

    def __init__(self) -> None:
        self.mesh = False  # the visitor wants to see face meshes
        self._meshes: Meshes | None = None
        self._model = ""
        self._drawn: dict[tuple[str, bool], Drawn] = {}

    @property
    def size(self) -> int:
        """Bytes of all pictures that were drawn."""
        return sum(drawn.size for drawn in [*self._drawn.values()])

    @property
    def meshes(self) -> Meshes:
        """The meshes that pictures show now: none while they are not wanted or not yet found."""
        return self._meshes or NO_MESHES if self.mesh else NO_MESHES

    def find_meshes(self, photo: Photo, faces: Faces, network: FindsMeshes) -> None:
        """Find the meshes, in the first call."""
        if self._meshes is None:
            found = network(decode_image(photo.read()), faces.detections)
            self._meshes = _fitting(found, faces.detections)

    def of(self, photo: Photo, head: str, model: str, image: Image | None = None) -> Drawn:
        """Return the pictures with a head's answers; what another model answered is forgotten.

        The photograph is decoded if its pixels are not given.
        """
        meshes, key = self.meshes, (head, bool(self.meshes))
        if model != self._model:
            self._model, self._drawn = model, {}
        if key not in self._drawn:
            if image is None:
                image = decode_image(photo.read())
            faces = photo.faces(head, model)
            self._drawn[key] = Drawn(
                # The page puts labels over the picture, of one size however small it is shown.
                marked_jpeg(image, faces, meshes, tags=False),
                portrait_jpegs(image, faces, PORTRAIT_SIDE, meshes),
                portrait_jpegs(image, faces, TILE_SIDE) if len(faces) > MAX_CARDS else (),
            )
        return self._drawn[key]


@dataclass(frozen=True)
class PhotoView:
    """A photograph as the page shows it: with the answers of one head of a model.

    Attributes:
        drawings_of: returns its pictures by its number.
    """

    photo: Photo
    head: str
    model: str
    spec: ModelSpec = field(repr=False)
    drawings_of: Callable[[int], Drawings] = field(repr=False)

    @property
    def faces(self) -> Faces:
        """The faces; none if the file could not be read."""
        return Faces.empty(()) if self.photo.error else self.photo.faces(self.head, self.model)

    @property
    def result(self) -> PhotoResult:
        """What the head answered, for an export."""
        photo = self.photo
        return PhotoResult(photo.name, photo.width, photo.height, self.faces, photo.error)

    @property
    def drawings(self) -> Drawings:
        """Its pictures."""
        return self.drawings_of(self.photo.number)

    @property
    def drawn(self) -> Drawn:
        """The pictures, with the meshes if they are shown."""
        return self.drawings.of(self.photo, self.head, self.model)

    def png(self) -> bytes:
        """Return a PNG of the photograph in full size, marked as it is shown."""
        return marked_png(decode_image(self.photo.read()), self.faces, self.drawings.meshes)

    def jpeg(self) -> bytes:
        """Return a marked JPEG, at most `MAX_SIDE` large; of one of many, as large as its copy."""
        if not self.photo.picture:
            image = decode_image(self.photo.read())
            return download_jpeg(image, self.faces, MAX_SIDE, self.drawings.meshes)
        image = decode_image(self.photo.picture)
        scale = max(image.shape[:2]) / max(self.photo.width, self.photo.height)
        return marked_jpeg(image, self.faces.scaled(scale))

    def activation_png(self, face: int, expression: str, analyzer: FaceAnalyzer) -> bytes:
        """Return a PNG of a face with the class activation map of an expression."""
        image = decode_image(self.photo.read())
        activation = analyzer.class_activation(image, self.faces, face, head=self.head)
        crop = activation.face(image, ACTIVATION_SIDE)
        return activation_image(crop, activation.heatmap(expression, ACTIVATION_SIDE))


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
