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
    for index, draw in enumerate((smiley, bare_smiley, cup, wheel, socket)):
        for side in (60, 160, 420):
            picture = np.full((480, 640, 3), 235, np.uint8)
            draw(picture, (320, 240), side)
            yield Scene("drawings", f"{index} at {side}", picture, nothing, 0)


def smiley(picture: Image, centre: tuple[int, int], side: int) -> None:
    """Draw a yellow smiley."""
    x, y = centre
    cv2.circle(picture, centre, side // 2, (250, 210, 40), -1)
    bare_smiley(picture, (x, y), side)


def bare_smiley(picture: Image, centre: tuple[int, int], side: int) -> None:
    """Draw a smiley of lines."""
    (x, y), pen = centre, max(1, side // 30)
    cv2.circle(picture, centre, side // 2, (20, 20, 20), pen)
    for dx in (-side // 6, side // 6):
        cv2.circle(picture, (x + dx, y - side // 8), max(2, side // 16), (20, 20, 20), -1)
    cv2.ellipse(picture, (x, y + side // 12), (side // 4, side // 6), 0, 15, 165, (20, 20, 20), pen)


def cup(picture: Image, centre: tuple[int, int], side: int) -> None:
    """Draw a cup from above, on its saucer."""
    x, y = centre
    cv2.circle(picture, centre, side // 2, (245, 245, 250), -1)
    cv2.circle(picture, centre, side // 2, (150, 150, 160), max(1, side // 60))
    cv2.circle(picture, centre, side // 3, (120, 70, 40), -1)
    cv2.ellipse(picture, (x + side // 2, y), (side // 6, side // 9), 0, 0, 360, (200, 200, 210), -1)


def wheel(picture: Image, centre: tuple[int, int], side: int) -> None:
    """Draw a wheel with five holes."""
    x, y = centre
    cv2.circle(picture, centre, side // 2, (60, 60, 64), -1)
    for turn in np.arange(5) * 2 * np.pi / 5:
        hole = (round(x + side * 0.28 * np.sin(turn)), round(y - side * 0.28 * np.cos(turn)))
        cv2.circle(picture, hole, max(2, side // 11), (190, 190, 196), -1)


def socket(picture: Image, centre: tuple[int, int], side: int) -> None:
    """Draw a socket with two holes and a slit, which many people see as a face."""
    (x, y), half = centre, side // 2
    cv2.rectangle(picture, (x - half, y - half), (x + half, y + half), (250, 248, 240), -1)
    cv2.rectangle(picture, (x - half, y - half), (x + half, y + half), (170, 168, 160), 2)
    for dx in (-side // 5, side // 5):
        cv2.ellipse(
            picture, (x + dx, y - side // 10), (side // 24 + 1, side // 9), 0, 0, 360, (30,) * 3, -1
        )
    cv2.ellipse(picture, (x, y + side // 4), (side // 9, side // 9), 0, 0, 360, (30, 30, 30), -1)


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
