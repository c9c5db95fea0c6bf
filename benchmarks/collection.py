"""Collections of photographs: how fast, with how many processes, at what cost, in how much memory.

``python -m benchmarks.collection [--photos 1000] [--memory-photos 10000] [--folder PATH]
[--rounds 1] [--without-ray] [--json]`` draws small photographs with a face (or takes those of
``--folder`` for the speed) and runs `fer.collection` over them with one worker process, with two,
and with Ray and two actors. Processor time is that of all processes together, so it says what a
photograph costs whatever else the machine does; of several rounds, in turns, each way's fastest
counts. Then it watches the memory of all processes over many photographs.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Self

import cv2
import numpy as np
import psutil

from benchmarks.tables import machine, table
from fer.collection.collect import CollectionOptions, Tally, collect
from fer.collection.manifest import photo_paths

#: Width and height of drawn photographs, in pixels.
_SIDE = 128

#: Seconds between two looks at the processes.
_LOOK = 0.5


@dataclass(frozen=True)
class Cost:
    """What a run over photographs took.

    Attributes:
        engine: engine and number of workers.
        photos: photographs analysed.
        seconds: from the start to the last row on the disk, with the start of all processes.
        processor_seconds: processor time of all processes.
        bytes_read: size of the photographs.
        bytes_written: size of the results.
    """

    engine: str
    photos: int
    seconds: float
    processor_seconds: float
    bytes_read: int
    bytes_written: int

    @property
    def rate(self) -> float:
        """Photographs a second."""
        return self.photos / self.seconds


@dataclass(frozen=True)
class Memory:
    """Resident memory of all processes together over a run, in MB.

    Attributes:
        photos: photographs analysed.
        seconds: how long it took.
        tenths: median in each tenth of the photographs; 0 where there was no look.
    """

    photos: int
    seconds: float
    tenths: tuple[float, ...]

    @property
    def growth(self) -> float:
        """Change from the second tenth to the last, as a share."""
        return self.tenths[-1] / self.tenths[1] - 1 if self.tenths[1] else 0.0


@dataclass
class Watch:
    """Looks at this process and all that it starts, on a thread. Use it with ``with``.

    Attributes:
        memory: how many photographs were done, and megabytes, at each look.
        done: photographs done; the caller keeps it up to date.
    """

    memory: list[tuple[int, float]] = field(default_factory=list)
    done: int = 0

    def __post_init__(self) -> None:
        self._ended = threading.Event()
        self._processor: dict[tuple[int, float], float] = {}
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._before = _processor_seconds(psutil.Process())
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    @property
    def processor_seconds(self) -> float:
        """Processor time of all processes so far, as of the last look at each."""
        return sum(self._processor.values()) - self._before

    def _run(self) -> None:
        me = psutil.Process()
        while True:
            total = 0
            for process in (me, *me.children(recursive=True)):
                try:
                    key = (process.pid, process.create_time())
                    self._processor[key] = _processor_seconds(process)
                    total += process.memory_info().rss
                except psutil.Error:
                    continue  # it has ended
            self.memory.append((self.done, total / 1e6))
            if self._ended.wait(_LOOK):
                return


def _processor_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def draw_photos(folder: Path, number: int) -> None:
    """Draw photographs with one face each, on walls of different colours."""
    import skimage.data

    face = cv2.resize(skimage.data.astronaut()[:300, 80:380], (96, 96))
    for i in range(number):
        wall = np.full((_SIDE, _SIDE, 3), (i % 251, i * 7 % 253, i * 13 % 255), np.uint8)
        left = i % (_SIDE - 96)
        wall[16 : 16 + 96, left : left + 96] = face
        place = folder / f"{i // 1000:03}"
        place.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(place / f"{i:07}.jpg"), wall[..., ::-1])


def run(
    photos: Path, options: CollectionOptions, on_progress: Callable[[Tally], None]
) -> tuple[Tally, float, int]:
    """Analyse a folder; return the tally, the seconds, and the size of the results in bytes."""
    with TemporaryDirectory() as out:
        start = time.perf_counter()
        tally = collect([str(photos)], Path(out), options, on_progress=on_progress)
        seconds = time.perf_counter() - start
        return tally, seconds, sum(file.stat().st_size for file in Path(out).iterdir())


def cost(photos: Path, engine: str, workers: int) -> Cost:
    """Measure a run."""
    options = CollectionOptions(engine=engine, workers=workers, shard_photos=100)
    with Watch() as watch:
        tally, seconds, written = run(photos, options, lambda tally: None)
    read = sum(Path(path).stat().st_size for path in photo_paths([str(photos)]))
    name = f"{engine}, {workers}"
    return Cost(name, tally.done, seconds, watch.processor_seconds, read, written)


def memory(photos: Path, workers: int) -> Memory:
    """Watch the memory of a run."""
    with Watch() as watch:

        def count(tally: Tally) -> None:
            watch.done = tally.done

        tally, seconds, _ = run(photos, CollectionOptions(workers=workers), count)
    looks: list[list[float]] = [[] for _ in range(10)]
    for done, megabytes in watch.memory:
        if 0 < done < tally.done:
            looks[done * 10 // tally.done].append(megabytes)
    return Memory(tally.done, seconds, tuple(median(tenth) if tenth else 0 for tenth in looks))


def as_text(costs: list[Cost], watched: Memory | None, where: dict[str, Any]) -> str:
    """Return the report as text."""
    rows = [
        [
            cost.engine,
            f"{cost.photos}",
            f"{cost.seconds:.1f}",
            f"{cost.rate:.1f}",
            f"{cost.rate / costs[0].rate:.2f}",
            f"{1000 * cost.processor_seconds / cost.photos:.0f}",
            f"{cost.bytes_read / cost.photos:.0f}",
            f"{cost.bytes_written / cost.photos:.0f}",
        ]
        for cost in costs
    ]
    header = [
        "engine, workers",
        "photos",
        "s",
        "photos/s",
        "ratio",
        "CPU ms",
        "B read",
        "B written",
    ]
    parts = [
        f"{where['processor']}, {where['cores']} cores, load {where['load']} before",
        table(header, rows),
    ]
    if watched:
        tenths = ", ".join(f"{megabytes:.0f}" for megabytes in watched.tenths)
        parts.append(
            f"{watched.photos} photos in {watched.seconds:.0f} s: MB of all processes by tenth "
            f"{tenths}; second to last {watched.growth:+.1%}"
        )
    return "\n\n".join(parts)


def main(argv: list[str] | None = None) -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.collection", description=__doc__)
    parser.add_argument("--photos", type=int, default=1000, help="drawn photos for the speed")
    parser.add_argument("--memory-photos", type=int, default=10_000, help="0: leave memory out")
    parser.add_argument("--folder", type=Path, help="photos for the speed, in place of drawn ones")
    parser.add_argument("--rounds", type=int, default=1, help="of the speed, on a busy machine")
    parser.add_argument("--without-ray", action="store_true")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args(argv)
    where = machine()
    runs = [("local", 1), ("local", 2)] + ([] if arguments.without_ray else [("ray", 2)])
    with TemporaryDirectory() as folder:
        drawn = Path(folder) / "speed"
        if not arguments.folder:
            draw_photos(drawn, arguments.photos)
        photos = arguments.folder or drawn
        rounds = [[cost(photos, *way) for way in runs] for _ in range(arguments.rounds)]
        costs = [min(way, key=lambda cost: cost.seconds) for way in zip(*rounds, strict=True)]
        watched = None
        if arguments.memory_photos:
            draw_photos(Path(folder) / "memory", arguments.memory_photos)
            watched = memory(Path(folder) / "memory", 2)
    if arguments.json:
        said = {"costs": [asdict(c) for c in costs], "memory": watched and asdict(watched)}
        print(json.dumps({"machine": where} | said))
    else:
        print(as_text(costs, watched, where))


if __name__ == "__main__":
    main()
