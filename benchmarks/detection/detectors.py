"""The detectors that are compared, each of them with the processor time of a call."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np

from benchmarks.worker import Worker
from fer.detection.blazeface import BlazeFace, FaceDetector
from fer.detection.photo_scan import PhotoScan
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


class Peer(Worker):
    """A detector of OpenCV in a process of its own. Use it in a ``with`` block.

    Args:
        python: Python of an environment with OpenCV, before 5 for Haar cascades.
        kind: ``haar`` or ``yunet``.
        file: the detector's file; may be empty for the cascade that comes with OpenCV.
    """

    def __init__(self, python: Path, kind: str, file: str = "") -> None:
        super().__init__(
            python,
            _WORKER,
            kind,
            file,
            expected="Expected a Python with opencv-python-headless, before 5 for Haar cascades, "
            "and for YuNet a file of its network that this OpenCV reads.",
        )
        self._picture = self.folder / "picture.npy"

    def __call__(self, image: Image) -> tuple[Detections, float]:
        """Return the faces, without landmarks, and the worker's seconds of processor time."""
        np.save(self._picture, image)
        answer = self.ask(str(self._picture))
        found = np.array(answer["found"], np.float32).reshape(-1, 5)
        nowhere = np.zeros((len(found), LANDMARKS, 2), np.float32)
        return Detections(found[:, :4], found[:, 4], nowhere), answer["seconds"]


def photo_path() -> FaceDetector:
    """Return the detector of the Photo page."""
    return PhotoScan.load()


#: The detectors of this project by name; each is made when it is asked for.
OWN: dict[str, Callable[[], FaceDetector]] = {"photo path": photo_path, ONE_PASS: BlazeFace}


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
    found: dict[str, TimedDetector] = {name: here(OWN[name]()) for name in own}
    with ExitStack() as stack:
        if haar:
            found["Haar"] = stack.enter_context(Peer(haar, "haar"))
        if yunet:
            python = haar or Path(sys.executable)
            found["YuNet"] = stack.enter_context(Peer(python, "yunet", str(yunet.resolve())))
        yield found
