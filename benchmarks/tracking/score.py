"""Score who is who: IDF1 and switches by motmetrics, and who kept the number after an absence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import motmetrics
import numpy as np
from numpy.typing import NDArray

from benchmarks.tracking.scenes import Scene
from fer.geometry import iou_matrix
from fer.types import Floats

#: Least IoU at which a box is a face of the truth.
SAME_FACE_IOU = 0.35

#: Seconds before somebody leaves, and after the person is back, of which the most frequent number
#: counts; and the least number of frames.
_WINDOW_SECONDS, _WINDOW_FRAMES = 2.0, 2.5


@dataclass(frozen=True)
class Seen:
    """One frame's truth and answer.

    Attributes:
        seconds: time of the frame.
        persons: ``(n,)`` who is in view and was found by the detector.
        truth: ``(n, 4)`` their boxes.
        track_ids: ``(m,)`` the numbers given.
        xyxy: ``(m, 4)`` their boxes.
    """

    seconds: float
    persons: NDArray[np.int64]
    truth: Floats
    track_ids: NDArray[np.int64]
    xyxy: Floats


@dataclass(frozen=True)
class Score:
    """How well people kept their numbers in one scene.

    Attributes:
        idf1: identification F1 (Ristani et al. 2016), 0…1.
        switches: how often a person's number changed.
        people: how many there were.
        numbers: how many numbers were given.
        back: for each absence, whether the number was the same afterwards.
        told_apart: for each person who took another's place, whether the number was another.
    """

    idf1: float
    switches: int
    people: int
    numbers: int
    back: tuple[bool, ...]
    told_apart: tuple[bool, ...]


def score(scene: Scene, frames: Sequence[Seen]) -> Score:
    """Score the numbers given in a scene."""
    accumulator = motmetrics.MOTAccumulator(auto_id=True)
    for frame in frames:
        apart = 1 - iou_matrix(frame.truth, frame.xyxy).astype(np.float64)
        apart[apart > 1 - SAME_FACE_IOU] = np.nan
        accumulator.update(frame.persons.tolist(), frame.track_ids.tolist(), apart)
    summary = motmetrics.metrics.create().compute(accumulator, metrics=["idf1", "num_switches"])
    seconds = [frame.seconds for frame in frames]
    window = max(_WINDOW_SECONDS, _WINDOW_FRAMES * float(np.median(np.diff(seconds))))
    return Score(
        idf1=float(summary["idf1"].iloc[0]),
        switches=int(summary["num_switches"].iloc[0]),
        people=len({person for frame in frames for person in frame.persons.tolist()}),
        numbers=len({number for frame in frames for number in frame.track_ids.tolist()}),
        back=tuple(
            _number(frames, a.person, a.left - window, a.left)
            == (_number(frames, a.person, a.back, a.back + window) or -1)
            for a in scene.absences
        ),
        told_apart=tuple(
            _number(frames, old, -np.inf, np.inf) != _number(frames, new, -np.inf, np.inf)
            for old, new in scene.replaced
        ),
    )


def _number(frames: Sequence[Seen], person: int, start: float, end: float) -> int | None:
    """Return the number that a person had most often in a time; None if there was none."""
    numbers: Counter[int] = Counter()
    for frame in frames:
        if start <= frame.seconds <= end and person in frame.persons and len(frame.xyxy):
            overlap = iou_matrix(frame.truth[frame.persons == person], frame.xyxy)[0]
            if overlap.max() >= SAME_FACE_IOU:
                numbers[int(frame.track_ids[overlap.argmax()])] += 1
    return numbers.most_common(1)[0][0] if numbers else None
