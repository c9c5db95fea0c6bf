"""Who is who among people cut out of photographs, who move before a room, as the live path sees it.

The tracker's constants were chosen on other photographs than these.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data

from fer.detection.blazeface import BlazeFace
from fer.images import read
from fer.stream import FaceStream
from fer.types import Image
from tests.samples import SHIPPED_MODEL

PHOTOS = ("couple.jpg", "portrait.jpg", "one_close.jpg", "two_people.jpg")
SIZE, SIDE = (640, 480), 80

#: Middle of a person's face at a time; None while nobody sees it.
Path_ = Callable[[float], tuple[float, float] | None]


@pytest.fixture(scope="module")
def cast(shared: Path, astronaut: Image) -> list[Image]:
    """Heads with shoulders and a soft edge, RGBA; the face is `SIDE` wide, its middle (104, 88)."""
    found = []
    for photo in (*(read(shared / "photos" / name) for name in PHOTOS), astronaut):
        for left, top, right, bottom in BlazeFace(min_score=0.4)(photo).xyxy:
            scale = SIDE / max(right - left, bottom - top)
            middle = scale * np.array([left + right, top + bottom]) / 2
            move = np.array([[scale, 0, 104 - middle[0]], [0, scale, 88 - middle[1]]])
            method, edge = cv2.INTER_AREA, cv2.BORDER_REPLICATE  # clothes go on below the edge
            picture = cv2.warpAffine(photo, move, (208, 264), flags=method, borderMode=edge)
            mask = np.zeros((264, 208), np.uint8)
            cv2.ellipse(mask, (104, 78), (53, 68), 0, 0, 360, 255, -1)
            cv2.fillPoly(mask, [np.array([(76, 120), (132, 120), (196, 164), (12, 164)])], 255)
            cv2.rectangle(mask, (12, 164), (196, 264), 255, -1)
            found.append(np.dstack([picture, cv2.GaussianBlur(mask, (0, 0), 5)]))
    return found


def watch(
    cast: Sequence[Image], paths: Sequence[Path_], seconds: float, rate: float
) -> list[list[tuple[float, int]]]:
    """Return for each person the times at which they were found, and the numbers they had."""
    rng, stream = np.random.default_rng(0), FaceStream.load(SHIPPED_MODEL)
    room = cv2.GaussianBlur(cv2.resize(skimage.data.coffee(), SIZE), (0, 0), 12)
    numbers: list[list[tuple[float, int]]] = [[] for _ in paths]
    away = [False] * len(paths)
    for time in np.arange(0, seconds, 1 / rate):
        picture = room.astype(np.float32)
        places = [path(time) for path in paths]
        for index, (place, person) in enumerate(zip(places, cast, strict=False)):
            away[index] |= place is None
            if place:  # who is back looks to the other side, in less light
                shown = person[:, ::-1] * [0.85, 0.85, 0.85, 1] if away[index] else person
                x, y = round(place[0]) - 104, round(place[1]) - 88
                inside = picture[max(0, y) : y + 264, max(0, x) : max(0, x + 208)]
                part = shown[max(0, -y) :, max(0, -x) :][: inside.shape[0], : inside.shape[1]]
                inside[:] += part[..., 3:] / 255 * (part[..., :3] - inside)
        noisy = np.clip(picture + rng.normal(0, 3, picture.shape), 0, 255).astype(np.uint8)
        faces = stream(noisy, float(time)).faces
        for index, place in enumerate(places):
            middles = (faces.xyxy[:, :2] + faces.xyxy[:, 2:]) / 2
            near = np.abs(middles - (place or np.inf)).max(axis=1) < SIDE / 3
            numbers[index] += [(float(time), int(n)) for n in faces.track_id[near]]
    return numbers


def sits(x: float, y: float = 190, away: tuple[float, float] = (0, 0)) -> Path_:
    return lambda t: (
        None if away[0] <= t < away[1] else (x + 9 * np.sin(0.9 * t + x), y + 4 * np.sin(1.3 * t))
    )


def walks(*stops: tuple[float, float]) -> Path_:
    """Return a path through stops, each a time and a place from the left."""
    return lambda t: (float(np.interp(t, *np.array(stops).T)), 190 + 3 * np.sin(9 * t))


def the_same(numbers: list[list[tuple[float, int]]]) -> None:
    """Assert that each has one number nearly all the time, and no two the same."""
    usual = [Counter(n for _, n in person).most_common(1)[0] for person in numbers]
    assert len({number for number, _ in usual}) == len(numbers)
    assert sum(count for _, count in usual) >= 0.95 * sum(map(len, numbers))


@pytest.mark.parametrize(("rate", "seconds"), [(15, 3), (5, 6), (0.5, 40)])
def test_who_sits_still_keeps_the_number(cast: list[Image], rate: float, seconds: float) -> None:
    the_same(watch(cast, [sits(80 + 155 * i) for i in range(4)], seconds, rate))


def test_people_who_cross_keep_their_numbers(cast: list[Image]) -> None:
    ways = ((110, 530), (530, 110))
    paths = [walks((0, a), (1, a), (3, b), (5, b), (7, a)) for a, b in ways]
    the_same(watch(cast[1:], paths, 8, 15))


def test_who_was_away_has_the_same_number_again(cast: list[Image]) -> None:
    times = ((3.0, 5.0), (4.0, 9.0), (5.0, 15.0))
    paths = [sits(130 + 190 * i, away=away) for i, away in enumerate(times)]
    numbers = watch(cast, paths, 18, 5)
    for (gone, back), person in zip(times, numbers, strict=True):
        before, after = (
            Counter(n for t, n in person if t < gone),
            Counter(n for t, n in person if t >= back),
        )
        assert before.most_common(1)[0][0] == after.most_common(1)[0][0]
    the_same(numbers)
