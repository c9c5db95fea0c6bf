"""What counts as found and as invented, and the figures of each kind of picture."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.detection.material import Scene, clipped
from fer.geometry import iou_matrix
from fer.types import Detections

#: Least IoU of a face that is found, and IoU below which a detection is invented. Detectors differ
#: in what they frame: the boxes of a Haar cascade have 0.7 with those of BlazeFace in the median.
_FOUND_IOU, _INVENTED_IOU = 0.35, 0.2


@dataclass(frozen=True)
class Result:
    """What a detector did with one picture.

    Attributes:
        kind: kind of picture; see `benchmarks.detection.kinds`.
        group: which of that kind; figures are given for each.
        heights: ``(n,)`` heights of the faces in pixels; infinite where they are not known.
        found: ``(n,)`` bool, which of them were found.
        invented: number of detections that are no face, or a face a second time.
        seconds: processor time.
    """

    kind: str
    group: str
    heights: NDArray[np.float32]
    found: NDArray[np.bool_]
    invented: int
    seconds: float

    @classmethod
    def of(cls, kind: str, scene: Scene, detections: Detections, seconds: float) -> Result:
        """Compare what was found with what is there."""
        found, invented = counted(scene, detections)
        heights = np.full(scene.count, np.inf, np.float32)
        if scene.boxes is not None:
            heights = scene.boxes[:, 3] - scene.boxes[:, 1]
        return cls(kind, scene.group, heights, found, invented, seconds)


def counted(scene: Scene, detections: Detections) -> tuple[NDArray[np.bool_], int]:
    """Return which faces of a scene were found, and how many were invented.

    Where only the number of faces is known, it is the number that is compared.
    """
    if scene.boxes is None:
        found = np.arange(scene.count) < len(detections)
        return found, max(0, len(detections) - scene.count)
    if not len(detections) or not scene.count:
        return np.zeros(scene.count, np.bool_), len(detections)
    overlap = iou_matrix(scene.boxes, clipped(detections.xyxy, scene.image))
    nowhere = overlap.max(axis=0) < _INVENTED_IOU
    faces = overlap.argmax(axis=0)[~nowhere]
    again = len(faces) - len(np.unique(faces))
    return overlap.max(axis=1) >= _FOUND_IOU, int(nowhere.sum()) + again


@dataclass(frozen=True)
class Total:
    """A row over several kinds of pictures.

    Attributes:
        name: name of the row.
        aim: what is aimed at, in words.
        kinds: kinds of pictures that count.
        least_height: least height in pixels of the faces that count.
        per_pictures: tell the invented in that many pictures; None for their number.
    """

    name: str
    aim: str
    kinds: Collection[str]
    least_height: float = 0.0
    per_pictures: int | None = None


def cell(
    results: Sequence[Result], least_height: float = 0, per_pictures: int | None = None
) -> str:
    """Return the share of the faces found, and in brackets how many were invented.

    Args:
        results: of one detector.
        least_height: least height in pixels of the faces that count.
        per_pictures: tell only the invented, in that many pictures.
    """
    invented = sum(result.invented for result in results)
    if per_pictures is not None:
        return f"({invented * per_pictures / len(results):.2f})"
    found = np.concatenate([r.found[r.heights >= least_height] for r in results])
    return f"{found.mean():.3f} ({invented})" if len(found) else f"({invented})"


def faces(results: Sequence[Result], least_height: float = 0) -> int:
    """Return how many faces of a least height there are."""
    return sum(int((result.heights >= least_height).sum()) for result in results)


def found_rows(
    by_detector: dict[str, list[Result]], totals: Sequence[Total]
) -> list[tuple[str, ...]]:
    """Return for each kind of picture and each total: pictures, faces, a cell each, and the aim."""
    rows = []
    for group in groups(by_detector):
        per = [[r for r in results if r.group == group] for results in by_detector.values()]
        counts = f"{len(per[0])}", f"{faces(per[0])}"
        rows.append((group, *counts, *map(cell, per), ""))
    for total in totals:
        per = [[r for r in results if r.kind in total.kinds] for results in by_detector.values()]
        if per and per[0]:
            counts = f"{len(per[0])}", f"{faces(per[0], total.least_height)}"
            cells = [cell(results, total.least_height, total.per_pictures) for results in per]
            rows.append((total.name, *counts, *cells, total.aim))
    return rows


def groups(by_detector: dict[str, list[Result]]) -> list[str]:
    """Return the groups of pictures in the order in which they came."""
    return list(dict.fromkeys(r.group for results in by_detector.values() for r in results))


def time_rows(by_detector: dict[str, list[Result]], unit: str) -> list[tuple[str, ...]]:
    """Return for each group, and for all, the median processor time of each detector.

    Args:
        by_detector: the results of each detector.
        unit: the detector in whose time that of the others is told too.
    """
    rows = []
    seen = groups(by_detector)
    for group in [*seen, "all pictures"] if seen else []:
        medians = {
            name: 1000 * float(np.median([r.seconds for r in results if _in(r, group)]))
            for name, results in by_detector.items()
        }
        one = medians.get(unit, 0.0)
        cells = (f"{m:.0f} ms" + (f", {m / one:5.1f} ×" if one else "") for m in medians.values())
        rows.append((group, *cells))
    return rows


def _in(result: Result, group: str) -> bool:
    return group in (result.group, "all pictures")
