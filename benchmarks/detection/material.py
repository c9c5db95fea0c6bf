"""Pictures with known faces: photographs, and faces of FER2013 pasted into scenes without any.

Nothing is stored: other people's pictures stay where they are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
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
SCENE = (800, 600)

#: Boxes of the faces in the photographs, read off by hand. In others only their number is known.
_BOXES = {
    "couple.jpg": [(206, 464, 671, 929), (947, 322, 1400, 775)],
    "six_at_a_table.jpg": [
        *[(904, 76, 1029, 201), (455, 286, 580, 412), (746, 367, 853, 474)],
        *[(1130, 297, 1232, 398), (63, 292, 163, 392), (281, 171, 376, 266)],
    ],
    "one_smiling.jpg": [(291, 310, 907, 926)],
    "one_close.jpg": [(461, 438, 1111, 1088)],
    "two_people.jpg": [(778, 88, 943, 253), (235, 76, 383, 225)],
    "landscape.jpg": [],
    "masked.png": [(59, 263, 488, 692)],
    "tilted.png": [(104, 98, 244, 238)],
    "blurred.jpg": [(120, 34, 395, 309)],
    "small_on_stage.jpg": [(714, 236, 904, 426)],
    "portrait.jpg": [(141, 149, 432, 441)],
}


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

    @classmethod
    def of(cls, group: str, name: str, image: Image, boxes: Sequence | Floats = ()) -> Scene:
        """Make a scene whose faces' boxes are known; boxes end at the border of the picture."""
        inside = clipped(np.array(boxes, np.float32).reshape(-1, 4), image)
        return cls(group, name, image, inside, len(inside))


def clipped(boxes: Floats, image: Image) -> Floats:
    """Return the parts of boxes that are inside a picture."""
    corner = np.array(image.shape[1::-1] * 2, np.float32)
    return np.clip(boxes, 0, corner).astype(np.float32)


def photographs(folder: Path) -> Iterator[Scene]:
    """Yield the photographs of a folder with ``photos.json``, in which their faces are counted."""
    for name, truth in json.loads((folder / "photos.json").read_text()).items():
        image, boxes = read_image(folder / name), _BOXES.get(name)
        if boxes is not None and len(boxes) == truth["faces"]:
            yield Scene.of("photographs", name, image, boxes)
        else:
            yield Scene("photographs", name, image, None, truth["faces"])


def astronaut() -> Scene:
    """Return scikit-image's photograph of an astronaut (NASA, public domain)."""
    image = np.asarray(skimage.data.astronaut(), np.uint8)
    return Scene.of("photographs", "astronaut", image, [(172, 71, 278, 177)])


@dataclass(frozen=True)
class Portraits:
    """Faces of FER2013 that nobody takes for anything else.

    Attributes:
        images: ``(n, 48, 48)`` uint8.
        boxes: ``(n, 4)`` float32, where the detector sees the enlarged face, in their pixels.
    """

    images: NDArray[np.uint8]
    boxes: Floats

    def __len__(self) -> int:
        return len(self.images)

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

    def paste(
        self, index: int, picture: NDArray[np.uint8], middle: NDArray, height: float
    ) -> Floats:
        """Paste a face into a grey picture; what lies outside is cut off.

        Args:
            index: which face.
            picture: ``(height, width)`` uint8, is changed.
            middle: ``(2,)`` x and y of the middle of the face's box, in pixels.
            height: height of the face's box, in pixels.

        Returns:
            The face's box ``(4,)``, which may reach beyond the picture.
        """
        box = self.boxes[index].reshape(2, 2)
        scale = height / float(box[1, 1] - box[0, 1])
        corner = np.round(middle - box.mean(axis=0) * scale).astype(int)
        paste(picture, self.images[index], corner, scale)
        return (box * scale + corner).astype(np.float32).ravel()

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
        rng, width = np.random.default_rng(seed), SCENE[0]
        changed = Portraits(np.array([change(face) for face in self.images]), self.boxes)
        columns = -(-each // 2)
        for start in range(0, len(self) - each + 1, each):
            picture = backgrounds[start // each % len(backgrounds)].copy()
            boxes = []
            for i in range(each):
                cell = np.array([(i % columns + 0.5) * width / columns, (i // columns + 0.5) * 300])
                middle = np.round(cell + rng.uniform(-20, 20, 2))
                boxes.append(changed.paste(start + i, picture, middle, height))
            yield Scene.of(group, str(start), as_rgb(picture), boxes)


def paste(picture: NDArray[np.uint8], face: NDArray, corner: NDArray, scale: float) -> None:
    """Blend a face into a grey picture, so that no straight border gives it away."""
    side = round(len(face) * scale)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    small = cv2.resize(face, (side, side), interpolation=method).astype(np.float32)
    ramp = np.clip(np.minimum(np.arange(side), np.arange(side)[::-1]) / max(1, 0.06 * side), 0, 1)
    mask = np.minimum(ramp[:, None], ramp[None])
    (x, y), (rows, columns) = corner, picture.shape
    within = slice(max(0, -y), rows - y), slice(max(0, -x), columns - x)
    target = picture[max(0, y) : max(0, y + side), max(0, x) : max(0, x + side)]
    mixed = mask[within] * small[within] + (1 - mask[within]) * target
    target[:] = np.clip(mixed, 0, 255).astype(np.uint8)


def backgrounds(size_wh: tuple[int, int] = SCENE) -> list[Image]:
    """Return grey scenes without faces."""
    colour = [skimage.data.coffee(), skimage.data.rocket(), skimage.data.stereo_motorcycle()[0]]
    grey = [skimage.data.brick(), skimage.data.gravel(), skimage.data.grass()]
    grey += [cv2.cvtColor(as_rgb(picture), cv2.COLOR_RGB2GRAY) for picture in colour]
    return [resized(picture, size_wh) for picture in grey]


def resized(picture: NDArray, size_wh: tuple[int, int]) -> Image:
    """Return a picture in another size; without steps if it is enlarged."""
    larger = size_wh[0] > picture.shape[1] or size_wh[1] > picture.shape[0]
    method = cv2.INTER_CUBIC if larger else cv2.INTER_AREA
    return np.asarray(cv2.resize(picture, size_wh, interpolation=method), np.uint8)


def as_rgb(image: NDArray) -> Image:
    """Return any picture of scikit-image as ``(height, width, 3)`` RGB uint8."""
    image = np.asarray(image)
    if image.dtype == bool:
        image = image.astype(np.uint8) * 255
    if image.dtype != np.uint8:
        image = (255 * (image - image.min()) / max(float(np.ptp(image)), 1e-9)).astype(np.uint8)
    return np.repeat(image[..., None], 3, axis=2) if image.ndim == 2 else image[..., :3].copy()
