"""Other face software, in a process and an environment of its own.

`Peer` starts this file there as a script, for which it must import nothing of this project: its
package `fer` has the name of another one on PyPI. ``peers.py KIND`` answers requests: each is a
line of JSON with the path of an ``.npy`` file, each response one with faces, seconds, and seconds
of processor time. ``peers.py video FILE FOLDER`` analyses every frame of a recording and marks the
faces, as the package does by default.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

if __name__ == "__main__":
    os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    if "video" not in sys.argv:  # the libraries read these when they are imported
        threads = "OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"
        os.environ |= dict.fromkeys(threads, "1")

import cv2
import numpy as np

#: What the environment of each kind must have.
_NEEDS = {
    "haar": "opencv-python-headless before 5, which has Haar cascades",
    "tflite": "the PyPI package fer, its TensorFlow, and an OpenCV before 5",
    "keras": "the PyPI package fer, its TensorFlow, and an OpenCV before 5",
}


class Peer:
    """A detector or classifier of others, by the Python of its environment, in a ``with`` block.

    The kind is ``haar`` for OpenCV's Haar cascade; ``tflite`` or ``keras`` for the PyPI package
    ``fer`` with that network.
    """

    def __init__(self, python: Path, kind: str) -> None:
        self._command = [str(python.absolute()), __file__, kind]
        self._failure = (
            f"{python} peers.py {kind} gave no answer. Expected an environment with {_NEEDS[kind]}."
        )

    def __enter__(self) -> Peer:
        """Start it, and wait until it is ready.

        Raises:
            OSError: there is no such Python.
            RuntimeError: it does not run in that environment.
        """
        with ExitStack() as stack:
            folder = stack.enter_context(TemporaryDirectory())
            self._picture = Path(folder) / "picture.npy"
            pipe, null = subprocess.PIPE, subprocess.DEVNULL
            self._process = subprocess.Popen(
                self._command, cwd=folder, stdin=pipe, stdout=pipe, stderr=null, text=True
            )
            stack.callback(self._process.communicate)  # closes its standard input, which ends it
            self._answer()
            self._end = stack.pop_all().close
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def __call__(self, image: Any) -> tuple[Any, float, float]:
        """Return what it finds in an RGB image: faces, seconds, and seconds of processor time.

        Faces are ``(n, 5)`` float32 left, top, right, bottom and score. It is a `RuntimeError` if
        the process has ended.
        """
        assert self._process.stdin is not None
        np.save(self._picture, image)
        try:
            self._process.stdin.write(json.dumps(str(self._picture)) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise RuntimeError(self._failure) from error
        boxes, seconds, processor = self._answer()
        corners = [[x, y, x + width, y + height, 1.0] for x, y, width, height in boxes]
        return np.array(corners, np.float32).reshape(-1, 5), seconds, processor

    def _answer(self) -> list:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(self._failure)
        return list(json.loads(line))


#: Takes an RGB picture and returns left, top, width and height of each face.
Detect = Callable[[Any], Any]


def haar() -> Detect:
    """Return OpenCV's cascade with its own settings, for faces from 18 pixels on."""
    vision: Any = cv2  # before 5
    cascade = vision.CascadeClassifier(
        f"{vision.data.haarcascades}haarcascade_frontalface_alt2.xml"
    )

    def detect(image: Any) -> Any:
        grey = cv2.equalizeHist(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))
        return cascade.detectMultiScale(grey, scaleFactor=1.1, minNeighbors=3, minSize=(18, 18))

    return detect


def package(*, keras: bool) -> Detect:
    """Return the PyPI package ``fer`` with its network in Keras or LiteRT."""
    recognise = importlib.import_module("fer.fer").FER(mtcnn=False, use_tflite=not keras)

    def detect(image: Any) -> Any:
        found = recognise.detect_emotions(np.ascontiguousarray(image[..., ::-1]))
        return [face["box"] for face in found]

    return detect


def video(recording: str, folder: str) -> None:
    """Analyse a recording as the package does by default; files go to the folder."""
    recording = os.path.abspath(recording)
    os.makedirs(folder, exist_ok=True)
    os.chdir(folder)
    # It closes windows that it has not opened, which an OpenCV without windows refuses.
    vision: Any = cv2
    vision.destroyAllWindows, vision.waitKey = lambda: None, lambda delay: -1
    recognise = importlib.import_module("fer.fer").FER(mtcnn=False)
    clip = importlib.import_module("fer.classes").Video(recording, outdir=os.getcwd())
    clip.analyze(recognise, display=False, save_frames=False, zip_images=False)


def answer(kind: str) -> None:
    """Answer requests until standard input ends."""
    # Libraries may print to standard output. Responses use a duplicate of it, and everything else
    # goes to standard error.
    responses = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    cv2.setNumThreads(1)
    detect = haar() if kind == "haar" else package(keras=kind == "keras")
    print(json.dumps(["ready"]), file=responses, flush=True)
    for line in sys.stdin:
        image = np.load(json.loads(line))
        started, processor = time.perf_counter(), time.process_time()
        found = [[float(value) for value in box] for box in detect(image)]
        took = time.perf_counter() - started, time.process_time() - processor
        print(json.dumps([found, *took]), file=responses, flush=True)


if __name__ == "__main__":
    video(*sys.argv[2:]) if sys.argv[1] == "video" else answer(sys.argv[1])
