"""Pictures with known faces: photographs, and faces of FER2013 pasted into scenes without any.

Nothing is stored: other people's pictures stay where they are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import skimage.data
from numpy.typing import NDArray

from benchmarks.drawings import drawings
from benchmarks.framing import BORDER, ENLARGE, largest, photograph
from fer import read_image
from fer.detection.blazeface import BlazeFace
from fer.types import Floats, Image

#: Height of the face's box in most of FER2013's images of 48 pixels; see `fer.alignment`.
_SIDE = 40.6

#: Width and height of a scene.
_SCENE = (800, 600)

#: Photographs of scikit-image without a face, which have fooled detectors.
_OBJECTS = (
    *("brick", "cat", "cell", "chelsea", "clock", "coffee", "coins", "colorwheel", "grass"),
    *("gravel", "horse", "hubble_deep_field", "immunohistochemistry", "logo"),
    *("microaneurysms", "moon", "page", "retina", "rocket", "text"),
)

#: Sides of drawings in pixels.
_DRAWN_SIDES = (60, 160, 420)


@dataclass(frozen=True)
class Scene:
    """A picture and its faces.

    Attributes:
        group: kind of picture; figures are given for each.
        name: name within the group.
        image: ``(height, width, 3)`` RGB uint8.
        boxes: ``(n, 4)`` float32, the faces in pixels; None if only their number is known.
        count: number of faces.
    """

    group: str
    name: str
    image: Image
    boxes: Floats | None
    count: int


def photographs(folder: Path) -> Iterator[Scene]:
    """Yield the photographs of a folder with ``photos.json``, in which their faces are counted."""
    for name, truth in json.loads((folder / "photos.json").read_text()).items():
        yield Scene("photographs", name, read_image(folder / name), None, truth["faces"])


def objects() -> Iterator[Scene]:
    """Yield photographs and drawings of everything but faces."""
    nothing = np.zeros((0, 4), np.float32)
    for name in _OBJECTS:
        image = _rgb(getattr(skimage.data, name)())
        yield Scene("objects", name, image, nothing, 0)
    for side in _DRAWN_SIDES:
        for name, drawing in drawings(side).items():
            picture = np.full((480, 640, 3), 235, np.uint8)
            top, left = (480 - side) // 2, (640 - side) // 2
            picture[top : top + side, left : left + side] = drawing
            yield Scene("drawings", f"{name} at {side}", picture, nothing, 0)


@dataclass(frozen=True)
class Portraits:
    """Faces of FER2013 that nobody takes for anything else.

    Attributes:
        images: ``(n, 48, 48)`` uint8.
        boxes: ``(n, 4)`` float32, where the detector sees the enlarged face, in their pixels.
    """

    images: NDArray[np.uint8]
    boxes: Floats

    @classmethod
    def of(cls, file: Path, count: int, *, usage: str = "PublicTest", seed: int = 0) -> Portraits:
        """Choose faces on whose expression at least eight of ten voters agree.

        Their size must be known, so faces are left out that are unusually small or large in their
        picture, or that the detector does not see even when they are enlarged.
        """
        with np.load(file) as arrays:
            votes = arrays["votes"]
            sure = (votes[:, :8].max(axis=1) >= 8) & (votes[:, 8:].sum(axis=1) == 0)
            rows = np.flatnonzero(sure & (arrays["usage"] == usage))
            images = arrays["image"][np.random.default_rng(seed).permutation(rows)[: 2 * count]]
        detector, kept, boxes = BlazeFace(), [], []
        for image in images:
            found = largest(detector(photograph(image[..., None])))
            found = found.moved(scale=1 / ENLARGE, offset=(-BORDER, -BORDER))
            if len(found) and 0.85 < (found.xyxy[0, 3] - found.xyxy[0, 1]) / _SIDE < 1.15:
                kept.append(image)
                boxes.append(found.xyxy[0])
        return cls(np.array(kept[:count]), np.array(boxes[:count], np.float32))

    def pasted(
        self,
        group: str,
        height: float,
        backgrounds: list[Image],
        *,
        each: int = 6,
        change: Callable[[NDArray[np.uint8]], NDArray[np.uint8]] = lambda face: face,
        seed: int = 0,
    ) -> Iterator[Scene]:
        """Yield scenes with several faces of a height.

        Args:
            group: name of the group.
            height: height of the faces' boxes in pixels.
            backgrounds: grey pictures ``(600, 800)`` without faces.
            each: faces in a scene, in a grid.
            change: is applied to each face before it is pasted.
            seed: of the places.
        """
        rng, width = np.random.default_rng(seed), _SCENE[0]
        columns = -(-each // 2)
        for start in range(0, len(self.images) - each + 1, each):
            picture = backgrounds[start // each % len(backgrounds)].copy()
            boxes = []
            for i, face in enumerate(self.images[start : start + each]):
                cell = np.array([(i % columns + 0.5) * width / columns, (i // columns + 0.5) * 300])
                middle = np.round(cell + rng.uniform(-20, 20, 2))
                box = self.boxes[start + i].reshape(2, 2)
                scale = height / float(box[1, 1] - box[0, 1])
                _paste(picture, change(face), middle, scale)
                boxes.append(((box - 24) * scale + middle).ravel())
            rgb = np.repeat(picture[..., None], 3, axis=2)
            yield Scene(group, str(start), rgb, np.array(boxes, np.float32), each)


def _paste(picture: NDArray[np.uint8], face: NDArray, middle: NDArray, scale: float) -> None:
    """Blend a face into a picture, so that no straight border gives it away."""
    side = round(48 * scale)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    small = cv2.resize(face, (side, side), interpolation=method).astype(np.float32)
    x, y = (np.round(middle - side / 2)).astype(int)
    ramp = np.clip(np.minimum(np.arange(side), np.arange(side)[::-1]) / max(1, 0.06 * side), 0, 1)
    mask = np.minimum(ramp[:, None], ramp[None])
    target = picture[y : y + side, x : x + side]
    target[:] = np.clip(mask * small + (1 - mask) * target, 0, 255).astype(np.uint8)


def backgrounds() -> list[Image]:
    """Return grey scenes without faces."""
    colour = [skimage.data.coffee(), skimage.data.rocket(), skimage.data.stereo_motorcycle()[0]]
    grey = [skimage.data.brick(), skimage.data.gravel(), skimage.data.grass()]
    grey += [cv2.cvtColor(_rgb(picture), cv2.COLOR_RGB2GRAY) for picture in colour]
    return [_resized(picture) for picture in grey]


def _resized(picture: NDArray) -> Image:
    return np.asarray(cv2.resize(picture, _SCENE, interpolation=cv2.INTER_AREA), np.uint8)


def turned(image: Image, degrees: float) -> Image:
    """Turn a picture about its middle; the canvas grows, and is black around it."""
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    cosine, sine = abs(matrix[0, 0]), abs(matrix[0, 1])
    size = round(height * sine + width * cosine), round(height * cosine + width * sine)
    matrix[:, 2] += np.array(size) / 2 - (width / 2, height / 2)
    return np.asarray(cv2.warpAffine(image, matrix, size, flags=cv2.INTER_AREA), np.uint8)


def cut(image: Image, box: Floats, widen: float = 0.1) -> Image:
    """Cut a face to its box, widened by a share of its side."""
    side = (box[2:] - box[:2]).max() * widen / 2
    left, top = np.maximum(box[:2] - side, 0).astype(int)
    right, bottom = np.minimum(box[2:] + side, (image.shape[1], image.shape[0])).astype(int)
    return np.ascontiguousarray(image[top:bottom, left:right])


def _rgb(image: NDArray) -> Image:
    image = np.asarray(image)
    if image.dtype == bool:
        image = image.astype(np.uint8) * 255
    if image.dtype != np.uint8:
        image = (255 * (image - image.min()) / max(float(np.ptp(image)), 1e-9)).astype(np.uint8)
    return np.repeat(image[..., None], 3, axis=2) if image.ndim == 2 else image[..., :3].copy()
