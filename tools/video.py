"""Speed and memory of ``fer-lens video``, beside the PyPI package ``fer`` on the same clip.

``python -m tools.video`` draws its own recordings: a moving face, 1280 × 720 at 30 frames a second,
with sound. Each figure is that of a whole command in a process of its own, which loads its
libraries and networks too. ``--peer`` names the Python of an environment with the package ``fer``
from PyPI; it analyses every frame of a clip, as it does by default, and so do we then.
``--seconds 4 --minutes 0 --repeat 1`` is quick.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

import av
import numpy as np
import psutil

from tests.fer.video.samples import even, write_clip
from tools import peers
from tools.pictures import moving_faces
from tools.report import Watch, machine, table

#: Width, height and frames a second of the recordings.
SIZE, RATE = (1280, 720), 30

#: Length in seconds of the recording that others are compared with, and of the one for the peer.
SHORT, PEER_SECONDS = 10, 5


def write_recording(file: Path, seconds: int) -> Path:
    """Write a recording of a moving face with sound."""
    frames = moving_faces(1, SIZE, 4 * RATE)
    return write_clip(
        file,
        even(seconds * RATE, RATE),
        lambda at: frames[round(at * RATE) % len(frames)],
        sound="aac",
        preset="veryfast",
    )


def write_repeated(source: Path, file: Path, times: int) -> Path:
    """Write a recording's picture many times over, packet by packet."""
    with av.open(str(source)) as once, av.open(str(file), "w") as container:
        stream = once.streams.video[0]
        out = container.add_stream_from_template(stream)
        for i in range(times):
            once.seek(0, stream=stream)
            for packet in once.demux(stream):
                if packet.dts is not None:
                    packet.pts += i * stream.duration
                    packet.dts += i * stream.duration
                    packet.stream = out
                    container.mux(packet)
    return file


class Cost(NamedTuple):
    """Seconds, seconds of processor time, and peak resident memory in MB of a command."""

    seconds: float
    processor: float
    megabytes: float


def cost_of(command: Sequence[str]) -> Cost:
    """Run a command and return what it took; raise `RuntimeError` if it failed."""
    started, null = time.perf_counter(), subprocess.DEVNULL
    process = psutil.Popen(command, stdout=null, stderr=null)
    with Watch(process, 0.02) as watch:
        status = process.wait()
    if status:
        raise RuntimeError(f"{' '.join(command)} ended with status {status}.")
    seconds = time.perf_counter() - started
    return Cost(seconds, watch.processor_seconds, max(sample.mb for sample in watch.samples))


def row(name: str, length: float, costs: Sequence[Cost]) -> list[str]:
    """Return a row of the table: medians, and the slowest and fastest speed."""
    speeds = sorted(length / cost.seconds for cost in costs)
    return [
        name,
        f"{median(cost.seconds for cost in costs):.1f} s",
        f"{median(speeds):.1f}",
        f"{speeds[0]:.1f} to {speeds[-1]:.1f}",
        f"{median(cost.processor for cost in costs):.1f} s",
        f"{max(cost.megabytes for cost in costs):.0f} MB",
    ]


def rows(folder: Path, seconds: int, minutes: int, repeat: int, peer: Path | None) -> list:
    """Return all rows of the table; files are written into the folder."""

    def own(file: Path, *options: str) -> Cost:
        command = [sys.executable, "-m", "fer", "video", str(file), "--overwrite"]
        return cost_of([*command, "--out", str(folder / "out"), *options])

    short = write_recording(folder / "short.mp4", SHORT)
    usual = write_recording(folder / "usual.mp4", seconds)
    found = []
    for name, options in (("marked video", ()), ("numbers at 10 a second", ("--no-picture",))):
        costs = [own(usual, *options) for _ in range(repeat)]
        found.append(row(f"{name}, {seconds} s", seconds, costs))
        found.append(row(f"{name}, {SHORT} s", SHORT, [own(short, *options)]))
    if minutes:
        long = write_repeated(short, folder / "long.mp4", minutes * 60 // SHORT)
        costs = [own(long, "--no-picture", "--rate", "2")]
        found.append(row(f"numbers at 2 a second, {minutes} min", 60 * minutes, costs))
    if peer:
        clip = write_recording(folder / "peer.mp4", PEER_SECONDS)
        command = [str(peer.absolute()), peers.__file__, "video", str(clip), str(folder / "peer")]
        ours, theirs = [], []
        for _ in range(repeat):  # in turns
            ours.append(own(clip, "--rate", "every"))
            theirs.append(cost_of(command))
        ratio, processor, _ = np.median(theirs, axis=0) / np.median(ours, axis=0)
        found += [
            row(f"every frame and marked video, {PEER_SECONDS} s", PEER_SECONDS, ours),
            row(f"the same by the package fer, {PEER_SECONDS} s", PEER_SECONDS, theirs),
            ["its time in ours", f"{ratio:.1f}", "", "", f"{processor:.1f}", ""],
        ]
    return found


def main() -> None:
    """Run the benchmark and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="length of the main recording")
    parser.add_argument("--minutes", type=int, default=30, help="of the long one; 0 for none")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each command")
    parser.add_argument("--peer", type=Path, help="Python with the package fer from PyPI")
    with TemporaryDirectory() as folder:
        found = rows(Path(folder), **vars(parser.parse_args()))
    print(table(["", "time", "× real time", "from to", "processor", "peak memory"], found))
    print(machine())


if __name__ == "__main__":
    main()
