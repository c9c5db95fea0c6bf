"""Scripted scenes: who is where at what time, and under what light."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

#: Width and height of the frames, in pixels.
SIZE = (640, 480)

#: Middle x, middle y and side of a face's box in pixels; None if the person is hidden.
Place = tuple[float, float, float] | None
Path = Callable[[float], Place]


@dataclass(frozen=True)
class Absence:
    """A time for which somebody is out of view or hidden.

    Attributes:
        person: who, an index of `Scene.paths`.
        left: when the person goes, in seconds.
        back: when the person is in view again.
    """

    person: int
    left: float
    back: float


@dataclass(frozen=True)
class Scene:
    """What happens in front of the camera.

    Attributes:
        name: what is seen.
        seconds: duration.
        paths: where each person is; who is nearer to the camera comes later.
        absences: who is away when.
        replaced: pairs of persons; the second takes the first one's place.
        light: gains of red, green and blue at a time.
        missed: share of the detections that are lost on top of the detector's own misses.
        pause: beginning and end of a time without frames, as when the stream is stopped.
    """

    name: str
    seconds: float
    paths: tuple[Path, ...]
    absences: tuple[Absence, ...] = ()
    replaced: tuple[tuple[int, int], ...] = ()
    light: Callable[[float], tuple[float, float, float]] = lambda t: (1.0, 1.0, 1.0)
    missed: float = 0.03
    pause: tuple[float, float] = (np.inf, np.inf)


def seat(x: float, y: float, side: float, seed: int = 0) -> Path:
    """Return the path of somebody who sits still, as far as people do."""
    phase = np.random.default_rng(seed).uniform(0, 2 * np.pi, 4)

    def path(t: float) -> Place:
        sway = np.sin(0.9 * t + phase[0]) + 0.4 * np.sin(2.3 * t + phase[1])
        nod = np.sin(1.3 * t + phase[2])
        return (
            x + 0.12 * side * sway,
            y + 0.06 * side * nod,
            side * (1 + 0.03 * np.sin(0.7 * t + phase[3])),
        )

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


def dimmed(start: float, end: float, gains: Sequence[float]) -> Callable:
    """Return a light that changes suddenly, and back, as a webcam's exposure does."""

    def light(t: float) -> tuple[float, float, float]:
        share = float(np.interp(t, [start, start + 0.3, end, end + 0.3], [0, 1, 1, 0]))
        red, green, blue = (1 + share * (g - 1) for g in gains)
        return red, green, blue

    return light


def still(seconds: float) -> Scene:
    """Six people who sit nearly still."""
    seats = [seat(62 + 103 * i, 150 + 70 * (i % 2), 58, i) for i in range(6)]
    return Scene("six still", seconds, tuple(seats), missed=0.05)


def crossing(count: int) -> Scene:
    """Two or three people who walk past each other, and back."""
    ways = [(110, 530), (530, 110), (320, 560)][:count]
    sides = (88, 96, 80)
    paths = tuple(
        walk(
            (0, a, 190, side),
            (1, a, 190, side),
            (3 + 0.5 * i, b, 190, side),
            (5 + 0.3 * i, b, 190, side),
            (7, a, 190, side),
            (10, a, 190, side),
        )
        for i, ((a, b), side) in enumerate(zip(ways, sides, strict=False))
    )
    return Scene(f"{count} crossing", 9, paths)


def fast() -> Scene:
    """One sways across the whole frame in a second, another sits."""

    def sway(t: float) -> Place:
        return (320 - 240 * np.cos(np.pi * t), 250, 105)

    return Scene("fast", 9, (seat(330, 120, 60), sway))


def coming_and_going() -> Scene:
    """Three leave at one edge for 2, 5 and 10 seconds, and come back at another."""
    y, side = 200, 85
    out_left, out_right = -90, 740
    leaves = (
        (130, 3.0, out_left, out_right, 5.8, 410),
        (330, 4.0, out_right, out_left, 9.8, 190),
        (520, 7.0, out_right, out_right, 17.8, 550),
    )
    paths = tuple(
        hidden(
            walk(
                (0, x, y, side), (gone, x, y, side), (gone + 1, edge, y, side),
                (gone + 1.01, other, y, side), (back, other, y, side), (back + 1, later, y, side),
            ),
            (gone + 1, back),
        )
        for x, gone, edge, other, back, later in leaves
    )  # fmt: skip
    absences = (Absence(0, 3.7, 6.0), Absence(1, 4.8, 10.0), Absence(2, 7.5, 18.0))
    return Scene("coming and going", 22, paths, absences)


def behind_a_door() -> Scene:
    """Three are hidden where they sit, for 2, 5 and 10 seconds."""
    times = ((3, 5), (4, 9), (5, 15))
    seats = [seat(130 + 190 * i, 190, 85, i) for i in range(3)]
    return Scene(
        "hidden",
        18,
        tuple(hidden(s, t) for s, t in zip(seats, times, strict=True)),
        tuple(Absence(i, *t) for i, t in enumerate(times)),
    )


def all_leave() -> Scene:
    """Four leave, and come back after 5 seconds in other places."""
    places, later = (90, 240, 390, 550), (390, 550, 90, 240)
    paths = tuple(
        hidden(walk((0, a, 190, 80), (6, a, 190, 80), (9, b, 210, 90), (16, b, 210, 90)), (4, 9))
        for a, b in zip(places, later, strict=True)
    )
    return Scene("all leave", 14, paths, tuple(Absence(i, 4, 9) for i in range(4)))


def another_in_the_seat() -> Scene:
    """Two leave their seats, two others sit down there, and the first come back elsewhere."""
    paths = (
        hidden(walk((0, 150, 190, 85), (8, 150, 190, 85), (11, 330, 190, 85)), (4, 12)),
        hidden(seat(150, 190, 85, 1), (0, 5)),
        hidden(walk((0, 500, 190, 85), (8, 500, 190, 85), (11, 330, 190, 85)), (4, np.inf)),
        hidden(seat(500, 190, 85, 2), (0, 7)),
    )
    return Scene("another in the seat", 16, paths, (Absence(0, 4, 12),), ((0, 1), (2, 3)))


def other_light() -> Scene:
    """The camera dims and turns bluish while one is away."""
    seats = [seat(120 + 190 * i, 190, 85, i) for i in range(3)]
    return Scene(
        "other light",
        16,
        (seats[0], seats[1], hidden(seats[2], (5, 8))),
        (Absence(2, 5, 8),),
        light=dimmed(6, 11, (0.52, 0.6, 0.72)),
    )


def stopped() -> Scene:
    """Four sit; the stream is stopped for half a minute, and they sit a little elsewhere."""
    paths = tuple(
        walk((0, x, 190, 80), (5, x, 190, 80), (35, x + 40, 215, 88), (42, x + 40, 215, 88))
        for x in (80, 220, 360, 520)
    )
    absences = tuple(Absence(i, 5, 36) for i in range(4))
    return Scene("stopped and started", 42, paths, absences, pause=(5, 36))
