"""Faces found and invented, and processor time, of today's photo path and of one to replace it.

``python -m benchmarks.detection --photos DIR --data fer2013.npz [--faces 72]`` prints a table for
each, with a row for every kind of picture. ``DIR`` has ``photos.json`` with the number of faces in
each photograph.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.detection.material import (
    Portraits,
    Scene,
    backgrounds,
    cut,
    objects,
    photographs,
    turned,
)
from benchmarks.detection.proposed_scan import ProposedScan
from benchmarks.tables import machine, table
from fer.detection.blazeface import BlazeFace, FaceDetector
from fer.detection.tiled import PhotoScan
from fer.geometry import iou_matrix
from fer.types import Detections

#: Heights of pasted faces in pixels.
_HEIGHTS = (18, 24, 32, 48, 90)

#: Angles in degrees by which photographs of one face are turned.
_ANGLES = (0, 20, 45, 70, 90, 135, 180, 225, 270, 315)

#: Least IoU of a face that is found, and IoU below which it is invented.
_FOUND_IOU, _INVENTED_IOU = 0.4, 0.2


@dataclass
class Figures:
    """Counts over the pictures of one kind."""

    faces: int = 0
    found: int = 0
    invented: int = 0
    seconds: list[float] = field(default_factory=list)

    def add(self, scene: Scene, detections: Detections, seconds: float) -> None:
        """Count what was found in a scene."""
        found, invented = counted(scene, detections)
        self.faces += scene.count
        self.found += found
        self.invented += invented
        self.seconds.append(seconds)


def main() -> None:
    """Run the benchmark and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--faces", type=int, default=72, help="pasted faces of each kind")
    arguments = parser.parse_args()
    print(machine())
    detectors: dict[str, FaceDetector] = {
        "today": PhotoScan(BlazeFace()),
        "proposed": ProposedScan.load(),
    }
    for name, detector in detectors.items():
        rows = measured(detector, scenes(arguments.photos, arguments.data, arguments.faces))
        print(f"\n{table((name, 'found', 'of', 'invented', 'median ms'), rows)}")


def measured(detector: FaceDetector, pictures: Iterator[Scene]) -> list[tuple[str, ...]]:
    """Return a row of figures for each kind of picture; times are of the processor."""
    kinds: dict[str, Figures] = {}
    for scene in pictures:
        started = time.process_time()
        detections = detector(scene.image)
        seconds = time.process_time() - started
        kinds.setdefault(scene.group, Figures()).add(scene, detections, seconds)
    return [
        (kind, f"{f.found}", f"{f.faces}", f"{f.invented}", f"{1000 * np.median(f.seconds):.0f}")
        for kind, f in kinds.items()
    ]


def counted(scene: Scene, detections: Detections) -> tuple[int, int]:
    """Return how many faces of a scene were found, and how many invented."""
    if scene.boxes is None:
        return min(len(detections), scene.count), max(0, len(detections) - scene.count)
    if not len(detections):
        return 0, 0
    overlap = iou_matrix(scene.boxes, detections.xyxy)
    found = overlap.max(axis=1, initial=0) >= _FOUND_IOU
    invented = overlap.max(axis=0, initial=0) < _INVENTED_IOU
    return int(found.sum()), int(invented.sum())


def scenes(photos: Path, data: Path, faces: int) -> Iterator[Scene]:
    """Yield all pictures."""
    own = list(photographs(photos))
    yield from own
    yield from objects()
    yield from _pasted(data, faces)
    yield from _changed(own)


def _pasted(data: Path, count: int) -> Iterator[Scene]:
    scenery = backgrounds()
    for seed, height in enumerate(_HEIGHTS):
        portraits = Portraits.of(data, count, seed=seed)
        yield from portraits.pasted(f"{height} px", height, scenery)
    portraits = Portraits.of(data, count, seed=len(_HEIGHTS))
    yield from portraits.pasted("40 px, dark", 40, scenery, change=_dark)
    yield from portraits.pasted("40 px, blurred", 40, scenery, change=_blurred)


def _changed(own: list[Scene]) -> Iterator[Scene]:
    """Yield photographs of one face turned, and all faces cut out tightly."""
    for scene in own:
        if scene.count == 1:
            for degrees in _ANGLES:
                image = turned(scene.image, degrees)
                yield Scene(f"turned {degrees}°", scene.name, image, None, 1)
    scan = ProposedScan.load()
    for scene in own:
        for box in scan(scene.image).xyxy:
            yield Scene("cut to the box + 10 %", scene.name, cut(scene.image, box), None, 1)


def _dark(face: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return (face * 0.3).astype(np.uint8)


def _blurred(face: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.GaussianBlur(face, (0, 0), 1.5), np.uint8)


if __name__ == "__main__":
    main()
