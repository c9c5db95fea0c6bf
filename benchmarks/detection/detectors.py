"""The detectors that are compared, each of them with the processor time of a call."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

import numpy as np

from benchmarks.detection.proposed_scan import ProposedScan
from fer.detection.blazeface import BlazeFace, FaceDetector
from fer.detection.tiled import PhotoScan
from fer.types import LANDMARKS, Detections, Image

#: Returns the faces in a picture, and the seconds of processor time that it took.
TimedDetector = Callable[[Image], tuple[Detections, float]]

#: Name of the detector in whose time that of the others is told.
ONE_PASS = "one pass"

_WORKER = Path(__file__).with_name("peer_worker.py")


def here(detector: FaceDetector) -> TimedDetector:
    """Time a detector that runs in this process."""

    def timed(image: Image) -> tuple[Detections, float]:
        started = time.process_time()
        found = detector(image)
        return found, time.process_time() - started

    return timed


class Peer:
    """A detector of OpenCV in a process of its own. Use it in a ``with`` block.

    Args:
        python: Python of an environment with OpenCV, before 5 for Haar cascades.
        kind: ``haar`` or ``yunet``.
        file: the detector's file; may be empty for the cascade that comes with OpenCV.
    """

    def __init__(self, python: Path, kind: str, file: str = "") -> None:
        self._told = f"{kind} in {python}"
        self._folder = TemporaryDirectory()
        self._picture = Path(self._folder.name) / "picture.npy"
        self._process = subprocess.Popen(
            [str(python), str(_WORKER), kind, file],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def __enter__(self) -> Self:
        """Wait until the detector is loaded.

        Raises:
            RuntimeError: it does not run in that environment.
        """
        try:
            self._answer()
        except RuntimeError:
            self._close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    def _close(self) -> None:
        self._process.communicate()  # closes its standard input, which ends the process
        self._folder.cleanup()

    def __call__(self, image: Image) -> tuple[Detections, float]:
        """Return the faces, without landmarks, and the worker's seconds of processor time."""
        np.save(self._picture, image)
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(str(self._picture)) + "\n")
        self._process.stdin.flush()
        answer = self._answer()
        found = np.array(answer["found"], np.float32).reshape(-1, 5)
        nowhere = np.zeros((len(found), LANDMARKS, 2), np.float32)
        return Detections(found[:, :4], found[:, 4], nowhere), answer["seconds"]

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(
                f"{self._told} gave no answer. Expected a Python with opencv-python-headless, "
                "before 5 for Haar cascades, and for YuNet a file of its network that this version "
                "of OpenCV reads."
            )
        return json.loads(line)


#: The detectors of this project by name; each is made when it is asked for.
OWN: dict[str, Callable[[], FaceDetector]] = {
    "photo path": lambda: PhotoScan(BlazeFace()),
    "proposed": ProposedScan.load,
    ONE_PASS: BlazeFace,
}


@contextmanager
def detectors(
    own: Iterable[str], haar: Path | None, yunet: Path | None
) -> Iterator[dict[str, TimedDetector]]:
    """Give detectors by name for the length of a ``with`` block.

    Args:
        own: names in `OWN`.
        haar: Python of an environment with an OpenCV before 5; without it there is no Haar cascade.
        yunet: file of YuNet's network; without it there is no YuNet. It runs in the environment of
            `haar`, or in this one.

    Raises:
        RuntimeError: one of the last two does not run.
    """
    found = {name: here(OWN[name]()) for name in own}
    with ExitStack() as stack:
        if haar:
            found["Haar"] = stack.enter_context(Peer(haar, "haar"))
        if yunet:
            python = haar or Path(sys.executable)
            found["YuNet"] = stack.enter_context(Peer(python, "yunet", str(yunet)))
        yield found
