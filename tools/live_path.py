"""Processing time of live frames by stage, beside the PyPI package ``fer``.

``python -m tools.live_path [--seconds 10] [--peer PYTHON]`` sends moving faces through `FaceStream`
and `annotate` with bars, on one thread, and prints milliseconds per frame by stage. ``--peer`` is
the Python of another environment, created with ``pip install fer==25.10.3 tensorflow
"opencv-contrib-python-headless<5" "setuptools<81"``. That package and this project then take turns
on the same frames, so that both see the same load from other programs.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path

import cv2
import numpy as np

from fer.drawing.annotate import annotate
from fer.stream import STAGES, FaceStream
from fer.types import Floats, Image
from tools.peers import Peer
from tools.pictures import moving_faces
from tools.report import MODEL, machine, table

SIZE = (640, 480)

#: What the network of the PyPI package ``fer`` runs in.
RECIPES = {"tflite": "its LiteRT model, the default", "keras": "its Keras model"}

#: Columns of the table. ``processor`` is CPU time, which is what ``total`` would be on an otherwise
#: idle machine.
PARTS = (*STAGES, "annotate", "total", "processor")

#: Frames processed before measuring, to fill caches and let networks allocate memory; and frames of
#: a turn: few, so that both sides see the same load from other programs.
_WARM_UP, _TURN = 30, 10


def live_path(frames: Sequence[Image]) -> Iterator[tuple[list[float], int]]:
    """Analyse and draw frames, played in a loop without end.

    Yields the milliseconds of each of `PARTS`, and the number of faces found.
    """
    stream = FaceStream.load(MODEL)
    for count, frame in enumerate(cycle(frames)):
        started, processor = time.perf_counter(), time.process_time()
        result = stream(frame, count / 15)
        analysed = time.perf_counter()
        annotate(frame, result.faces, bars=True)
        ended = time.perf_counter()
        took = [ended - analysed, ended - started, time.process_time() - processor]
        stages = [result.milliseconds[stage] for stage in STAGES]
        yield [*stages, *(1000 * seconds for seconds in took)], len(result.faces)


def cost(faces: int, seconds: float, warm_up: int = _WARM_UP) -> list[str]:
    """Measure frames with some faces; at least one is measured.

    Returns the mean number of faces found; median and 95th percentile of the `PARTS`.
    """
    steps = islice(live_path(moving_faces(faces, SIZE)), warm_up, None)
    measured, started = [next(steps)], time.perf_counter()
    while time.perf_counter() - started < seconds:
        measured.append(next(steps))
    times = np.percentile([milliseconds for milliseconds, _ in measured], [50, 95], axis=0).T
    found = np.mean([found for _, found in measured])
    return [f"{found:.1f}", *(f"{median:.1f} / {high:.1f}" for median, high in times)]


def beside(peer: Callable[[Image], tuple[Floats, float, float]], seconds: float) -> list[str]:
    """Measure this project and a peer in turns on the same frames, with one face.

    Returns median milliseconds of the peer, of this project, and their ratio; the same in
    processor time; and in which share of the frames each found a face.
    """
    frames = moving_faces(1, SIZE)
    steps, played = islice(live_path(frames), len(frames), None), cycle(frames)
    ours: list[tuple[list[float], int]] = []
    theirs: list[tuple[Floats, float, float]] = []
    for frame in frames[:3]:
        peer(frame)
    started = time.perf_counter()
    while not ours or time.perf_counter() - started < seconds:
        ours += islice(steps, _TURN)
        theirs += [peer(frame) for frame in islice(played, _TURN)]
    cells = []
    for part, its in (("total", 1), ("processor", 2)):
        our_ms = float(np.median([step[0][PARTS.index(part)] for step in ours]))
        its_ms = 1000 * float(np.median([answer[its] for answer in theirs]))
        cells += [f"{its_ms:.1f}", f"{our_ms:.1f}", f"{its_ms / our_ms:.1f}"]
    found = np.mean([len(answer[0]) > 0 for answer in theirs]), np.mean([n > 0 for _, n in ours])
    return [*cells, *(f"{share:.0%}" for share in found)]


def main() -> None:
    """Run the benchmark and print the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10, help="for each row")
    parser.add_argument("--peer", type=Path, help="Python of an environment with the package fer")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    rows = [[str(faces), *cost(faces, arguments.seconds)] for faces in (0, 1, 3, 8)]
    print(f"{machine()}\nms a frame of {SIZE[0]}×{SIZE[1]}, one thread: median / 95th percentile")
    print(table(["faces", "found", *PARTS], rows))
    if arguments.peer:
        rows = []
        for kind, name in RECIPES.items():
            with Peer(arguments.peer, kind) as peer:
                rows.append([name, *beside(peer, arguments.seconds)])
        header = ["its ms", "our ms", "ratio", "its CPU ms", "our CPU ms", "ratio"]
        print("\nthe package fer, in turns on the same frames with one face: medians")
        print(table(["", *header, "it found", "we found"], rows))


if __name__ == "__main__":
    main()
