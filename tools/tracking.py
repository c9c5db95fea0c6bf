"""Who is who: how well people keep their numbers in scripted scenes of real people.

``python -m tools.tracking --photos ../shared/photos [--rates 15 5 2 0.5] [--cast held-out]`` cuts
people out of photographs, moves them over a scene, hides them and brings them back (then they look
to the other side, in less light), and lets the live path watch at several rates of analysis. It
prints IDF1 and switches by ``motmetrics``, how many numbers were given to how many people, in how
many absences of up to 10 seconds the number was the same afterwards, and how many people who took
another's seat got another number. The tracker's constants were chosen on the people of the cast
``tuning``; those of ``held-out`` are others.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import motmetrics
import numpy as np
from numpy.typing import NDArray

from fer.detection.blazeface import BlazeFace
from fer.detection.evidence import Evidence
from fer.detection.face_landmark import FaceLandmark
from fer.geometry import iou_matrix
from fer.labels import EXPRESSION_HEAD
from fer.model.spec import ModelSpec
from fer.stream import STREAM_SCORE, FaceStream
from fer.types import Detections, Floats, Image
from tools import films
from tools.films import HELD_OUT, TUNING, Person, Scene, film, people
from tools.report import MODEL, machine, table

CASTS = {"tuning": TUNING, "held-out": HELD_OUT}

#: By how many people the cast is moved on, so that every scene is played by several.
_TURNS = (0, 3)

#: Least IoU at which a box is a face of the truth.
SAME_FACE_IOU = 0.35


class MissingSome:
    """A detector that loses a share of the faces at random, and remembers which it gave."""

    def __init__(self, missed: float) -> None:
        self._detector = BlazeFace(min_score=STREAM_SCORE, fitted=True)
        self._missed = missed
        self._rng = np.random.default_rng(1)
        self.found = Detections.empty()

    def __call__(self, image: Image) -> Detections:
        """Return the faces in an image."""
        found = self._detector(image)
        self.found = found.take(self._rng.random(len(found)) >= self._missed)
        return self.found


class NoAnswer:
    """A classifier for which all expressions are equally likely; expressions are not scored."""

    def __init__(self, labels: int) -> None:
        self._labels = labels

    def __call__(self, crops: NDArray[np.uint8], head: str = EXPRESSION_HEAD, /) -> Floats:
        """Return the same probabilities for all crops."""
        return np.full((len(crops), self._labels), 1 / self._labels, np.float32)

    def activation_maps(self, crops: NDArray[np.uint8], head: str = EXPRESSION_HEAD, /) -> Floats:
        """Return maps without anything in them; nobody asks for them."""
        return np.zeros((len(crops), 1, 1, self._labels), np.float32)


def live_path(missed: float) -> tuple[FaceStream, MissingSome]:
    """Return the live path without expressions, and its detector."""
    spec, detector = ModelSpec.load(MODEL), MissingSome(missed)
    return FaceStream(detector, NoAnswer(len(spec.labels)), spec, _evidence()), detector


@cache
def _evidence() -> Evidence:
    return Evidence(FaceLandmark())  # one for all; it keeps nothing


class Seen(NamedTuple):
    """One frame: who is in view and was detected, in which boxes; the numbers given, and theirs."""

    seconds: float
    persons: NDArray[np.int64]
    truth: Floats
    track_ids: NDArray[np.int64]
    xyxy: Floats


class Score(NamedTuple):
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
    back: list[bool]
    told_apart: list[bool]


def watched(scene: Scene, cast: Sequence[Person], rate: float) -> Score:
    """Score the numbers that `FaceStream` gives in a scene.

    The truth holds the faces that the detector found: what is scored is who is who.
    """
    stream, detector = live_path(scene.missed)
    frames = []
    for frame in film(scene, cast, rate):
        faces = stream(frame.image, frame.seconds).faces
        found = (iou_matrix(frame.xyxy, detector.found.xyxy) >= SAME_FACE_IOU).any(axis=1)
        truth = frame.persons[found], frame.xyxy[found]
        frames.append(Seen(frame.seconds, *truth, faces.track_id, faces.xyxy))
    return score(scene, frames)


def score(scene: Scene, frames: Sequence[Seen]) -> Score:
    """Score the numbers given in a scene."""
    accumulator = motmetrics.MOTAccumulator(auto_id=True)
    for frame in frames:
        apart = 1 - iou_matrix(frame.truth, frame.xyxy).astype(np.float64)
        apart[apart > 1 - SAME_FACE_IOU] = np.nan
        accumulator.update(frame.persons.tolist(), frame.track_ids.tolist(), apart)
    summary = motmetrics.metrics.create().compute(accumulator, metrics=["idf1", "num_switches"])
    # The number before somebody leaves, and after the person is back, is the most frequent one.
    window = max(2.0, 2.5 * float(np.median(np.diff([frame.seconds for frame in frames]))))
    back = []
    for person, left, returned in scene.absences:
        before = _number(frames, person, left - window, left)
        after = _number(frames, person, returned, returned + window)
        back.append(after is not None and before == after)
    return Score(
        idf1=float(summary["idf1"].iloc[0]),
        switches=int(summary["num_switches"].iloc[0]),
        people=len({person for frame in frames for person in frame.persons.tolist()}),
        numbers=len({number for frame in frames for number in frame.track_ids.tolist()}),
        back=back,
        told_apart=[_number(frames, a) != _number(frames, b) for a, b in scene.replaced],
    )


def _number(
    frames: Sequence[Seen], person: int, start: float = -np.inf, end: float = np.inf
) -> int | None:
    """Return the number that a person had most often in a time; None if there was none."""
    numbers: Counter[int] = Counter()
    for frame in frames:
        if start <= frame.seconds <= end and person in frame.persons and len(frame.xyxy):
            overlap = iou_matrix(frame.truth[frame.persons == person], frame.xyxy)[0]
            if overlap.max() >= SAME_FACE_IOU:
                numbers[int(frame.track_ids[overlap.argmax()])] += 1
    return numbers.most_common(1)[0][0] if numbers else None


def script(rate: float) -> list[Scene]:
    """Return the scenes that are watched at a rate."""
    return [
        *(films.still(max(12.0, 30 / rate)), films.crossing(2), films.crossing(3), films.fast()),
        *(films.coming_and_going(), films.behind_a_door(), films.all_leave(), films.stopped()),
        *(films.other_light(), films.another_in_the_seat()),
    ]


def row(scene: Scene, rate: float, scores: Sequence[Score]) -> list[str]:
    """Return a row of the table: one scene at one rate, by several casts."""
    back = [same for score in scores for same in score.back]
    apart = [other for score in scores for other in score.told_apart]
    return [
        f"{scene.name}, {rate:g}/s",
        f"{np.mean([score.idf1 for score in scores]):.3f}",
        f"{min(score.idf1 for score in scores):.3f}",
        str(sum(score.switches for score in scores)),
        f"{sum(score.numbers for score in scores)} of {sum(score.people for score in scores)}",
        f"{sum(back)} of {len(back)}" if back else "",
        f"{sum(apart)} of {len(apart)}" if apart else "",
    ]


def main() -> None:
    """Run the benchmark and print the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, default=Path("../shared/photos"))
    parser.add_argument(
        "--rates", type=float, nargs="+", default=[15, 5, 2, 0.5], help="analyses a second"
    )
    parser.add_argument("--cast", choices=list(CASTS), nargs="+", default=list(CASTS))
    arguments = parser.parse_args()
    print(machine())
    for name in arguments.cast:
        cast = people(arguments.photos, CASTS[name])
        rows, back = [], []
        for rate in arguments.rates:
            for scene in script(rate):
                scores = [watched(scene, [*cast[n:], *cast[:n]], rate) for n in _TURNS]
                back += [same for score in scores for same in score.back]
                rows.append(row(scene, rate, scores))
        header = ["scene", "IDF1", "lowest", "switches", "numbers", "same after", "told apart"]
        print(f"\n{name}: {len(cast)} people\n{table(header, rows)}")
        print(f"the same number after an absence: {sum(back)} of {len(back)}")


if __name__ == "__main__":
    main()
