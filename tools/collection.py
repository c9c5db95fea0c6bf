"""Collections of photographs: how fast, with how many processes, at what cost, in how much memory.

``python -m tools.collection [--photos 1000] [--memory-photos 10000] [--folder PATH]``
draws small photographs with a face (or takes those of ``--folder`` for the speed) and runs
`fer.folder` over them with one worker process, with two, and with Ray and two actors. Processor
time is that of all processes together, so it says what a photograph costs whatever else the machine
does. Then it watches the memory of all processes over many photographs.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import cv2
import numpy as np
import psutil
import skimage.data

from fer.folder.collect import CollectionOptions, Tally, collect
from fer.folder.manifest import photo_paths
from tools.report import Watch, machine, table

#: Width and height of drawn photographs, and of the face in them, in pixels.
_SIDE, _FACE = 128, 96

#: Seconds between two looks at the processes.
_LOOK = 0.5


def draw_photos(folder: Path, number: int) -> Path:
    """Draw photographs with one face each, on walls of different colours; return their folder."""
    face = cv2.resize(skimage.data.astronaut()[:300, 80:380], (_FACE, _FACE))
    for i in range(number):
        wall = np.full((_SIDE, _SIDE, 3), (i % 251, i * 7 % 253, i * 13 % 255), np.uint8)
        left = i % (_SIDE - _FACE)
        wall[16 : 16 + _FACE, left : left + _FACE] = face
        place = folder / f"{i // 1000:03}"
        place.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(place / f"{i:07}.jpg"), wall[..., ::-1])
    return folder


class Run(NamedTuple):
    """What a run over a folder did: its tally, seconds, bytes of the results, and who watched."""

    tally: Tally
    seconds: float
    written: int
    watch: Watch


def run(photos: Path, options: CollectionOptions) -> Run:
    """Analyse a folder."""
    with TemporaryDirectory() as out, Watch(psutil.Process(), _LOOK) as watch:
        started = time.perf_counter()
        tally = collect([str(photos)], Path(out), options)
        seconds = time.perf_counter() - started
        written = sum(file.stat().st_size for file in Path(out).iterdir())
    return Run(tally, seconds, written, watch)


def cost(photos: Path, engine: str, workers: int) -> list[float]:
    """Return photographs, seconds, processor milliseconds, and bytes read and written of each."""
    done = run(photos, CollectionOptions(engine=engine, workers=workers, shard_photos=100))
    read = sum(Path(path).stat().st_size for path in photo_paths([str(photos)]))
    totals = (1000 * done.watch.processor_seconds, read, done.written)
    return [done.tally.done, done.seconds, *(value / done.tally.done for value in totals)]


def memory(photos: Path, workers: int) -> list[float]:
    """Return the median MB of all processes in each tenth of a run."""
    samples = run(photos, CollectionOptions(workers=workers)).watch.samples
    return [
        float(np.median(part)) for part in np.array_split([s.mb for s in samples], 10) if len(part)
    ]


def main() -> None:
    """Run the benchmark and print the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=1000, help="drawn photos for the speed")
    parser.add_argument("--memory-photos", type=int, default=10_000, help="0: leave memory out")
    parser.add_argument("--folder", type=Path, help="photos for the speed, in place of drawn ones")
    parser.add_argument("--without-ray", action="store_true")
    arguments = parser.parse_args()
    print(machine())
    runs = [("local", 1), ("local", 2)] + ([] if arguments.without_ray else [("ray", 2)])
    with TemporaryDirectory() as folder:
        photos = arguments.folder or draw_photos(Path(folder) / "speed", arguments.photos)
        rows, first = [], 0.0
        for engine, workers in runs:
            done, seconds, *each = cost(photos, engine, workers)
            first = first or done / seconds
            speed = [f"{done:.0f}", f"{seconds:.1f}", f"{done / seconds:.1f}"]
            ratio = f"{done / seconds / first:.2f}"
            rows.append([f"{engine}, {workers}", *speed, ratio, *(f"{v:.0f}" for v in each)])
        header = ["engine, workers", "photos", "s", "photos/s", "ratio", "CPU ms", "B read"]
        print(table([*header, "B written"], rows), flush=True)
        if arguments.memory_photos:
            many = draw_photos(Path(folder) / "memory", arguments.memory_photos)
            medians = memory(many, 2)
            growth = medians[-1] / medians[min(1, len(medians) - 1)] - 1
            tenths = ", ".join(f"{mb:.0f}" for mb in medians)
            print(f"MB by tenth: {tenths}; second to last {growth:+.1%}")


if __name__ == "__main__":
    main()
