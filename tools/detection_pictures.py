"""Pictures with known faces: photographs, faces of FER2013 pasted into scenes, and no faces at all.

Nothing is stored: other people's pictures stay where they are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
import skimage.data
from numpy.typing import NDArray

from fer.detection.blazeface import BlazeFace
from fer.geometry import intersection_matrix, transform_points
from fer.images import read as read_image
from fer.types import Floats, Image
from tools.pictures import BORDER, ENLARGE, largest, photograph

Grey = NDArray[np.uint8]

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
    """A picture ``(height, width, 3)`` RGB uint8 of a group, which has figures, and its faces.

    Their boxes are ``(n, 4)`` float32 in pixels; None if only their number is known.
    """

    group: str
    name: str
    image: Image
    boxes: Floats | None
    count: int

    @classmethod
    def of(cls, group: str, name: str, image: NDArray, boxes: Sequence | Floats = ()) -> Scene:
        """Make a scene whose faces' boxes are known; boxes end at the border of the picture."""
        image = as_rgb(image)
        inside = clipped(np.array(boxes, np.float32).reshape(-1, 4), image)
        return cls(group, name, image, inside, len(inside))


def clipped(boxes: Floats, image: Image) -> Floats:
    """Return the parts of boxes that are inside a picture."""
    corner = np.array(image.shape[1::-1] * 2, np.float32)
    return np.clip(boxes, 0, corner).astype(np.float32)


def as_rgb(image: NDArray) -> Image:
    """Return any picture of scikit-image as ``(height, width, 3)`` RGB uint8."""
    image = np.asarray(image)
    if image.dtype != np.uint8:
        image = image.astype(float) - image.min()
        image = (255 * image / max(float(image.max()), 1e-9)).astype(np.uint8)
    return np.repeat(image[..., None], 3, axis=2) if image.ndim == 2 else image[..., :3].copy()


def resized(picture: NDArray, size_wh: tuple[int, int]) -> Grey:
    """Return a picture in another size; without steps if it is enlarged."""
    larger = size_wh[0] > picture.shape[1] or size_wh[1] > picture.shape[0]
    method = cv2.INTER_CUBIC if larger else cv2.INTER_AREA
    return np.asarray(cv2.resize(picture, size_wh, interpolation=method), np.uint8)


def backgrounds(size_wh: tuple[int, int] = SCENE) -> list[Grey]:
    """Return grey scenes without faces."""
    colour = [skimage.data.coffee(), skimage.data.rocket(), skimage.data.stereo_motorcycle()[0]]
    grey = [skimage.data.brick(), skimage.data.gravel(), skimage.data.grass()]
    grey += [cv2.cvtColor(as_rgb(picture), cv2.COLOR_RGB2GRAY) for picture in colour]
    return [resized(picture, size_wh) for picture in grey]


def photographs(folder: Path) -> list[Scene]:
    """Return a folder's photographs, whose faces ``photos.json`` counts, and an astronaut's."""
    found = []
    for name, truth in json.loads((folder / "photos.json").read_text()).items():
        image, boxes = read_image(folder / name), _BOXES.get(name)
        if boxes is not None and len(boxes) == truth["faces"]:
            found.append(Scene.of("photographs", name, image, boxes))
        else:
            found.append(Scene("photographs", name, image, None, truth["faces"]))
    # NASA's, in the public domain.
    box = [(172, 71, 278, 177)]
    return [*found, Scene.of("photographs", "astronaut", skimage.data.astronaut(), box)]


@dataclass(frozen=True)
class Portraits:
    """Faces of FER2013 that nobody takes for anything else: ``(n, 48, 48)`` uint8.

    The boxes ``(n, 4)`` are where the detector sees the enlarged face, in their pixels.
    """

    images: Grey
    boxes: Floats

    def __len__(self) -> int:
        return len(self.images)

    @classmethod
    def of(cls, file: Path, count: int, seed: int) -> Portraits:
        """Choose faces of PublicTest on whose expression at least eight of ten voters agree.

        Their size must be known, so faces are left out that are unusually small or large in their
        picture, or that the detector does not see even when they are enlarged.
        """
        with np.load(file) as arrays:
            votes = arrays["votes"]
            sure = (votes[:, :8].max(axis=1) >= 8) & (votes[:, 8:].sum(axis=1) == 0)
            rows = np.flatnonzero(sure & (arrays["usage"] == "PublicTest"))
            images = arrays["image"][np.random.default_rng(seed).permutation(rows)[: 2 * count]]
        detector, kept, boxes = BlazeFace(), [], []
        for image in images:
            found = largest(detector(photograph(image[..., None])))
            found = found.moved(scale=1 / ENLARGE, offset=(-BORDER, -BORDER))
            # Of 48 pixels, the box of most has 40.6; see `fer.alignment`.
            if len(found) and 0.85 < (found.xyxy[0, 3] - found.xyxy[0, 1]) / 40.6 < 1.15:
                kept.append(image)
                boxes.append(found.xyxy[0])
        return cls(np.array(kept[:count]), np.array(boxes[:count], np.float32))

    def paste(self, index: int, picture: Grey, middle: NDArray, height: float) -> Floats:
        """Blend a face into a grey picture, so that no straight border gives it away.

        Middle and height are those of the face's box, in pixels. Returns that box ``(4,)``, which
        may reach beyond the picture.
        """
        face, box = self.images[index], self.boxes[index].reshape(2, 2)
        scale = height / float(box[1, 1] - box[0, 1])
        x, y = corner = np.round(middle - box.mean(axis=0) * scale).astype(int)
        side = round(len(face) * scale)
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        small = cv2.resize(face, (side, side), interpolation=method).astype(np.float32)
        edge = np.minimum(np.arange(side), np.arange(side)[::-1]) / max(1, 0.06 * side)
        ramp = np.clip(edge, 0, 1)
        mask, (rows, columns) = np.minimum(ramp[:, None], ramp[None]), picture.shape
        within = slice(max(0, -y), rows - y), slice(max(0, -x), columns - x)
        target = picture[max(0, y) : max(0, y + side), max(0, x) : max(0, x + side)]
        mixed = mask[within] * small[within] + (1 - mask[within]) * target
        target[:] = np.clip(mixed, 0, 255).astype(np.uint8)
        return (box * scale + corner).astype(np.float32).ravel()

    def pasted(self, group: str, height: float, change: Callable[[Grey], Grey]) -> Iterator[Scene]:
        """Yield scenes with six faces of a height each, which are changed before."""
        rng, scenery = np.random.default_rng(0), backgrounds()
        changed = Portraits(np.array([change(face) for face in self.images]), self.boxes)
        for start in range(0, len(self) - 5, 6):
            picture, boxes = scenery[start // 6 % len(scenery)].copy(), []
            for i in range(6):
                cell = np.array([(i % 3 + 0.5) * SCENE[0] / 3, (i // 3 + 0.5) * 300])
                middle = np.round(cell + rng.uniform(-20, 20, 2))
                boxes.append(changed.paste(start + i, picture, middle, height))
            yield Scene.of(group, str(start), picture, boxes)


#: Heights of the smallest and largest face of a crowd, in pixels.
SMALLEST, LARGEST = 18, 60

#: Most of a face, as a share, that people before it or the picture's border may hide; and the share
#: of a large face that is outside the picture.
_HIDDEN, OUTSIDE = 0.1, (0.25, 0.35)

#: Width and height of shoulders and chest in heights of the face, and where they begin below the
#: middle of the face.
_BODY, _CHIN = np.array([2.0, 1.6]), 0.55


def crowds(portraits: Portraits, repeats: int = 2) -> Iterator[Scene]:
    """Yield crowds of 25 and of 80 people, as often as given."""
    for people, size_wh in ((25, (800, 600)), (80, (1280, 960))):
        scenery = backgrounds(size_wh)
        for repeat in range(repeats):
            rng = np.random.default_rng(100 * people + repeat)
            chosen = rng.permutation(len(portraits))[:people]
            yield crowd(f"crowd of {people}", portraits, chosen, scenery[repeat - 1].copy(), rng)


def crowd(
    group: str, portraits: Portraits, chosen: NDArray, picture: Grey, rng: np.random.Generator
) -> Scene:
    """Fill a picture with people, the small ones behind; who finds no place is left out."""
    heights = np.sort(np.exp(rng.uniform(np.log(SMALLEST), np.log(LARGEST), len(chosen))))
    boxes = np.zeros((0, 4), np.float32)
    for index, height in zip(chosen, heights, strict=True):
        middle = _place(boxes, height, picture.shape, rng)
        if middle is not None:
            _dress(picture, middle, height, rng)
            box = portraits.paste(index, picture, middle, height)
            boxes = np.concatenate([boxes, box[None]])
    return Scene.of(group, f"{len(boxes)}", picture, boxes)


def _place(
    boxes: Floats, height: float, shape: tuple[int, ...], rng: np.random.Generator
) -> NDArray | None:
    """Return the middle of a face where its owner hides nobody; None if there is no such place."""
    size, half = np.array(shape[1::-1]), height / 2
    least = half * (1 - 2 * _HIDDEN)
    for _ in range(400):
        middle = rng.uniform(least, size - least)
        head = np.concatenate([middle - 1.2 * half, middle + 1.2 * half])
        chest = middle + np.array([0, (_CHIN + _BODY[1] / 2) * height])
        body = np.concatenate([chest - _BODY * half, chest + _BODY * half])
        hidden = intersection_matrix(boxes, np.stack([head, body]).astype(np.float32))
        if (hidden <= _HIDDEN * (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)[:, None]).all():
            return middle
    return None


def _dress(picture: Grey, middle: NDArray, height: float, rng: np.random.Generator) -> None:
    shade, bottom = int(rng.integers(20, 230)), _CHIN + _BODY[1]
    right = [(0.35, _CHIN), (1, _CHIN + 0.35), (1, bottom)]
    outline = [(-0.35, _CHIN), *right, (-1, bottom), (-1, _CHIN + 0.35)]
    outline = np.array(outline) * height + middle
    cv2.fillPoly(picture, [np.round(outline).astype(np.int32)], shade, cv2.LINE_AA)


def selfies(portraits: Portraits) -> Iterator[Scene]:
    """Yield two people each: a large one cut by the border of the picture, and a smaller one."""
    scenery, rng = backgrounds(), np.random.default_rng(0)
    for start in range(0, len(portraits) - 1, 2):
        picture = scenery[start // 2 % len(scenery)].copy()
        height, outside = rng.uniform(180, 360), rng.uniform(*OUTSIDE)
        width, reach = picture.shape[1], (0.5 - outside) * height
        side = ("left", "right", "bottom")[start // 2 % 3]
        large = {
            "left": (reach, picture.shape[0] * 0.45),
            "right": (width - reach, picture.shape[0] * 0.45),
            "bottom": (width * 0.3, picture.shape[0] - reach),
        }[side]
        other, boxes = (width * (0.7 if side != "right" else 0.3), 150), []
        for i, (middle, tall) in enumerate(((other, rng.uniform(60, 110)), (large, height))):
            _dress(picture, np.array(middle), tall, rng)
            boxes.append(portraits.paste(start + i, picture, np.array(middle), tall))
        yield Scene.of("cut by the border", f"{start}, {side}", picture, boxes)


def cut_photographs(photographs: Iterable[Scene]) -> Iterator[Scene]:
    """Yield photographs of one person, cut on a side so that a share of the face is missing."""
    for scene in photographs:
        if scene.count != 1 or scene.boxes is None:
            continue
        for outside in OUTSIDE:
            left, top, right, bottom = scene.boxes[0]
            height, width = scene.image.shape[:2]
            hidden = outside * (right - left), outside * (bottom - top)
            for side, area in {
                "left": (left + hidden[0], 0, width, height),
                "right": (0, 0, right - hidden[0], height),
                "bottom": (0, 0, width, bottom - hidden[1]),
            }.items():
                name = f"{scene.name}, {side}, {outside}"
                yield _part(scene, "cut by the border", name, np.array(area))


def _part(scene: Scene, group: str, name: str, area: NDArray) -> Scene:
    """Return an area of a scene: left, top, right, bottom."""
    assert scene.boxes is not None
    left, top, right, bottom = area.astype(int)
    part = np.ascontiguousarray(scene.image[top:bottom, left:right])
    return Scene.of(group, name, part, scene.boxes - np.array([left, top, left, top]))


#: Angles in degrees by which pictures of one face are turned, in groups with a figure each.
ANGLES = {
    "turned 0 to 30°": (0, 15, 30),
    "turned 45 to 75°": (45, 60, 75),
    "turned 90 to 120°": (90, 105, 120),
    "turned 135 to 165°": (135, 150, 165),
    "turned 180°": (180,),
}


def turned(scene: Scene, group: str, degrees: float) -> Scene:
    """Turn a scene about its middle; the canvas grows, and is black around it."""
    height, width = scene.image.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    cosine, sine = abs(matrix[0, 0]), abs(matrix[0, 1])
    size = round(height * sine + width * cosine), round(height * cosine + width * sine)
    matrix[:, 2] += np.array(size) / 2 - (width / 2, height / 2)
    image = np.asarray(cv2.warpAffine(scene.image, matrix, size, flags=cv2.INTER_AREA), np.uint8)
    name = f"{scene.name}, {degrees}°"
    if scene.boxes is None:
        return replace(scene, group=group, name=name, image=image)
    # A detector's box about a turned face is upright, and as large as about an upright face.
    middles = scene.boxes.reshape(-1, 2, 2).mean(axis=1)
    there = transform_points(matrix, middles - 0.5) + 0.5  # OpenCV counts from pixels' middles
    half = (scene.boxes[:, 2:] - scene.boxes[:, :2]) / 2
    return Scene.of(group, name, image, np.concatenate([there - half, there + half], axis=1))


def all_turned(scenes: Iterable[Scene], portraits: Portraits, per_angle: int) -> Iterator[Scene]:
    """Yield scenes of one face at all `ANGLES`, and so many portraits pasted into one for each."""
    single = [scene for scene in scenes if scene.count == 1]
    scenery, index = backgrounds(), 0
    for group, angles in ANGLES.items():
        for degrees in angles:
            yield from (turned(scene, group, degrees) for scene in single)
            for _ in range(per_angle):
                picture = scenery[index % len(scenery)].copy()
                box = portraits.paste(index % len(portraits), picture, np.array(SCENE) / 2, 130)
                yield turned(Scene.of(group, f"portrait {index}", picture, [box]), group, degrees)
                index += 1


def cut_tightly(scenes: Iterable[Scene], portraits: Portraits) -> Iterator[Scene]:
    """Yield all faces of scenes, and all portraits enlarged, cut to their box and 10 % more."""
    enlarged = (
        Scene.of("FER2013", str(i), photograph(image[..., None]), [(box + BORDER) * ENLARGE])
        for i, (image, box) in enumerate(zip(portraits.images, portraits.boxes, strict=True))
    )
    for scene in (*scenes, *enlarged):
        for box in () if scene.boxes is None else scene.boxes:
            margin = (box[2:] - box[:2]).max() * 0.05
            size = scene.image.shape[1::-1]
            area = [*np.maximum(box[:2] - margin, 0), *np.minimum(box[2:] + margin, size)]
            alone = replace(scene, boxes=box[None])
            yield _part(alone, f"cut to the box + 10 %, {scene.group}", scene.name, np.array(area))


class Material:
    """Where the pictures come from: a folder with ``photos.json``, and FER2013 as ``.npz``."""

    def __init__(self, photos: Path, data: Path) -> None:
        self._photos, self._data = photos, data

    @cached_property
    def photographs(self) -> list[Scene]:
        """The photographs, and scikit-image's."""
        return photographs(self._photos)

    @cached_property
    def portraits(self) -> Portraits:
        """Faces of FER2013 for crowds, selfies, tight crops and turned pictures."""
        return Portraits.of(self._data, 80, seed=9)

    def pasted(
        self, name: str, height: int, seed: int, change: Callable = lambda face: face
    ) -> Iterator[Scene]:
        """Yield 72 faces of a height, which are changed before they are pasted."""
        yield from Portraits.of(self._data, 72, seed).pasted(name, height, change)
