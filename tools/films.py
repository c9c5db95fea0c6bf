"""Scripted films of real people: who is where at what time, drawn with a truth to compare with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path as File

import cv2
import numpy as np
import skimage.data
from numpy.typing import NDArray

from fer.detection.blazeface import BlazeFace
from fer.images import decode
from fer.types import Floats, Image

#: Width and height of the frames, in pixels.
SIZE = (640, 480)

#: Middle x, middle y and side of a face's box in pixels; None if the person is hidden.
Place = tuple[float, float, float] | None
Path = Callable[[float], Place]


@dataclass(frozen=True)
class Scene:
    """What happens in front of the camera.

    Attributes:
        name: what is seen.
        seconds: duration.
        paths: where each person is; who is nearer to the camera comes later.
        absences: who, by index, is away or hidden from when until when, in seconds.
        replaced: pairs of persons; the second takes the first one's place.
        light: gains of red, green and blue at a time.
        missed: share of the detections that are lost on top of the detector's own misses.
        pause: beginning and end of a time without frames, as when the stream is stopped.
    """

    name: str
    seconds: float
    paths: tuple[Path, ...]
    absences: tuple[tuple[int, float, float], ...] = ()
    replaced: tuple[tuple[int, int], ...] = ()
    light: Callable[[float], Sequence[float]] = lambda t: (1.0, 1.0, 1.0)
    missed: float = 0.03
    pause: tuple[float, float] = (np.inf, np.inf)


def seat(x: float, y: float, side: float, seed: int = 0) -> Path:
    """Return the path of somebody who sits still, as far as people do."""
    phase = np.random.default_rng(seed).uniform(0, 2 * np.pi, 4)

    def path(t: float) -> Place:
        sway = np.sin(0.9 * t + phase[0]) + 0.4 * np.sin(2.3 * t + phase[1])
        nod, size = np.sin(1.3 * t + phase[2]), 1 + 0.03 * np.sin(0.7 * t + phase[3])
        return x + 0.12 * side * sway, y + 0.06 * side * nod, side * size

    return path


def walk(*stops: tuple[float, float, float, float]) -> Path:
    """Return a path through stops of (seconds, x, y, side), straight in between."""
    times, *values = np.array(stops).T

    def path(t: float) -> Place:
        x, y, side = (float(np.interp(t, times, v)) for v in values)
        return (x, y + 0.03 * side * np.sin(9 * t), side)

    return path


def hidden(path: Path, *times: tuple[float, float]) -> Path:
    """Return the path of somebody who cannot be seen from and until some times."""
    return lambda t: None if any(a <= t < b for a, b in times) else path(t)


def still(seconds: float) -> Scene:
    """Six people who sit nearly still."""
    seats = [seat(62 + 103 * i, 150 + 70 * (i % 2), 58, i) for i in range(6)]
    return Scene("six still", seconds, tuple(seats), missed=0.05)


def crossing(count: int) -> Scene:
    """Two or three people who walk past each other, and back."""
    ways = ((110, 530, 88), (530, 110, 96), (320, 560, 80))[:count]
    paths = []
    for i, (a, b, side) in enumerate(ways):
        stops = ((0, a), (1, a), (3 + 0.5 * i, b), (5 + 0.3 * i, b), (7, a), (10, a))
        paths.append(walk(*((t, x, 190, side) for t, x in stops)))
    return Scene(f"{count} crossing", 9, tuple(paths))


def fast() -> Scene:
    """One sways across the whole frame in a second, another sits."""
    sway: Path = lambda t: (320 - 240 * np.cos(np.pi * t), 250, 105)  # noqa: E731
    return Scene("fast", 9, (seat(330, 120, 60), sway))


def coming_and_going() -> Scene:
    """Three leave at one edge for 2, 5 and 10 seconds, and come back at another."""
    left, right = -90, 740
    leaves = (
        (130, 3.0, left, right, 5.8, 410),
        (330, 4.0, right, left, 9.8, 190),
        (520, 7.0, right, right, 17.8, 550),
    )
    paths = []
    for x, gone, edge, other, back, later in leaves:
        stops = ((0, x), (gone, x), (gone + 1, edge), (gone + 1.01, other), (back, other))
        way = walk(*((t, place, 200, 85) for t, place in (*stops, (back + 1, later))))
        paths.append(hidden(way, (gone + 1, back)))
    absences = ((0, 3.7, 6.0), (1, 4.8, 10.0), (2, 7.5, 18.0))
    return Scene("coming and going", 22, tuple(paths), absences)


def behind_a_door() -> Scene:
    """Three are hidden where they sit, for 2, 5 and 10 seconds."""
    absences = ((0, 3.0, 5.0), (1, 4.0, 9.0), (2, 5.0, 15.0))
    paths = tuple(hidden(seat(130 + 190 * i, 190, 85, i), (a, b)) for i, a, b in absences)
    return Scene("hidden", 18, paths, absences)


def all_leave() -> Scene:
    """Four leave, and come back after 5 seconds in other places."""
    places, later = (90, 240, 390, 550), (390, 550, 90, 240)
    paths = tuple(
        hidden(walk((0, a, 190, 80), (6, a, 190, 80), (9, b, 210, 90), (16, b, 210, 90)), (4, 9))
        for a, b in zip(places, later, strict=True)
    )
    return Scene("all leave", 14, paths, tuple((i, 4.0, 9.0) for i in range(4)))


def another_in_the_seat() -> Scene:
    """Two leave their seats, two others sit down there, and the first come back elsewhere."""
    paths = (
        hidden(walk((0, 150, 190, 85), (8, 150, 190, 85), (11, 330, 190, 85)), (4, 12)),
        hidden(seat(150, 190, 85, 1), (0, 5)),
        hidden(walk((0, 500, 190, 85), (8, 500, 190, 85), (11, 330, 190, 85)), (4, np.inf)),
        hidden(seat(500, 190, 85, 2), (0, 7)),
    )
    return Scene("another in the seat", 16, paths, ((0, 4.0, 12.0),), ((0, 1), (2, 3)))


def other_light() -> Scene:
    """The camera dims and turns bluish while one is away."""

    def light(t: float) -> Sequence[float]:
        share = float(np.interp(t, [6, 6.3, 11, 11.3], [0, 1, 1, 0]))
        return [1 + share * (gain - 1) for gain in (0.52, 0.6, 0.72)]

    seats = [seat(120 + 190 * i, 190, 85, i) for i in range(3)]
    paths = (seats[0], seats[1], hidden(seats[2], (5, 8)))
    return Scene("other light", 16, paths, ((2, 5.0, 8.0),), light=light)


def stopped() -> Scene:
    """Four sit; the stream is stopped for half a minute, and they sit a little elsewhere."""
    paths = tuple(
        walk((0, x, 190, 80), (5, x, 190, 80), (35, x + 40, 215, 88), (42, x + 40, 215, 88))
        for x in (80, 220, 360, 520)
    )
    absences = tuple((i, 5.0, 36.0) for i in range(4))
    return Scene("stopped and started", 42, paths, absences, pause=(5, 36))


#: Photographs whose people the tracker's constants were chosen on, and others that only judge.
#: None stands for the astronaut of scikit-image.
TUNING = ("six_at_a_table.jpg", "one_smiling.jpg", "tilted.png")
HELD_OUT = ("couple.jpg", "portrait.jpg", "one_close.jpg", "two_people.jpg", None)

#: What is cut out around the middle of a face: left, top, right, bottom, in sides of its box.
_REACH = (1.3, 1.1, 1.3, 2.2)

#: Largest side of a face's box in a cut-out, in pixels; larger would only cost time.
_MAX_FACE = 120


@dataclass(frozen=True)
class Person:
    """A head with shoulders, cut out of a photograph.

    Attributes:
        picture: ``(height, width, 3)`` RGB uint8.
        mask: ``(height, width)`` float32, 1 where the person is.
        centre: ``(2,)`` middle of the face's box in the picture, in pixels.
        side: side of that box.
    """

    picture: Image
    mask: Floats
    centre: Floats
    side: float

    def turned(self) -> Person:
        """Return the person looking to the other side, in less light."""
        darker = (self.picture[:, ::-1] * 0.85).astype(np.uint8)
        centre = np.array([self.picture.shape[1] - self.centre[0], self.centre[1]], np.float32)
        return replace(self, picture=darker, mask=self.mask[:, ::-1].copy(), centre=centre)


def people(folder: File, names: Sequence[str | None]) -> list[Person]:
    """Return all people in some photographs of a folder, from the left; None: the astronaut."""
    detector, found = BlazeFace(min_score=0.4), []
    for name in names:
        whole = skimage.data.astronaut() if name is None else decode((folder / name).read_bytes())
        scale = min(1.0, 1280 / max(whole.shape[:2]))
        photo = np.asarray(_scaled(whole, scale), np.uint8)
        boxes = detector(photo).xyxy
        found += [_cut_out(photo, box) for box in boxes[np.argsort(boxes[:, 0])]]
    return found


def _scaled(picture: NDArray, scale: float) -> NDArray:
    return cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def _cut_out(photo: Image, box: Floats) -> Person:
    side = float(np.max(box[2:] - box[:2]))
    reach = np.round(np.array(_REACH) * side).astype(int)
    # What the photograph does not show is continued: clothes go on below its edge.
    borders = (reach[1], reach[3], reach[0], reach[2])
    padded = cv2.copyMakeBorder(photo, *borders, borderType=cv2.BORDER_REPLICATE)
    left, top = np.round((box[:2] + box[2:]) / 2).astype(int)
    width, height = reach[:2] + reach[2:]
    mask, (x, y) = np.zeros((height, width), np.float32), (float(reach[0]), float(reach[1]))
    head = (round(x), round(y - 0.12 * side)), (round(0.66 * side), round(0.85 * side))
    cv2.ellipse(mask, *head, 0, 0, 360, 1.0, -1)
    shoulders = [(-0.35, 0.4), (0.35, 0.4), (1.1, 0.95), (1.2, 2.3), (-1.2, 2.3), (-1.1, 0.95)]
    cv2.fillPoly(mask, [np.round(np.array(shoulders) * side + (x, y)).astype(np.int32)], 1.0)
    mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), max(0.06 * side, 0.5)), np.float32)
    scale = min(1.0, _MAX_FACE / side)
    picture = np.asarray(_scaled(padded[top : top + height, left : left + width], scale), np.uint8)
    centre = (reach[:2] * scale).astype(np.float32)
    return Person(picture, np.asarray(_scaled(mask, scale), np.float32), centre, side * scale)


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
    persons: NDArray[np.int64]
    xyxy: Floats


def film(scene: Scene, cast: Sequence[Person], rate: float) -> Iterator[Frame]:
    """Yield the frames of a scene, with a person of the cast for each path, at a rate a second."""
    rng = np.random.default_rng(0)
    noise = [rng.normal(0, 3.0, (*SIZE[::-1], 3)).astype(np.float32) for _ in range(5)]
    # An indistinct room: nothing in it looks like a face.
    room = cv2.resize(skimage.data.coffee(), SIZE, interpolation=cv2.INTER_AREA)
    background = cv2.GaussianBlur(room, (0, 0), 12).astype(np.float32)
    for seconds in np.arange(0, scene.seconds, 1 / rate).tolist():
        if scene.pause[0] <= seconds < scene.pause[1]:
            continue
        picture, covered = background.copy(), np.zeros(SIZE[::-1], np.int64)
        boxes: dict[int, NDArray] = {}
        for index, (path, person) in enumerate(zip(scene.paths, cast, strict=False)):
            place, before = path(seconds), path(seconds - 1 / 60)  # the shutter is open that long
            if place is not None:
                blur = abs(place[0] - before[0]) if before else 0.0
                tilt = 6.0 * np.sin(0.8 * seconds + index + 1)
                back = any(who == index and seconds >= end for who, _, end in scene.absences)
                shown = person.turned() if back else person
                _draw(picture, covered, index + 1, shown, place, tilt, blur)
                boxes[index] = np.array(place[:2] * 2) + np.array([-1, -1, 1, 1]) * place[2] / 2
        picture *= np.array(scene.light(seconds), np.float32)
        # The same few pictures of noise, shifted, for noise is slow to draw.
        picture += np.roll(noise[rng.integers(5)], int(rng.integers(SIZE[1])), axis=0)
        image = np.clip(picture, 0, 255).astype(np.uint8)
        seen = [index for index, box in boxes.items() if _seen(covered, index + 1, box)]
        xyxy = np.array([boxes[index] for index in seen], np.float32).reshape(-1, 4)
        yield Frame(seconds, image, np.array(seen, np.int64), xyxy)


def _draw(
    picture: Floats,
    covered: NDArray[np.int64],
    index: int,
    person: Person,
    place: tuple[float, float, float],
    tilt: float,
    blur: float,
) -> None:
    """Paste a person into the picture, and the index to where the person covers what is behind."""
    x, y, side = place
    scale = side / person.side
    turn = np.array(cv2.getRotationMatrix2D(person.centre.tolist(), tilt, scale), np.float64)
    reach = 2.4 * side
    left, top = max(int(x - reach), 0), max(int(y - reach), 0)
    right, bottom = min(int(x + reach), SIZE[0]), min(int(y + reach), SIZE[1])
    if right <= left or bottom <= top:
        return
    turn[:, 2] += np.array([x - left, y - top]) - person.centre
    size = (right - left, bottom - top)
    cut = cv2.warpAffine(person.picture, turn, size, flags=cv2.INTER_AREA).astype(np.float32)
    mask = cv2.warpAffine(person.mask, turn, size)
    if blur >= 2:
        kernel = np.full((1, round(blur)), 1 / round(blur), np.float32)
        cut, mask = (cv2.filter2D(one, -1, kernel).astype(np.float32) for one in (cut, mask))
    region = picture[top:bottom, left:right]
    region[:] = region + mask[..., None] * (cut - region)
    covered[top:bottom, left:right][mask > 0.5] = index


def _seen(covered: NDArray[np.int64], index: int, box: NDArray) -> bool:
    """Return whether most of a face is in the frame and not behind somebody."""
    left, top, right, bottom = (round(float(v)) for v in box)
    inside = covered[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)] == index
    return bool(inside.sum() >= 0.6 * (right - left) * (bottom - top))
