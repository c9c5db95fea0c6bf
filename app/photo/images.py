"""Pictures for the page: resized, with the faces marked, and portraits of the faces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import cv2
import numpy as np

from fer import Faces, annotate
from fer.drawing.mesh import draw_meshes
from fer.types import Floats, Image

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

#: Longest side of a thumbnail in pixels, twice the displayed side.
THUMBNAIL_SIDE = 192

#: JPEG quality of pictures, and of tiles and thumbnails, which are many.
_QUALITY, _SMALL_QUALITY = 92, 80

#: Side of the cropped square, in widths of the detector's box, which ends at brow and chin.
_PORTRAIT_WIDTHS = 1.5


def marked_jpeg(image: Image, faces: Faces, meshes: Meshes = NO_MESHES) -> bytes:
    """Return a JPEG of the picture for the page, with a box and a label on every face."""
    longest = max(image.shape[:2])
    scale = float(np.clip(longest, MIN_SIDE, MAX_SIDE)) / longest
    return _encoded(_annotated(image, faces, meshes, scale), ".jpg")


def marked_png(image: Image, faces: Faces, meshes: Meshes = NO_MESHES) -> bytes:
    """Return a PNG of the picture in full size, with a box and a label on every face."""
    return _encoded(_annotated(image, faces, meshes, 1.0), ".png")


def download_jpeg(image: Image, faces: Faces, max_side: int, meshes: Meshes = NO_MESHES) -> bytes:
    """Return a JPEG with the faces marked, its longest side at most `max_side` pixels."""
    scale = min(1.0, max_side / max(image.shape[:2]))
    return _encoded(_annotated(image, faces, meshes, scale), ".jpg")


def thumbnail_jpeg(image: Image) -> bytes:
    """Return a small JPEG of the picture, without marks."""
    return small_jpeg(image, THUMBNAIL_SIDE, _SMALL_QUALITY)


def small_jpeg(image: Image, max_side: int, quality: int) -> bytes:
    """Return a JPEG without marks, its longest side at most `max_side` pixels."""
    scale = min(1.0, max_side / max(image.shape[:2]))
    return _encoded(_resized(image, scale), ".jpg", quality)


def portrait_jpegs(
    image: Image, faces: Faces, side: int = PORTRAIT_SIDE, meshes: Meshes = NO_MESHES
) -> tuple[bytes, ...]:
    """Return a square JPEG of each face with a margin around it, `side` pixels wide."""
    quality = _SMALL_QUALITY if side < PORTRAIT_SIDE else _QUALITY
    return tuple(
        _encoded(_portrait(image, box, side, meshes.get(face)), ".jpg", quality)
        for face, box in enumerate(faces.xyxy)
    )


def _annotated(image: Image, faces: Faces, meshes: Meshes, scale: float) -> Image:
    """Scale the picture, then mark its faces, so that marks are as sharp as the picture."""
    scaled = replace(
        faces,
        xyxy=faces.xyxy * np.float32(scale),
        landmarks=faces.landmarks * np.float32(scale),
    )
    picture = draw_meshes(_resized(image, scale), [mesh * scale for mesh in meshes.values()])
    return annotate(picture, scaled)


def _portrait(image: Image, box: Floats, side: int, mesh: Floats | None) -> Image:
    left, top, cut = _square(image, box)
    picture = _resized(image[top : top + cut, left : left + cut], side / cut)
    return picture if mesh is None else draw_meshes(picture, [(mesh - (left, top)) * (side / cut)])


def _square(image: Image, box: Floats) -> tuple[int, int, int]:
    """Return left, top and side of a square around `box`, moved or shrunk into the image."""
    height, width = image.shape[:2]
    wanted = float(np.max(box[2:] - box[:2])) * _PORTRAIT_WIDTHS
    side = int(np.clip(round(wanted), 1, min(height, width)))
    centre_x, centre_y = (float(v) for v in (box[:2] + box[2:]) / 2)
    left = int(np.clip(round(centre_x - side / 2), 0, width - side))
    top = int(np.clip(round(centre_y - side / 2), 0, height - side))
    return left, top, side


def _resized(image: Image, scale: float) -> Image:
    if scale == 1:
        return image
    size = tuple(max(1, round(side * scale)) for side in image.shape[1::-1])
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, size, interpolation=method), np.uint8)


def _encoded(image: Image, suffix: str, quality: int = _QUALITY) -> bytes:
    options = [cv2.IMWRITE_JPEG_QUALITY, quality] if suffix == ".jpg" else []
    success, data = cv2.imencode(suffix, cv2.cvtColor(image, cv2.COLOR_RGB2BGR), options)
    if not success:
        raise RuntimeError(f"OpenCV cannot write {suffix}")
    return data.tobytes()
