"""Who becomes a person on the live path: faces, drawings and things.

``python -m benchmarks.false_faces --photos ../shared/photos [--things DIR] [--seconds 5]`` holds
drawings, the pictures of scikit-image and all pictures of a folder in front of the live path, as a
webcam would see them at 15 frames a second, a little shaken and with noise, and says which were
detected and which became persons. Then it does so with people cut out of photographs, of several
sizes, turned, in the dark and blurred, and says how many became persons within a second. At last it
prints what a frame costs in which somebody is looked at closely, and one in which nobody is.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import skimage.data

from benchmarks.drawings import drawings
from benchmarks.tables import machine, table
from benchmarks.tracking.film import film
from benchmarks.tracking.people import HELD_OUT, TUNING, people
from benchmarks.tracking.scenes import SIZE, Scene, seat
from benchmarks.tracking.watch import MODEL, MissingSome, NoAnswer
from fer.detection.evidence import Evidence
from fer.detection.face_landmark import FaceLandmark
from fer.model.classifier import ExpressionClassifier
from fer.model.spec import ModelSpec
from fer.stream import FaceStream
from fer.types import Detections, Floats, Image

RATE = 15

#: Sides of the faces' boxes, in pixels.
SIDES = (24, 32, 48, 80, 150)

#: Pictures of scikit-image in which nobody is.
THINGS = ("chelsea", "coffee", "rocket", "coins", "horse", "clock", "brick", "moon", "motorcycle")

#: Longer sides, in pixels, at which a thing is held up.
_HELD_UP = (140, 250, 440)


@dataclass(frozen=True)
class Watched:
    """What came of one picture that was held up.

    Attributes:
        detected: whether the detector found a face in any frame.
        opened: seconds until somebody got a number; infinite if nobody did.
    """

    detected: bool
    opened: float


def watch(frames: Iterator[tuple[float, Image]]) -> Watched:
    """Let the live path watch frames until somebody becomes a person."""
    spec, detector = ModelSpec.load(MODEL), MissingSome(0.0)
    stream = FaceStream(detector, NoAnswer(len(spec.labels)), spec, _evidence())
    detected = False
    for seconds, image in frames:
        faces = stream(image, seconds).faces
        detected |= len(detector.found) > 0
        if len(faces):
            return Watched(detected, seconds)
    return Watched(detected, float("inf"))


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


def things(folder: Path | None) -> Iterator[tuple[str, Image]]:
    """Yield name and picture of everything that is no person."""
    yield from drawings().items()
    for name in THINGS:
        file = Path(skimage.data.__file__).parent / name
        found = [file.with_name(f"{name}{end}") for end in (".png", ".jpg", "_motion.png")]
        yield from ((name, _read(p)) for p in found if p.is_file())
    for picture in sorted(folder.rglob("*")) if folder else []:
        if picture.suffix in (".png", ".jpg", ".jpeg"):
            yield picture.name, _read(picture)


def _read(file: Path) -> Image:
    """Return a picture on white, at most 800 pixels large."""
    read = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
    if read is None:
        return np.full((8, 8, 3), 255, np.uint8)
    picture = np.asarray(read if read.dtype == np.uint8 else read // 256, np.uint8)
    if picture.ndim == 2 or picture.shape[2] == 1:
        picture = np.asarray(cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR), np.uint8)
    if picture.shape[2] == 4:
        share = picture[..., 3:] / 255
        picture = (picture[..., :3] * share + 255 * (1 - share)).astype(np.uint8)
    scale = min(1.0, 800 / max(picture.shape[:2]))
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(small[..., ::-1], np.uint8)


def spoilt() -> dict[str, Callable[[Image, int], Image]]:
    """Return by name what happens to a frame, given the side of the face in it."""
    rng = np.random.default_rng(0)

    def dark(image: Image, side: int) -> Image:
        return np.clip(image * 0.25 + rng.normal(0, 4, image.shape), 0, 255).astype(np.uint8)

    def blurred(image: Image, side: int) -> Image:
        return np.asarray(cv2.GaussianBlur(image, (0, 0), max(0.5, 0.03 * side)), np.uint8)

    def tilted(image: Image, side: int) -> Image:
        turn = cv2.getRotationMatrix2D((SIZE[0] / 2, SIZE[1] / 2), 30, 1)
        return np.asarray(cv2.warpAffine(image, turn, SIZE, borderMode=cv2.BORDER_REPLICATE))

    return {"plain": lambda image, side: image, "tilted": tilted, "dark": dark, "blurred": blurred}


@cache
def _evidence() -> Evidence:
    """Return one for all; it keeps nothing."""
    return Evidence(FaceLandmark())


def false_rows(folder: Path | None, seconds: float) -> list[list[str]]:
    """Return for each picture that the live path took for a face at some size: what came of it."""
    rows = []
    for name, picture in things(folder):
        results = [watch(held_up(picture, side, seconds)) for side in _HELD_UP]
        if any(result.detected for result in results):
            opened = min(result.opened for result in results)
            rows.append([name[-60:], "a person" if np.isfinite(opened) else "nobody"])
    return rows


def true_rows(photos: Path) -> list[list[str]]:
    """Return for each size and state of the picture how many faces became persons in a second."""
    everybody = people(photos, TUNING + HELD_OUT)
    rows = []
    for name, spoil in spoilt().items():
        for side in SIDES:
            scene = Scene("one", 1.0, (seat(SIZE[0] / 2, SIZE[1] / 2, side),))
            results = [
                watch((f.seconds, spoil(f.image, side)) for f in film(scene, [person], RATE))
                for person in everybody
            ]
            found = [result for result in results if result.detected]
            opened = [result.opened for result in found if np.isfinite(result.opened)]
            median = f"{1000 * np.median(opened):.0f} ms" if opened else ""
            rows.append(
                [f"{name}, {side} px", f"{len(found)} of {len(results)}", f"{len(opened)}", median]
            )
    return rows


def cost(photos: Path) -> str:
    """Return what a frame costs with and without a close look."""
    scene = Scene("one", 20.0, (seat(SIZE[0] / 2, SIZE[1] / 2, 110),))
    frames = list(film(scene, people(photos, ("portrait.jpg",)), RATE))
    classifier, looked = ExpressionClassifier(MODEL), []

    def check(image: Image, detections: Detections) -> Floats:
        looked.append(len(detections))
        return _evidence()(image, detections)

    stream = FaceStream(MissingSome(0.0), classifier, classifier.spec, check)
    times: dict[bool, list[float]] = {True: [], False: []}
    for index, frame in enumerate(frames):
        if index % 5 == 0:
            stream.reset()  # somebody new, who is looked at in this frame
        looked.clear()
        started = time.perf_counter()
        stream(frame.image, frame.seconds)
        times[bool(looked)].append(time.perf_counter() - started)
    with_look, without = (1000 * np.median(times[key]) for key in (True, False))
    return f"a frame with a close look {with_look:.1f} ms, without {without:.1f} ms (medians)"


def main() -> None:
    """Run the benchmark and print the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, default=Path("../shared/photos"))
    parser.add_argument("--things", type=Path, help="folder of pictures without people")
    parser.add_argument("--seconds", type=float, default=5.0, help="each thing is held up")
    arguments = parser.parse_args()
    print(", ".join(f"{name} {value}" for name, value in machine().items()))
    rows = false_rows(arguments.things, arguments.seconds)
    print(f"\ndetected as a face at some size\n{table(['thing', 'became'], rows)}")
    header = ["people", "detected", "persons within 1 s", "median"]
    print(f"\n{table(header, true_rows(arguments.photos))}\n{cost(arguments.photos)}")


if __name__ == "__main__":
    main()
