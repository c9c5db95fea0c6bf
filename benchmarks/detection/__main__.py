"""Faces found and invented, and processor time, of the photo path and of other detectors.

``python -m benchmarks.detection --photos DIR --data fer2013.npz`` prints a table of what was found
and one of what it cost, with a row for every kind of picture. ``DIR`` has ``photos.json`` with the
number of faces in each photograph. ``--kinds crowds drawings`` runs only those kinds, ``--every
3`` only every third picture, and ``--own "photo path"`` only that one of this project's detectors.
``--haar-python`` names the Python of an environment with ``opencv-python-headless<5``, for its Haar
cascade; ``--yunet`` the file of YuNet's network. Stopped by Ctrl+C, it prints what it has.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path

import cv2

from benchmarks.detection.detectors import ONE_PASS, OWN, TimedDetector, detectors
from benchmarks.detection.kinds import KINDS, TOTALS, Material
from benchmarks.detection.material import Scene
from benchmarks.detection.score import Result, found_rows, time_rows
from benchmarks.tables import machine, table


def main() -> None:
    """Run the benchmark and print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--faces", type=int, default=72, help="pasted faces of each height")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--every", type=int, default=1, help="see only every n-th picture")
    parser.add_argument("--own", nargs="*", choices=OWN, default=list(OWN), metavar="DETECTOR")
    parser.add_argument("--haar-python", type=Path, help="Python with an OpenCV before 5")
    parser.add_argument("--yunet", type=Path, help="YuNet's network as .onnx")
    parser.add_argument("--list", action="store_true", help="name every face that was invented")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)  # as in the workers
    print(machine())
    material = Material(arguments.photos, arguments.data, arguments.faces)
    kinds = ((kind, KINDS[kind]) for kind in arguments.kinds)
    pictures = (
        (kind, scene)
        for kind, scenes in kinds
        for scene in islice(scenes(material), 0, None, arguments.every)
    )
    try:
        with detectors(arguments.own, arguments.haar_python, arguments.yunet) as compared:
            results = run(compared, pictures, told=arguments.list)
    except (RuntimeError, OSError) as error:
        parser.exit(1, f"{error}\n")
    print("\nshare of the faces found (number of invented ones)")
    print(table(("", "pictures", "faces", *results, "aim"), found_rows(results, TOTALS)))
    print(f"\nmedian processor time, and in multiples of {ONE_PASS}")
    print(table(("", *results), time_rows(results, ONE_PASS)))


def run(
    compared: Mapping[str, TimedDetector],
    pictures: Iterable[tuple[str, Scene]],
    *,
    told: bool = False,
) -> dict[str, list[Result]]:
    """Let all detectors see all pictures, one after another, so that they share the machine's load.

    Args:
        compared: detectors by name.
        pictures: kind and scene of each.
        told: print the name of each picture in which a face was invented.

    Returns:
        For each detector a result for each picture.
    """
    results: dict[str, list[Result]] = {name: [] for name in compared}
    started = time.monotonic()
    try:
        for done, (kind, scene) in enumerate(pictures, start=1):
            seen = {n: Result.of(kind, scene, *see(scene.image)) for n, see in compared.items()}
            for name, result in seen.items():
                results[name].append(result)
                if told and result.invented:
                    print(f"{name} invented {result.invented}: {scene.group}, {scene.name}")
            progress = f"{done} pictures, {time.monotonic() - started:.0f} s: {scene.group}"
            print(f"\r\x1b[K{progress}", end="", file=sys.stderr, flush=True)
    except KeyboardInterrupt:
        print("\nstopped", end="", file=sys.stderr)
    except RuntimeError as error:  # a worker has ended; what was measured is not lost
        print(f"\n{error}", end="", file=sys.stderr)
    print(file=sys.stderr)
    return results


if __name__ == "__main__":
    main()
