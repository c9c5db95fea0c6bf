"""Pictures for the page: resized, with the faces marked, and portraits of the faces."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from fer.drawing.annotate import annotate
from fer.drawing.pictures import draw_meshes, encoded, portrait, portrait_square, resized
from fer.types import Faces, Floats, Image

#: The meshes to draw, ``(468, 2)`` in pixels of the photograph, by index of their face.
Meshes = Mapping[int, Floats]

NO_MESHES: Meshes = {}

#: Longest side of a picture on the page, in pixels. More than a screen shows would only cost time.
MAX_SIDE = 1600

#: Pictures whose longest side is shorter are enlarged to this, so that the names stay readable.
MIN_SIDE = 640

#: Side of a portrait in pixels: twice the displayed side, for high-density phone screens.
PORTRAIT_SIDE = 176

#: Side of a tile, a portrait in a strip of many, in pixels; also twice the displayed side.
TILE_SIDE = 128

#: JPEG quality of portraits, and of tiles, which are many.
_QUALITY, _SMALL_QUALITY = 92, 80


def marked_jpeg(
    image: Image, faces: Faces, meshes: Meshes = NO_MESHES, *, tags: bool = True
) -> bytes:
    """Return a JPEG of the picture for the page, with every face in a box, and labels."""
    longest = max(image.shape[:2])
    scale = float(np.clip(longest, MIN_SIDE, MAX_SIDE)) / longest
    return encoded(_annotated(image, faces, meshes, scale, tags=tags), ".jpg")


def marked_png(image: Image, faces: Faces, meshes: Meshes = NO_MESHES) -> bytes:
    """Return a PNG of the picture in full size, with a box and a label on every face."""
    return encoded(_annotated(image, faces, meshes, 1.0), ".png")


def download_jpeg(image: Image, faces: Faces, max_side: int, meshes: Meshes = NO_MESHES) -> bytes:
    """Return a JPEG with the faces marked, its longest side at most `max_side` pixels."""
    scale = min(1.0, max_side / max(image.shape[:2]))
    return encoded(_annotated(image, faces, meshes, scale), ".jpg")


def small_jpeg(image: Image, max_side: int, quality: int) -> bytes:
    """Return a JPEG without marks, its longest side at most `max_side` pixels."""
    scale = min(1.0, max_side / max(image.shape[:2]))
    return encoded(resized(image, scale), ".jpg", quality)


def portrait_jpegs(
    image: Image, faces: Faces, side: int = PORTRAIT_SIDE, meshes: Meshes = NO_MESHES
) -> tuple[bytes, ...]:
    """Return a square JPEG of each face with a margin around it, `side` pixels wide."""
    quality = _SMALL_QUALITY if side < PORTRAIT_SIDE else _QUALITY
    return tuple(
        encoded(_portrait(image, box, side, meshes.get(face)), ".jpg", quality)
        for face, box in enumerate(faces.xyxy)
    )


def fitted(size: tuple[int, int], max_width: int, max_height: int) -> int:
    """Return the width in pixels at which a picture of this size is within both limits."""
    width, height = size
    return max(1, min(max_width, round(max_height * width / height)))


def _annotated(
    image: Image, faces: Faces, meshes: Meshes, scale: float, *, tags: bool = True
) -> Image:
    """Scale the picture, then mark its faces, so that marks are as sharp as the picture."""
    picture = draw_meshes(resized(image, scale), [mesh * scale for mesh in meshes.values()])
    return annotate(picture, faces.scaled(scale), tags=tags)


def _portrait(image: Image, box: Floats, side: int, mesh: Floats | None) -> Image:
    picture = portrait(image, box, side)
    if mesh is None:
        return picture
    left, top, cut = portrait_square(image, box)
    return draw_meshes(picture, [(mesh - (left, top)) * (side / cut)])
