"""What happens to pictures of faces: turned, cut, darkened, blurred."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.detection.material import SCENE, Portraits, Scene, as_rgb, backgrounds
from benchmarks.framing import BORDER, ENLARGE, photograph
from fer.geometry import transform_points
from fer.types import Floats, Image

#: Group of pictures turned by more than half a turn.
FURTHER = "turned 195 to 345°"

#: Angles in degrees by which pictures of one face are turned, in groups with a figure each.
ANGLES = {
    "turned 0 to 30°": (0, 15, 30),
    "turned 45 to 75°": (45, 60, 75),
    "turned 90 to 120°": (90, 105, 120),
    "turned 135 to 165°": (135, 150, 165),
    "turned 180°": (180,),
    FURTHER: (210, 240, 270, 300, 330),
}

#: Height of pasted faces that are turned, in pixels.
_TURNED_HEIGHT = 130

#: Share of its side by which a tightly cut face's box is widened.
_TIGHT = 0.1


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
    """Yield pictures of one face at all `ANGLES`.

    Args:
        scenes: those with one face are turned by each angle.
        portraits: are pasted into a scene each, others for each angle.
        per_angle: how many of them for each angle.
    """
    single = [scene for scene in scenes if scene.count == 1]
    scenery, index = backgrounds(), 0
    for group, angles in ANGLES.items():
        for degrees in angles:
            yield from (turned(scene, group, degrees) for scene in single)
            for _ in range(per_angle):
                picture = scenery[index % len(scenery)].copy()
                middle = np.array(SCENE) / 2
                box = portraits.paste(index % len(portraits), picture, middle, _TURNED_HEIGHT)
                scene = Scene.of(group, f"portrait {index}", as_rgb(picture), [box])
                yield turned(scene, group, degrees)
                index += 1


def cut_tightly(scenes: Iterable[Scene], portraits: Portraits) -> Iterator[Scene]:
    """Yield all faces of scenes, and all portraits enlarged, cut to their box and 10 % more."""
    for scene in scenes:
        for box in scene.boxes if scene.boxes is not None else ():
            yield _cut(scene.image, box, "cut to the box + 10 %, photographs", scene.name)
    for i, (image, box) in enumerate(zip(portraits.images, portraits.boxes, strict=True)):
        group, place = "cut to the box + 10 %, FER2013", (box + BORDER) * ENLARGE
        yield _cut(photograph(image[..., None]), place, group, str(i))


def _cut(image: Image, box: Floats, group: str, name: str) -> Scene:
    margin = (box[2:] - box[:2]).max() * _TIGHT / 2
    left, top = np.maximum(box[:2] - margin, 0).astype(int)
    right, bottom = np.minimum(box[2:] + margin, image.shape[1::-1]).astype(int)
    part = np.ascontiguousarray(image[top:bottom, left:right])
    return Scene.of(group, name, part, [box - np.array([left, top, left, top])])


def dark(face: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a face at 30 % of its brightness."""
    return (face * 0.3).astype(np.uint8)


def very_dark(face: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a face at 12 % of its brightness, with the noise of a camera."""
    noise = np.random.default_rng(int(face.sum())).normal(0, 3, face.shape)
    return np.clip(face * 0.12 + noise, 0, 255).astype(np.uint8)


def blurred(face: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a face a little out of focus, by 4 % of its height."""
    return np.asarray(cv2.GaussianBlur(face, (0, 0), 1.5), np.uint8)


def blurred_beyond_use(face: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a face so far out of focus, by 10 % of its height, that it shows no expression."""
    return np.asarray(cv2.GaussianBlur(face, (0, 0), 4), np.uint8)
