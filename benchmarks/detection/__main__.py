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

import numpy as np

from benchmarks.detection.changes import (
    all_turned,
    blurred,
    blurred_beyond_use,
    cut_tightly,
    dark,
    very_dark,
)
from benchmarks.detection.crowds import crowds, cut_photographs, selfies
from benchmarks.detection.material import Portraits, Scene, astronaut, backgrounds, photographs
from benchmarks.detection.negatives import drawn, objects, textures, without_faces
from benchmarks.detection.proposed_scan import ProposedScan
from benchmarks.tables import machine, table
from fer.detection.blazeface import BlazeFace, FaceDetector
from fer.detection.tiled import PhotoScan
from fer.geometry import iou_matrix
from fer.types import Detections

#: Heights of pasted faces in pixels.
_HEIGHTS = (18, 24, 32, 48, 90)

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
    own = [*photographs(photos), astronaut()]
    portraits = Portraits.of(data, 80, seed=9)
    yield from own
    yield from objects()
    yield from drawn()
    yield from textures()
    yield from without_faces(own)
    yield from _pasted(data, faces)
    yield from crowds(portraits)
    yield from selfies(portraits)
    yield from cut_photographs(own)
    yield from cut_tightly(own, portraits)
    yield from all_turned(own, portraits, 12)


def _pasted(data: Path, count: int) -> Iterator[Scene]:
    scenery = backgrounds()
    for seed, height in enumerate(_HEIGHTS):
        portraits = Portraits.of(data, count, seed=seed)
        yield from portraits.pasted(f"{height} px", height, scenery)
    portraits = Portraits.of(data, count, seed=len(_HEIGHTS))
    for change in (dark, very_dark, blurred, blurred_beyond_use):
        group = f"40 px, {change.__name__.replace('_', ' ')}"
        yield from portraits.pasted(group, 40, scenery, change=change)


if __name__ == "__main__":
    main()
