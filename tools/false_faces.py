"""Which drawings and things become persons on the live path.

``python -m tools.false_faces [--seconds 5]`` holds drawings and pictures of scikit-image in front
of the live path, as a webcam would see them at 15 frames a second, a little shaken and with noise,
and says which were detected and which became persons.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator

import cv2
import numpy as np
import skimage.data

from fer.types import Image
from tools.drawings import drawings
from tools.films import SIZE
from tools.report import machine, table
from tools.tracking import live_path

RATE = 15

#: Pictures of scikit-image in which nobody is.
THINGS = ("chelsea", "coffee", "rocket", "coins", "horse", "clock", "brick", "moon")

#: Longer sides, in pixels, at which a thing is held up.
_HELD_UP = (140, 250, 440)


def watch(frames: Iterable[tuple[float, Image]]) -> tuple[bool, float]:
    """Let the live path watch frames until somebody becomes a person.

    Returns:
        Whether the detector found a face in any frame, and the seconds until somebody got a number;
        infinite if nobody did.
    """
    stream, detector = live_path(missed=0.0)
    detected = False
    for seconds, image in frames:
        persons = len(stream(image, seconds).faces)
        detected |= len(detector.found) > 0
        if persons:
            return detected, seconds
    return detected, float("inf")


def held_up(thing: Image, side: int, seconds: float) -> Iterator[tuple[float, Image]]:
    """Yield frames of a picture held into the camera, a little shaken.

    Args:
        thing: ``(height, width, 3)`` RGB uint8.
        side: its longer side in the frame, in pixels.
        seconds: duration.
    """
    rng = np.random.default_rng(0)
    room = np.asarray(cv2.GaussianBlur(cv2.resize(skimage.data.coffee(), SIZE), (0, 0), 12))
    scale = side / max(thing.shape[:2])
    small = cv2.resize(thing, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    middle = np.array(small.shape[1::-1]) / 2
    for frame in range(round(seconds * RATE)):
        angle, zoom = rng.normal(0, 2), rng.normal(1, 0.02)
        turn = np.array(cv2.getRotationMatrix2D(middle.tolist(), angle, zoom), np.float64)
        turn[:, 2] += np.array(SIZE) / 2 - middle + rng.normal(0, 2, 2)
        picture = room.copy()
        cv2.warpAffine(small, turn, SIZE, dst=picture, borderMode=cv2.BORDER_TRANSPARENT)
        noisy = picture * rng.normal(1, 0.02) + rng.normal(0, 3, picture.shape)
        yield frame / RATE, np.clip(noisy, 0, 255).astype(np.uint8)


def things() -> dict[str, Image]:
    """Return the picture of everything that is no person, by name."""
    found = drawings()
    for name in THINGS:
        picture = np.asarray(getattr(skimage.data, name)())
        grey = np.asarray(255 * picture if picture.dtype == bool else picture, np.uint8)
        found[name] = np.repeat(grey[..., None], 3, axis=2) if grey.ndim == 2 else grey[..., :3]
    return found


def main() -> None:
    """Run the benchmark and print the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="each thing is held up")
    arguments = parser.parse_args()
    rows = []
    for name, picture in things().items():
        results = [watch(held_up(picture, side, arguments.seconds)) for side in _HELD_UP]
        if any(detected for detected, _ in results):
            person = any(np.isfinite(seconds) for _, seconds in results)
            rows.append([name, "a person" if person else "nobody"])
    print(f"{machine()}\n\ndetected as a face at some size\n{table(['thing', 'became'], rows)}")


if __name__ == "__main__":
    main()
