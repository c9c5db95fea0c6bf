"""Processing time of live frames by stage, and a comparison with the PyPI package ``fer``.

``python -m benchmarks.live_path [--seconds 10] [--memory-minutes 10] [--peer PYTHON] [--json]``
sends moving faces through `FaceStream` and `annotate` with bars, on one thread. It prints a table
of milliseconds per frame for several frame sizes and numbers of faces, and then the sustained frame
rate and memory growth of one long run. ``--peer`` is the Python of another environment, created
with ``pip install fer==25.10.3 tensorflow "opencv-contrib-python-headless<5" "setuptools<81"``.
That package and this project then take turns on the same frames, so that both see the same load
from other programs.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
import psutil

from benchmarks.peer import Comparison, compare
from benchmarks.scenes import moving_faces
from benchmarks.tables import machine, table
from fer.drawing.annotate import annotate
from fer.stream import STAGES, FaceStream
from fer.types import Image

MODEL = Path(__file__).parent.parent / "models" / "compact"

SIZES = ((640, 480), (1280, 720))
FACES = (0, 1, 3, 8)

#: Frames processed before measuring, to fill caches and let networks allocate memory.
_WARM_UP = 30

#: Seconds between two memory samples.
_SAMPLE_SECONDS = 1.0

#: Columns of the table. ``processor`` is CPU time, which is what ``total`` would be on an otherwise
#: idle machine.
_PARTS = (*STAGES, "annotate", "total", "processor")


@dataclass(frozen=True)
class Cost:
    """Processing time of frames of one size with one number of faces.

    Attributes:
        faces: number of faces in each frame.
        size: width and height of the frames in pixels.
        found: mean number of faces found per frame.
        frames: number of measured frames.
        median: median milliseconds by part.
        p95: 95th percentile of milliseconds by part.
        rate: frames a second, processed one after the other.
    """

    faces: int
    size: tuple[int, int]
    found: float
    frames: int
    median: dict[str, float]
    p95: dict[str, float]
    rate: float


@dataclass(frozen=True)
class Memory:
    """Speed and memory of a long run with one face.

    Attributes:
        minutes: duration of the run.
        rate: sustained frames a second.
        first_mb: median resident memory in the first tenth of the run.
        last_mb: median resident memory in the last tenth.
    """

    minutes: float
    rate: float
    first_mb: float
    last_mb: float


class LivePath:
    """Analysis and drawing for one visitor, on frames that play in a loop.

    Args:
        frames: ``(height, width, 3)`` RGB uint8, all of the same size.
        model: directory of the model.
    """

    def __init__(self, frames: Sequence[Image], model: Path = MODEL) -> None:
        self._frames = frames
        self._stream = FaceStream.load(model)
        self._count = 0

    def step(self) -> tuple[dict[str, float], int]:
        """Analyse and draw the next frame; return milliseconds by part, and the faces found."""
        frame = self._frames[self._count % len(self._frames)]
        started, cpu_started = time.perf_counter(), time.process_time()
        result = self._stream(frame, self._count / 15)
        analysed = time.perf_counter()
        annotate(frame, result.faces, bars=True)
        ended, cpu_seconds = time.perf_counter(), time.process_time() - cpu_started
        self._count += 1
        seconds = {
            "annotate": ended - analysed,
            "total": ended - started,
            "processor": cpu_seconds,
        }
        milliseconds = result.milliseconds | {part: s * 1e3 for part, s in seconds.items()}
        return milliseconds, len(result.faces)


def cost(faces: int, size_wh: tuple[int, int], seconds: float, warm_up: int = _WARM_UP) -> Cost:
    """Measure frames of one size with one number of faces.

    Args:
        faces: number of faces in each frame.
        size_wh: width and height of the frames in pixels.
        seconds: duration of the measurement; at least one frame is measured.
        warm_up: frames processed before measuring.
    """
    path = LivePath(moving_faces(faces, size_wh))
    for _ in range(warm_up):
        path.step()
    steps: list[tuple[dict[str, float], int]] = []
    started = time.perf_counter()
    while not steps or time.perf_counter() - started < seconds:
        steps.append(path.step())
    elapsed = time.perf_counter() - started
    times = np.array([[milliseconds[part] for part in _PARTS] for milliseconds, _ in steps])
    median, p95 = np.percentile(times, [50, 95], axis=0).round(3).tolist()
    return Cost(
        faces=faces,
        size=size_wh,
        found=float(np.mean([found for _, found in steps])),
        frames=len(steps),
        median=dict(zip(_PARTS, median, strict=True)),
        p95=dict(zip(_PARTS, p95, strict=True)),
        rate=len(steps) / elapsed,
    )


def memory(minutes: float, warm_up: int = _WARM_UP) -> Memory:
    """Process frames with one face without pause; return the frame rate and memory.

    Args:
        minutes: duration; at least one frame is processed.
        warm_up: frames processed before measuring.
    """
    path = LivePath(moving_faces(1, SIZES[0]))
    for _ in range(warm_up):
        path.step()
    process = psutil.Process()
    samples = [process.memory_info().rss]
    frames, started = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - started) < 60 * minutes or not frames:
        path.step()
        frames += 1
        if elapsed > len(samples) * _SAMPLE_SECONDS:
            samples.append(process.memory_info().rss)
    tenth = max(1, len(samples) // 10)
    first, last = np.median(samples[:tenth]) / 1e6, np.median(samples[-tenth:]) / 1e6
    return Memory(elapsed / 60, frames / max(elapsed, 1e-9), float(first), float(last))


def main() -> None:
    """Run the benchmark and print the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10, help="for each row")
    parser.add_argument("--memory-minutes", type=float, default=10, help="0 for no long run")
    parser.add_argument("--peer", type=Path, help="Python of an environment with the package fer")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    costs = [cost(n, size, arguments.seconds) for size in SIZES for n in FACES]
    comparisons = _compare(arguments.peer, arguments.seconds) if arguments.peer else []
    long_run = memory(arguments.memory_minutes) if arguments.memory_minutes > 0 else None
    if arguments.json:
        record = {
            "machine": machine(),
            "costs": [asdict(c) for c in costs],
            "comparisons": [asdict(c) for c in comparisons],
            "memory": asdict(long_run) if long_run else None,
        }
        print(json.dumps(record))
    else:
        print(", ".join(f"{name} {value}" for name, value in machine().items()))
        print(as_text(costs, comparisons, long_run))


def _compare(python: Path, seconds: float) -> list[Comparison]:
    frames = moving_faces(1, SIZES[0])
    return compare(python, frames, LivePath(frames).step, seconds)


def as_text(costs: list[Cost], comparisons: list[Comparison], long_run: Memory | None) -> str:
    """Return the results as text tables."""
    rows = [
        [
            f"{c.faces} at {c.size[0]}×{c.size[1]}",
            f"{c.found:.1f}",
            *(f"{c.median[part]:.1f} / {c.p95[part]:.1f}" for part in _PARTS),
            f"{c.rate:.0f}",
        ]
        for c in costs
    ]
    parts = ["milliseconds per frame, one thread: median / 95th percentile"]
    parts.append(table(["faces", "found", *_PARTS, "frames/s"], rows))
    if comparisons:
        parts.append("\nin turns on the same frames, one face at 640×480, one thread: median ms")
        rows = [
            [
                c.recipe,
                f"{c.recipe_ms:.1f}",
                f"{c.own_ms:.1f}",
                f"{c.ratio:.1f}",
                f"{c.recipe_processor_ms:.1f}",
                f"{c.own_processor_ms:.1f}",
                f"{c.processor_ratio:.1f}",
                f"{c.recipe_found:.0%}",
                f"{c.own_found:.0%}",
            ]
            for c in comparisons
        ]
        times = ["its ms", "our ms", "ratio", "its CPU ms", "our CPU ms", "ratio"]
        header = ["package fer", *times, "it found", "we found"]
        parts.append(table(header, rows))
    if long_run:
        parts.append(
            f"\n{long_run.minutes:.1f} minutes with one face: {long_run.rate:.0f} frames/s; memory "
            f"{long_run.first_mb:.1f} MB at the start, {long_run.last_mb:.1f} MB at the end "
            f"({long_run.last_mb - long_run.first_mb:+.1f} MB)"
        )
    return "\n".join(parts)


if __name__ == "__main__":
    main()
