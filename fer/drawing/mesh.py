"""Draw the meshes of faces: every point, and lines along what a face consists of."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.types import Floats, Image, check_image

#: Points of the mesh along the face's parts, in MediaPipe's numbering; True for a closed line.
FEATURES: dict[str, tuple[bool, tuple[int, ...]]] = {
    "face": (True, (
        10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
        152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
    )),
    "right eye": (
        True, (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246)
    ),
    "left eye": (
        True, (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466)
    ),
    "right brow": (True, (46, 53, 52, 65, 55, 107, 66, 105, 63, 70)),
    "left brow": (True, (276, 283, 282, 295, 285, 336, 296, 334, 293, 300)),
    "nose": (False, (168, 6, 197, 195, 5, 4, 1, 19, 94, 2)),
    "nostrils": (False, (98, 97, 2, 326, 327)),
    "wings": (False, (98, 64, 48, 115, 220, 45, 4, 275, 440, 344, 278, 294, 327)),
    "lips": (True, (
        61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185,
    )),
    "mouth": (True, (
        78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191,
    )),
}  # fmt: skip

#: Ink and edge: white over dark can be seen on skin of any shade, and is no expression's colour.
_INK, _EDGE = (255, 255, 255), (20, 20, 20)
_EDGE_OPACITY = 0.55

#: Width of a line, radius of a point and width of the edge around both, as fractions of the mesh's
#: longer side, and the least in pixels.
_LINE_SHARE, _LINE_MIN = 0.005, 0.5
_POINT_SHARE, _EDGE_SHARE, _EDGE_MIN = 0.0045, 0.004, 0.25

#: Longer side of a mesh, in pixels, below which 468 points would hide the face; lines do not.
_POINTS_FROM = 64

#: Masks are drawn as large as this, but at most so many times larger than the mesh, and reduced:
#: OpenCV has no line of less than a pixel.
_MASK_SIDE, _MAX_SUPERSAMPLING = 1000, 8

#: Fractional bits of the coordinates that OpenCV gets.
_BITS = 4


def draw_meshes(image: Image, meshes: Iterable[Floats]) -> Image:
    """Return a copy of `image` with face meshes, as large as the faces are.

    Lines go round the face, the eyes, the brows, the nose and the lips. The other points are drawn
    where they would not hide the face. Meshes are ``(468, 2)`` each, in pixels, and may extend past
    the image; see `fer.detection.face_landmark.FaceMeshes`.
    """
    check_image(image)
    picture = image.copy()
    for mesh in meshes:
        _draw(picture, mesh)
    return picture


def _draw(picture: Image, mesh: Floats) -> None:
    side = max(float(np.ptp(mesh, axis=0).max()), 1.0)
    edge = max(_EDGE_SHARE * side, _EDGE_MIN)
    margin = side * (_LINE_SHARE + _POINT_SHARE) + edge + 1
    left, top = np.maximum(np.floor(mesh.min(axis=0) - margin), 0).astype(int)
    right, bottom = np.maximum(np.ceil(mesh.max(axis=0) + margin), 0).astype(int)
    region = picture[top:bottom, left:right]
    if not region.size:  # all of it is outside
        return
    for colour, opacity, grown in ((_EDGE, _EDGE_OPACITY, edge), (_INK, 1.0, 0.0)):
        share = opacity * _coverage(mesh - (left, top), region.shape[:2], side, grown)
        region[:] = cv2.blendLinear(region, np.full_like(region, colour), 1 - share, share)


def _coverage(
    mesh: NDArray[np.float64], size: tuple[int, ...], side: float, grown: float
) -> NDArray[np.float32]:
    """Return how much of each pixel lines and points cover, grown by so many pixels, 0…1."""
    factor = int(np.clip(_MASK_SIDE // side, 1, _MAX_SUPERSAMPLING))
    mask = np.zeros((size[0] * factor, size[1] * factor), np.uint8)
    # OpenCV has the centre of the first pixel at 0.
    at = np.round(((mesh + 0.5) * factor - 0.5) * 2**_BITS).astype(np.int32)
    width = max(1, round((max(_LINE_SHARE * side, _LINE_MIN) + 2 * grown) * factor))
    for closed, indices in FEATURES.values():
        cv2.polylines(mask, [at[list(indices)]], closed, 255, width, cv2.LINE_AA, _BITS)
    radius = round((_POINT_SHARE * side + grown) * factor * 2**_BITS)
    for x, y in at.tolist() if side >= _POINTS_FROM else ():
        cv2.circle(mask, (x, y), radius, 255, cv2.FILLED, cv2.LINE_AA, _BITS)
    small = cv2.resize(mask, size[::-1], interpolation=cv2.INTER_AREA)
    return np.asarray(small / np.float32(255), np.float32)
