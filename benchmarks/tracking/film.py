"""Turn a scripted scene into frames, with the truth about who is where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import skimage.data

from benchmarks.tracking.people import Person
from benchmarks.tracking.scenes import SIZE, Scene
from fer.types import Floats, Image

#: Share of the time between two frames at 30 a second for which the shutter is open.
_EXPOSURE_SECONDS = 1 / 60

#: Standard deviation of the camera's noise, of 255.
_NOISE = 3.0

#: How far people tilt their heads to either side.
_TILT_DEGREES = 6.0

#: Least share of a face that must be seen for it to be in view.
_IN_VIEW = 0.6


@dataclass(frozen=True)
class Frame:
    """One frame, and who is in it.

    Attributes:
        seconds: time of the frame.
        image: ``(height, width, 3)`` RGB uint8.
        persons: ``(n,)`` who is in view, as indices of the scene's paths.
        xyxy: ``(n, 4)`` their faces' boxes in pixels.
    """

    seconds: float
    image: Image
    persons: np.ndarray
    xyxy: Floats


def film(scene: Scene, cast: Sequence[Person], rate: float) -> Iterator[Frame]:
    """Yield the frames of a scene.

    Args:
        scene: the script.
        cast: a person for each path.
        rate: frames a second.
    """
    rng = np.random.default_rng(0)
    noise = [rng.normal(0, _NOISE, (*SIZE[::-1], 3)).astype(np.float32) for _ in range(5)]
    room = cv2.resize(skimage.data.coffee(), SIZE, interpolation=cv2.INTER_AREA)
    # An indistinct room: nothing in it looks like a face.
    background = cv2.GaussianBlur(room, (0, 0), 12).astype(np.float32)
    for seconds in np.arange(0, scene.seconds, 1 / rate).tolist():
        if scene.pause[0] <= seconds < scene.pause[1]:
            continue
        picture, covered = background.copy(), np.zeros(SIZE[::-1], np.int64)
        boxes = []
        for index, (path, person) in enumerate(zip(scene.paths, cast, strict=False), start=1):
            place, before = path(seconds), path(seconds - _EXPOSURE_SECONDS)
            if place is not None:
                blur = abs(place[0] - before[0]) if before else 0.0
                angle = _TILT_DEGREES * np.sin(0.8 * seconds + index)
                if any(a.person == index - 1 and seconds >= a.back for a in scene.absences):
                    person = person.turned()
                _draw(picture, covered, index, person, place, angle, blur)
            boxes.append(None if place is None else _box(place))
        picture *= np.array(scene.light(seconds), np.float32)
        # The same few pictures of noise, shifted, for noise is slow to draw.
        picture += np.roll(noise[rng.integers(5)], int(rng.integers(SIZE[1])), axis=0)
        image = np.clip(picture, 0, 255).astype(np.uint8)
        seen = [i for i, b in enumerate(boxes) if b is not None and _seen(covered, i + 1, b)]
        xyxy = np.array([boxes[i] for i in seen], np.float32).reshape(-1, 4)
        yield Frame(seconds, image, np.array(seen, np.int64), xyxy)


def _box(place: tuple[float, float, float]) -> tuple[float, float, float, float]:
    x, y, side = place
    return x - side / 2, y - side / 2, x + side / 2, y + side / 2


def _draw(
    picture: Floats,
    covered: np.ndarray,
    index: int,
    person: Person,
    place: tuple[float, float, float],
    angle: float,
    blur: float,
) -> None:
    """Paste a person into the picture, and the index to where the person covers what is behind."""
    x, y, side = place
    scale = side / person.side
    turn = np.array(cv2.getRotationMatrix2D(person.centre.tolist(), angle, scale), np.float64)
    turn[:, 2] += np.array([x, y]) - person.centre
    reach = 2.4 * side
    left, top = max(int(x - reach), 0), max(int(y - reach), 0)
    right, bottom = min(int(x + reach), SIZE[0]), min(int(y + reach), SIZE[1])
    if right <= left or bottom <= top:
        return
    turn[:, 2] -= np.array([left, top])
    size = (right - left, bottom - top)
    cut = cv2.warpAffine(person.picture, turn, size, flags=cv2.INTER_AREA).astype(np.float32)
    mask = cv2.warpAffine(person.mask, turn, size)
    if blur >= 2:
        kernel = np.full((1, round(blur)), 1 / round(blur), np.float32)
        cut = cv2.filter2D(cut, -1, kernel).astype(np.float32)
        mask = cv2.filter2D(mask, -1, kernel)
    region = picture[top:bottom, left:right]
    region += mask[..., None] * (cut - region)
    covered[top:bottom, left:right][mask > 0.5] = index


def _seen(covered: np.ndarray, index: int, box: tuple[float, float, float, float]) -> bool:
    """Return whether most of a face is in the frame and not behind somebody."""
    left, top, right, bottom = (round(v) for v in box)
    inside = covered[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)] == index
    return bool(inside.sum() >= _IN_VIEW * (right - left) * (bottom - top))
