"""Pictures to show: resized, cut to a face, encoded, many faces with their answers, and meshes."""

from __future__ import annotations

import math
from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.drawing.annotate import text_on
from fer.images import as_channels
from fer.labels import colour_of
from fer.types import Floats, Image, check_image

#: Side of the square around a face, in widths of the detector's box, which ends at brow and chin.
_PORTRAIT_WIDTHS = 1.5


def portrait_square(
    image: Image, box: Floats, widths: float = _PORTRAIT_WIDTHS
) -> tuple[int, int, int]:
    """Return left, top and side of the square around a face, moved or shrunk into the image."""
    height, width = image.shape[:2]
    wanted = float(np.max(box[2:] - box[:2])) * widths
    side = int(np.clip(round(wanted), 1, min(height, width)))
    centre_x, centre_y = (float(v) for v in (box[:2] + box[2:]) / 2)
    left = int(np.clip(round(centre_x - side / 2), 0, width - side))
    top = int(np.clip(round(centre_y - side / 2), 0, height - side))
    return left, top, side


def portrait(image: Image, box: Floats, side: int) -> Image:
    """Return the square around a face, ``(side, side, 3)`` uint8."""
    left, top, cut = portrait_square(image, box)
    return resized(image[top : top + cut, left : left + cut], side / cut)


def resized(image: Image, scale: float) -> Image:
    """Return the image at another scale, at least one pixel wide and high."""
    if scale == 1:
        return image
    size = tuple(max(1, round(side * scale)) for side in image.shape[1::-1])
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, size, interpolation=method), np.uint8)


def encoded(image: Image, suffix: str, quality: int = 92) -> bytes:
    """Return an RGB or grey image as a file, ``.jpg`` of a quality of 0…100, or ``.png``."""
    options = [cv2.IMWRITE_JPEG_QUALITY, quality] if suffix == ".jpg" else []
    bgr = np.ascontiguousarray(image[..., ::-1])  # in memory: OpenCV fails silently on some paths
    success, data = cv2.imencode(suffix, bgr, options)
    if not success:
        raise RuntimeError(f"OpenCV cannot write {suffix}")
    return data.tobytes()


#: Most faces of a sheet, faces in a row, side of a face in pixels, and size of the text below it.
MOST, COLUMNS, SIDE, TEXT = 48, 8, 120, 13

#: Space between faces in pixels, and its grey.
_GAP, _BACKGROUND = 8, 245


def contact_sheet(
    images: NDArray[np.uint8], probabilities: Floats, labels: tuple[str, ...]
) -> Image:
    """Draw faces, each with its most probable expression below it; of many, `MOST` spread evenly.

    There is at least one of the images ``(n, size, size, channels)`` uint8; probabilities are ``(n,
    k)``.
    """
    count = min(len(images), MOST)
    shown = np.linspace(0, len(images) - 1, count).round().astype(int).tolist()
    tiles = [_tile(images[i], probabilities[i], labels) for i in shown]
    columns = min(COLUMNS, count)
    height, width = tiles[0].shape[0] + _GAP, SIDE + _GAP
    size = (math.ceil(count / columns) * height + _GAP, columns * width + _GAP, 3)
    sheet = np.full(size, _BACKGROUND, np.uint8)
    for place, tile in enumerate(tiles):
        top, left = (place // columns) * height + _GAP, (place % columns) * width + _GAP
        sheet[top : top + tile.shape[0], left : left + SIDE] = tile
    return sheet


def _tile(image: NDArray[np.uint8], probabilities: Floats, labels: tuple[str, ...]) -> Image:
    best = int(probabilities.argmax())
    face = cv2.resize(as_channels(image, 3), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    words = text_on(f"{labels[best]} {probabilities[best]:.0%}", colour_of(labels[best]), TEXT)
    tag = np.full((words.shape[0], SIDE, 3), words[0, 0], np.uint8)
    width = min(SIDE, words.shape[1])
    tag[:, :width] = words[:, :width]
    return np.concatenate([np.asarray(face, np.uint8), tag])


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
    the image.
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
