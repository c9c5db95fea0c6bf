"""Many faces of all sizes in one picture, and people whom its border cuts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.detection.material import Portraits, Scene, as_rgb, backgrounds
from fer.types import Floats

#: Heights of the smallest and largest face of a crowd, in pixels.
SMALLEST, LARGEST = 18, 60

#: Number of people in a crowd, and width and height of its picture.
_CROWDS = ((25, (800, 600)), (80, (1280, 960)))

#: Most of a face, as a share, that people before it or the picture's border may hide.
_HIDDEN = 0.1

#: Places tried for a person before the next one's turn.
_TRIES = 400

#: Width and height of shoulders and chest in heights of the face, and where they begin below the
#: middle of the face.
_BODY = np.array([2.0, 1.6])
_CHIN = 0.55

#: Share of a large face that is outside the picture.
OUTSIDE = (0.25, 0.35)


def crowds(portraits: Portraits, repeats: int = 2) -> Iterator[Scene]:
    """Yield crowds of 25 and of 80 people, as often as given."""
    for people, size_wh in _CROWDS:
        scenery = backgrounds(size_wh)
        for repeat in range(repeats):
            rng = np.random.default_rng(100 * people + repeat)
            chosen = rng.permutation(len(portraits))[:people]
            yield crowd(f"crowd of {people}", portraits, chosen, scenery[repeat - 1].copy(), rng)


def crowd(
    group: str,
    portraits: Portraits,
    chosen: NDArray,
    picture: NDArray[np.uint8],
    rng: np.random.Generator,
) -> Scene:
    """Fill a picture with people, the small ones behind.

    Args:
        group: name of the group.
        portraits: faces.
        chosen: which of them.
        picture: grey scenery ``(height, width)``, is changed.
        rng: gives places, sizes, and how bright clothes are.

    Returns:
        The scene; who found no place in it is left out.
    """
    heights = np.sort(np.exp(rng.uniform(np.log(SMALLEST), np.log(LARGEST), len(chosen))))
    boxes = np.zeros((0, 4), np.float32)
    for index, height in zip(chosen, heights, strict=True):
        middle = _place(boxes, height, picture.shape, rng)
        if middle is not None:
            _dress(picture, middle, height, rng)
            box = portraits.paste(index, picture, middle, height)
            boxes = np.concatenate([boxes, box[None]])
    return Scene.of(group, f"{len(boxes)}", as_rgb(picture), boxes)


def _place(
    boxes: Floats, height: float, shape: tuple[int, ...], rng: np.random.Generator
) -> NDArray | None:
    """Return the middle of a face where its owner hides nobody; None if there is no such place."""
    size, half = np.array(shape[1::-1]), height / 2
    least = half * (1 - 2 * _HIDDEN)
    for _ in range(_TRIES):
        middle = rng.uniform(least, size - least)
        head = np.concatenate([middle - 1.2 * half, middle + 1.2 * half])
        chest = middle + np.array([0, (_CHIN + _BODY[1] / 2) * height])
        body = np.concatenate([chest - _BODY * half, chest + _BODY * half])
        if max(_covered(boxes, head), _covered(boxes, body)) <= _HIDDEN:
            return middle
    return None


def _covered(boxes: Floats, area: NDArray) -> float:
    """Return the largest share of any box that an area covers."""
    if not len(boxes):
        return 0.0
    sides = np.minimum(boxes[:, 2:], area[2:]) - np.maximum(boxes[:, :2], area[:2])
    shares = np.maximum(sides, 0).prod(axis=1) / (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    return float(shares.max())


def _dress(
    picture: NDArray[np.uint8], middle: NDArray, height: float, rng: np.random.Generator
) -> None:
    """Draw shoulders and chest below a face."""
    shade, (x, y) = int(rng.integers(20, 230)), middle
    top, bottom = y + _CHIN * height, y + (_CHIN + _BODY[1]) * height
    wide, neck = _BODY[0] * height / 2, 0.35 * height
    outline = [
        (x - neck, top),
        (x + neck, top),
        (x + wide, top + 0.35 * height),
        (x + wide, bottom),
    ]
    outline += [(x - wide, bottom), (x - wide, top + 0.35 * height)]
    cv2.fillPoly(picture, [np.round(outline).astype(np.int32)], shade, cv2.LINE_AA)


def selfies(portraits: Portraits) -> Iterator[Scene]:
    """Yield two people each: a large one cut by the border of the picture, and a smaller one."""
    scenery, rng = backgrounds(), np.random.default_rng(0)
    for start in range(0, len(portraits) - 1, 2):
        picture = scenery[start // 2 % len(scenery)].copy()
        height, outside = rng.uniform(180, 360), rng.uniform(*OUTSIDE)
        size, reach = np.array(picture.shape[::-1]), (0.5 - outside) * height
        side = ("left", "right", "bottom")[start // 2 % 3]
        large = {
            "left": (reach, size[1] * 0.45),
            "right": (size[0] - reach, size[1] * 0.45),
            "bottom": (size[0] * 0.3, size[1] - reach),
        }[side]
        other = (size[0] * (0.7 if side != "right" else 0.3), 150)
        boxes = []
        for i, (middle, tall) in enumerate(((other, rng.uniform(60, 110)), (large, height))):
            _dress(picture, np.array(middle), tall, rng)
            boxes.append(portraits.paste(start + i, picture, np.array(middle), tall))
        yield Scene.of("cut by the border", f"{start}, {side}", as_rgb(picture), boxes)


def cut_photographs(photographs: Iterable[Scene]) -> Iterator[Scene]:
    """Yield photographs of one person, cut so that a part of the face is missing."""
    for scene in photographs:
        for outside in OUTSIDE if scene.count == 1 and scene.boxes is not None else ():
            for side in ("left", "right", "bottom"):
                yield _cut_by_border(scene, side, outside)


def _cut_by_border(scene: Scene, side: str, outside: float) -> Scene:
    """Cut a scene of one face so that a share of the face is missing on one side."""
    assert scene.boxes is not None
    left, top, right, bottom = scene.boxes[0]
    height, width = scene.image.shape[:2]
    start, stop = np.zeros(2, int), np.array([width, height])
    if side == "left":
        start[0] = left + outside * (right - left)
    elif side == "right":
        stop[0] = right - outside * (right - left)
    else:
        stop[1] = bottom - outside * (bottom - top)
    part = np.ascontiguousarray(scene.image[start[1] : stop[1], start[0] : stop[0]])
    boxes = scene.boxes - np.concatenate([start, start])
    return Scene.of("cut by the border", f"{scene.name}, {side}, {outside}", part, boxes)
