"""A camera for Chromium: a film of a real face that moves, leaves and returns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np

from fer.types import Image

#: Frames a second, and seconds of the film, which Chromium repeats.
RATE = 15
SECONDS = 8.0

YELLOW = (250, 220, 0)

#: Seconds of the film during which nobody is in the picture.
AWAY = (5.0, 6.5)


def write_film(
    file: Path,
    face: Image,
    size: tuple[int, int] = (320, 240),
    paint: Callable[[Image, int], Image] = lambda picture, _: picture,
) -> Path:
    """Write the film as Y4M, the format that Chromium plays at its own rate.

    Args:
        file: ends in ``.y4m``.
        face: ``(height, width, 3)`` RGB uint8, a portrait.
        size: width and height of the film, even numbers.
        paint: returns what is shown in the place of a frame, given it and its number.
    """
    frames = enumerate(film(face, size))
    return write_frames(file, (paint(frame, number) for number, frame in frames), size)


def write_frames(file: Path, frames: Iterable[Image], size: tuple[int, int]) -> Path:
    """Write frames of one size, width and height, as Y4M with `RATE` frames a second."""
    width, height = size
    with file.open("wb") as out:
        out.write(f"YUV4MPEG2 W{width} H{height} F{RATE}:1 Ip A1:1 C420jpeg\n".encode())
        for frame in frames:
            out.write(b"FRAME\n")
            out.write(cv2.cvtColor(frame, cv2.COLOR_RGB2YUV_I420).tobytes())
    return file


def film(face: Image, size: tuple[int, int]) -> Iterator[Image]:
    """Yield the frames: the portrait drifts over a grey room, is away, and comes back."""
    width, height = size
    portrait = cv2.resize(face, (height, height), interpolation=cv2.INTER_AREA)
    for frame in range(round(RATE * SECONDS)):
        seconds = frame / RATE
        room = np.full((height, width, 3), (96, 104, 112), np.uint8)
        if not AWAY[0] <= seconds < AWAY[1]:
            turn = 2 * np.pi * seconds / SECONDS
            left = round((width - height) * (0.5 + 0.45 * np.sin(turn)))
            room[:, left : left + height] = portrait
        # A yellow corner on the camera's left tells a mirrored picture from one that is not.
        room[-height // 6 :, : width // 8] = YELLOW
        yield room
