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
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.drawing.annotate import annotate
from fer.stream import STAGES, FaceStream
from fer.types import Floats, Image
from tools.peers import Peer
from tools.pictures import moving_faces
from tools.report import MODEL, machine, table

SIZE = (640, 480)
FACES = (0, 1, 3, 8)

#: What the network of the PyPI package ``fer`` runs in.
RECIPES = {"tflite": "its LiteRT model, the default", "keras": "its Keras model"}

#: Columns of the table. ``processor`` is CPU time, which is what ``total`` would be on an otherwise
#: idle machine.
PARTS = (*STAGES, "annotate", "total", "processor")

#: Frames processed before measuring, to fill caches and let networks allocate memory.
_WARM_UP = 30

#: Frames of a turn: few, so that both sides see the same load from other programs.
_TURN = 10


def live_path(frames: Sequence[Image]) -> Callable[[], tuple[list[float], int]]:
    """Return a function that analyses and draws the next of some frames, played in a loop.

    It returns the milliseconds of each of `PARTS`, and the number of faces found.
    """
    stream, count = FaceStream.load(MODEL), 0

    def step() -> tuple[list[float], int]:
        nonlocal count
        frame = frames[count % len(frames)]
        started, processor = time.perf_counter(), time.process_time()
        result = stream(frame, count / 15)
        analysed = time.perf_counter()
        annotate(frame, result.faces, bars=True)
        ended, count = time.perf_counter(), count + 1
        took = [ended - analysed, ended - started, time.process_time() - processor]
        stages = [result.milliseconds[stage] for stage in STAGES]
        return [*stages, *(1000 * seconds for seconds in took)], len(result.faces)

    return step


def cost(faces: int, seconds: float, warm_up: int = _WARM_UP) -> tuple[NDArray, float]:
    """Measure frames with some faces; at least one is measured.

    Returns:
        ``(2, parts)`` median and 95th percentile of the milliseconds of each of `PARTS`, and the
        mean number of faces found.
    """
    step = live_path(moving_faces(faces, SIZE))
    for _ in range(warm_up):
        step()
    steps, started = [step()], time.perf_counter()
    while time.perf_counter() - started < seconds:
        steps.append(step())
    times = np.percentile([milliseconds for milliseconds, _ in steps], [50, 95], axis=0)
    return times, float(np.mean([found for _, found in steps]))


def beside(peer: Callable[[Image], tuple[Floats, float, float]], seconds: float) -> list[str]:
    """Measure this project and a peer in turns on the same frames, with one face.

    Returns:
        Median milliseconds of the peer, of this project, and their ratio; the same in processor
        time; and in which share of the frames each found a face.
    """
    frames = moving_faces(1, SIZE)
    step = live_path(frames)
    ours: list[tuple[list[float], int]] = []
    theirs: list[tuple[Floats, float, float]] = []
    for _ in frames:
        step()
    for frame in frames[:3]:
        peer(frame)
    started = time.perf_counter()
    while not ours or time.perf_counter() - started < seconds:
        ours += [step() for _ in range(_TURN)]
        first = len(theirs)
        theirs += [peer(frames[i % len(frames)]) for i in range(first, first + _TURN)]
    cells = []
    for part in ("total", "processor"):
        column, its = PARTS.index(part), 1 if part == "total" else 2
        our_ms = float(np.median([milliseconds[column] for milliseconds, _ in ours]))
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
    rows = []
    for faces in FACES:
        times, found = cost(faces, arguments.seconds)
        cells = [f"{median:.1f} / {high:.1f}" for median, high in times.T]
        rows.append([str(faces), f"{found:.1f}", *cells])
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
