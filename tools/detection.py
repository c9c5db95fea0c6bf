"""Faces found and invented, and processor time, of the photo path and of other detectors.

``python -m tools.detection --photos DIR --data fer2013.npz`` prints a row for each kind of picture.
``DIR`` has ``photos.json`` with the number of faces in each photograph. ``--kinds crowds drawings``
shows only those kinds, ``--every 3`` only every third picture, and ``--own "photo path"`` only that
one of this project's detectors. ``--haar-python`` names the Python of an environment with
``opencv-python-headless<5``, for its Haar cascade. Stopped by Ctrl+C, it prints what it has.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import skimage.data
import sklearn.datasets
from numpy.typing import NDArray

from fer.detection.blazeface import BlazeFace, FaceDetector
from fer.detection.photo_scan import PhotoScan
from fer.geometry import iou_matrix
from fer.types import LANDMARKS, Detections, Image
from tools import detection_pictures as pictures
from tools.detection_pictures import SCENE, Material, Scene, as_rgb, resized
from tools.drawings import drawings
from tools.peers import Peer
from tools.report import machine, table

#: Photographs of scikit-image without a face.
_OBJECTS = (
    *("brick", "cat", "cell", "chelsea", "clock", "coffee", "coins", "colorwheel", "grass"),
    *("gravel", "horse", "hubble_deep_field", "immunohistochemistry", "logo"),
    *("microaneurysms", "moon", "page", "retina", "rocket", "text"),
)


def objects() -> Iterator[Scene]:
    """Yield photographs of everything but faces: whole, small in a plain picture, and details."""
    rng = np.random.default_rng(0)
    images = {name: getattr(skimage.data, name)() for name in _OBJECTS}
    images["motorcycle"] = skimage.data.stereo_motorcycle()[0]
    for name in ("china.jpg", "flower.jpg"):
        images[name] = sklearn.datasets.load_sample_image(name)
    for name, image in ((name, as_rgb(image)) for name, image in images.items()):
        yield Scene.of("objects", name, image)
        plain = np.full((*SCENE[::-1], 3), np.median(image, axis=(0, 1)).astype(np.uint8))
        scale = 150 / max(image.shape[:2])
        small = resized(image, (round(image.shape[1] * scale), round(image.shape[0] * scale)))
        plain[200 : 200 + len(small), 300 : 300 + small.shape[1]] = small
        yield Scene.of("objects", f"{name}, small", plain)
        for i in range(4):
            y, x = (rng.integers(0, max(1, n - 160)) for n in image.shape[:2])
            detail = resized(image[y : y + 160, x : x + 160], (480, 480))
            yield Scene.of("objects", f"{name}, detail {i}", detail)


def drawn() -> Iterator[Scene]:
    """Yield drawings on a plain picture, and six at a time in photographs."""
    for side in (28, 60, 160, 420):
        for name, drawing in drawings(side).items():
            picture = np.full((480, 640, 3), 235, np.uint8)
            top, left = (480 - side) // 2, (640 - side) // 2
            picture[top : top + side, left : left + side] = drawing
            yield Scene.of("drawings", f"{name} at {side}", picture)
    scenery = [as_rgb(background) for background in pictures.backgrounds()]
    for side in (48, 110, 170):
        several = list(drawings(side).values())
        for start in range(0, len(several), 6):
            picture = scenery[start // 6 % len(scenery)].copy()
            for i, drawing in enumerate(several[start : start + 6]):
                left, top = 50 + i % 3 * 260, 60 + i // 3 * 280
                picture[top : top + side, left : left + side] = drawing
            yield Scene.of("drawings in photographs", f"{side} px, {start}", picture)


def textures() -> Iterator[Scene]:
    """Yield noise of several grains, stripes, checks, dots and gradients."""
    rng = np.random.default_rng(0)
    x, y = np.meshgrid(np.arange(SCENE[0]), np.arange(SCENE[1]))
    for grain in (1, 4, 10, 25, 60):
        size = -(-SCENE[0] // grain), -(-SCENE[1] // grain)
        noise = rng.integers(0, 256, size[::-1], dtype=np.uint8)
        yield Scene.of("textures", f"noise of {grain} px", resized(noise, SCENE))
    patterns: dict[str, NDArray] = {}
    for period in (12, 30, 80):
        wave = 2 * np.pi / period
        checks = np.sin(wave * x) * np.sin(wave * y)
        patterns |= {
            f"stripes of {period} px": np.sin(wave * (x + y / 2)),
            f"checks of {period} px": np.sign(checks),
            f"dots of {period} px": (checks > 0.6).astype(float),
            f"rings of {period} px": np.sin(wave * np.hypot(x - 300, y - 250)),
        }
    for name, pattern in (patterns | {"gradient": x / SCENE[0] * 2 - 1}).items():
        noisy = 128 + 90 * pattern + rng.normal(0, 5, pattern.shape)
        yield Scene.of("textures", name, np.clip(noisy, 0, 255).astype(np.uint8))


def without_faces(photographs: Iterable[Scene]) -> Iterator[Scene]:
    """Yield photographs of people whose faces are painted over: hands, cloth, what is behind."""
    for scene in photographs:
        if scene.boxes is None or not scene.count:
            continue
        image = scene.image.copy()
        for box in scene.boxes:  # with hair and chin
            wide = box + 0.35 * (box[2] - box[0]) * np.array([-1, -1, 1, 1])
            left, top, right, bottom = pictures.clipped(wide[None], image)[0].astype(int)
            area = image[top:bottom, left:right]
            area[:] = np.median(area, axis=(0, 1)).astype(np.uint8)
        yield Scene.of("people without faces", scene.name, image)


#: The kinds of pictures by name. σ of the blur is in pixels of 40 of the face's height.
KINDS: dict[str, Callable[[Material], Iterable[Scene]]] = {
    "photographs": lambda m: m.photographs,
    "sizes": lambda m: chain.from_iterable(
        m.pasted(f"{height} px", height, seed) for seed, height in enumerate((18, 24, 32, 48, 90))
    ),
    "dark": lambda m: m.pasted("40 px, dark", 40, 5, lambda f: (f * 0.3).astype(np.uint8)),
    "blur": lambda m: m.pasted(
        "40 px, blurred", 40, 5, lambda face: cv2.GaussianBlur(face, (0, 0), 1.5)
    ),
    "crowds": lambda m: pictures.crowds(m.portraits),
    "border": lambda m: chain(
        pictures.selfies(m.portraits), pictures.cut_photographs(m.photographs)
    ),
    "tight": lambda m: pictures.cut_tightly(m.photographs, m.portraits),
    "turned": lambda m: pictures.all_turned(m.photographs, m.portraits, 8),
    "objects": lambda m: objects(),
    "drawings": lambda m: drawn(),
    "textures": lambda m: textures(),
    "people-without-faces": lambda m: without_faces(m.photographs),
}


class Total(NamedTuple):
    """A row over several kinds of pictures: its name, what is aimed at, and which kinds count."""

    name: str
    aim: str
    kinds: Sequence[str]
    least_height: float = 0.0  # in pixels, of the faces that count
    per_pictures: int = 0  # say the invented in that many pictures; 0 for their number


#: Pictures in which nothing is turned, and which show enough of each face.
_UPRIGHT = ("photographs", "sizes", "dark", "blur", "crowds", "border")

TOTALS = (
    Total("all faces of 24 px and more", "≥ 0.96", _UPRIGHT, least_height=24),
    Total("all tight crops", "≥ 0.97", ("tight",)),
    Total("all turned by 0 to 180°", "≥ 0.98", ("turned",)),
    Total("invented in 25 pictures of people", "≤ 1", (*_UPRIGHT, "tight", "turned"), 0, 25),
    Total("all without faces", "(0)", ("objects", "drawings", "textures", "people-without-faces")),
)


@dataclass(frozen=True)
class Result:
    """What a detector did with one picture.

    Attributes:
        group: which of that kind; figures are given for each.
        heights: ``(n,)`` heights of the faces in pixels; infinite where they are not known.
        found: ``(n,)`` bool, which of them were found.
        invented: number of detections that are no face, or a face a second time.
    """

    kind: str
    group: str
    heights: NDArray[np.float32]
    found: NDArray[np.bool_]
    invented: int
    seconds: float

    @classmethod
    def of(cls, kind: str, scene: Scene, detections: Detections, seconds: float) -> Result:
        """Compare what was found with what is there; where only the number is known, with it.

        A face is found by a box with an IoU of 0.35 and more; a box is invented if its IoU with
        every face is below 0.2. Detectors differ in what they frame: the boxes of a Haar cascade
        have 0.7 with those of BlazeFace in the median.
        """
        heights = np.full(scene.count, np.inf, np.float32)
        found, invented = np.zeros(scene.count, np.bool_), len(detections)
        if scene.boxes is None:
            found[: len(detections)] = True
            invented = max(0, len(detections) - scene.count)
        elif scene.count:
            heights = scene.boxes[:, 3] - scene.boxes[:, 1]
            overlap = iou_matrix(scene.boxes, pictures.clipped(detections.xyxy, scene.image))
            found = overlap.max(axis=1, initial=0) >= 0.35
            faces = overlap.argmax(axis=0)[overlap.max(axis=0) >= 0.2]
            invented = len(detections) - len(np.unique(faces))
        return cls(kind, scene.group, heights, found, invented, seconds)


def rows(by_detector: Mapping[str, Sequence[Result]]) -> list[list[str]]:
    """Return the rows of the table: one for each group of pictures, and `TOTALS`."""
    groups = dict.fromkeys(r.group for results in by_detector.values() for r in results)
    parts = [(Total(group, "", (group,)), False) for group in groups]
    found = []
    for total, over_kinds in (*parts, *((total, True) for total in TOTALS)):
        per = [
            [r for r in results if (r.kind if over_kinds else r.group) in total.kinds]
            for results in by_detector.values()
        ]
        if any(per):
            faces = sum(int((r.heights >= total.least_height).sum()) for r in per[0])
            cells = [_cell(results, total) for results in per]
            found.append([total.name, f"{len(per[0])}", f"{faces}", *cells, total.aim])
    return found


def _cell(results: Sequence[Result], total: Total) -> str:
    invented = sum(r.invented for r in results)
    seen = np.concatenate([r.found[r.heights >= total.least_height] for r in results])
    share = f"{seen.mean():.3f} ({invented})" if len(seen) else f"({invented})"
    if total.per_pictures:
        share = f"({invented * total.per_pictures / len(results):.2f})"
    return f"{share} {1000 * np.median([r.seconds for r in results]):6.0f} ms"


#: Returns the faces in a picture, and the seconds of processor time that it took.
TimedDetector = Callable[[Image], tuple[Detections, float]]

#: The detectors of this project by name; each is made when it is asked for.
OWN: dict[str, Callable[[], FaceDetector]] = {"photo path": PhotoScan.load, "one pass": BlazeFace}


def timed(detector: FaceDetector) -> TimedDetector:
    """Time a detector that runs in this process."""

    def see(image: Image) -> tuple[Detections, float]:
        started = time.process_time()
        return detector(image), time.process_time() - started

    return see


def without_landmarks(haar: Peer) -> TimedDetector:
    """Return a detector that runs in another process, and finds boxes only."""

    def see(image: Image) -> tuple[Detections, float]:
        found, _, seconds = haar(image)
        nowhere = np.zeros((len(found), LANDMARKS, 2), np.float32)
        return Detections(found[:, :4], found[:, 4], nowhere), seconds

    return see


def run(
    compared: Mapping[str, TimedDetector], scenes: Iterable[tuple[str, Scene]], *, names: bool
) -> dict[str, list[Result]]:
    """Let all detectors see all pictures, one after another, so that they share the machine's load.

    With `names`, each picture is named in which a face was invented. Returns for each detector a
    result for each picture.
    """
    results: dict[str, list[Result]] = {name: [] for name in compared}
    started = time.monotonic()
    try:
        for done, (kind, scene) in enumerate(scenes, start=1):
            seen = {n: Result.of(kind, scene, *see(scene.image)) for n, see in compared.items()}
            for name, result in seen.items():
                results[name].append(result)
                if names and result.invented:
                    print(f"{name} invented {result.invented}: {scene.group}, {scene.name}")
            progress = f"{done} pictures, {time.monotonic() - started:.0f} s: {scene.group}"
            print(f"\r\x1b[K{progress}", end="", file=sys.stderr, flush=True)
    except (KeyboardInterrupt, RuntimeError) as error:  # what was measured is not lost
        print(f"\n{error or 'stopped'}", end="", file=sys.stderr)
    print(file=sys.stderr)
    return results


def main() -> None:
    """Run the benchmark and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--every", type=int, default=1, help="see only every n-th picture")
    parser.add_argument("--own", nargs="*", choices=OWN, default=list(OWN), metavar="DETECTOR")
    parser.add_argument("--haar-python", type=Path, help="Python with an OpenCV before 5")
    parser.add_argument("--list", action="store_true", help="name every face that was invented")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)  # as in the peer
    print(machine())
    material = Material(arguments.photos, arguments.data)
    scenes = (
        (kind, scene)
        for kind in arguments.kinds
        for scene in islice(KINDS[kind](material), 0, None, arguments.every)
    )
    compared = {name: timed(OWN[name]()) for name in arguments.own}
    try:
        with ExitStack() as stack:
            if arguments.haar_python:
                haar = stack.enter_context(Peer(arguments.haar_python, "haar"))
                compared["Haar"] = without_landmarks(haar)
            results = run(compared, scenes, names=arguments.list)
    except (RuntimeError, OSError) as error:
        parser.exit(1, f"{error}\n")
    print("\nshare of the faces found (number of invented ones), and median processor time")
    print(table(["", "pictures", "faces", *results, "aim"], rows(results)))


if __name__ == "__main__":
    main()
