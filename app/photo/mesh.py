"""The face meshes of a photograph, found and drawn when a visitor asks. Does not use Streamlit."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from app.common.text import counted
from app.photo.images import NO_MESHES, Meshes, marked_jpeg, portrait_jpegs
from fer import Detections, Faces, decode_image
from fer.detection.face_landmark import FaceMeshes
from fer.drawing.mesh import FEATURES
from fer.types import Image

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


@dataclass(frozen=True)
class MeshPictures:
    """The pictures of a photograph that show the meshes; see `app.photo.store.AnalysedPhoto`."""

    marked: bytes = field(repr=False)
    portraits: tuple[bytes, ...] = field(repr=False)


class PhotoMesh:
    """The meshes of one photograph: found once, drawn once for each head's answers.

    Attributes:
        shown: whether the visitor wants to see them.
    """

    def __init__(self) -> None:
        self.shown = False
        self._found: Meshes | None = None
        self._pictures: dict[str, MeshPictures] = {}

    def forget_pictures(self) -> None:
        """Forget what was drawn, since another model answers; the meshes stay."""
        self._pictures.clear()

    @property
    def drawn(self) -> Meshes:
        """The meshes that pictures show now: none while they are not wanted or not yet found."""
        return self._found or NO_MESHES if self.shown else NO_MESHES

    def pictures(self, data: bytes, faces: Faces, network: FindsMeshes) -> MeshPictures:
        """Return the pictures with the meshes, made in the first call.

        Args:
            data: contents of the photograph's file.
            faces: its faces, by any head.
            network: finds the meshes.
        """
        if faces.head not in self._pictures:
            image = decode_image(data)
            if self._found is None:
                self._found = _fitting(network(image, faces.detections), faces.detections)
            self._pictures[faces.head] = MeshPictures(
                marked_jpeg(image, faces, self._found),
                portrait_jpegs(image, faces, meshes=self._found),
            )
        return self._pictures[faces.head]


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
