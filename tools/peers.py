"""Other face software in a process of its own, in an environment of its own."""

from __future__ import annotations

import json
import subprocess
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

import numpy as np

from fer.types import Floats, Image

SCRIPT = Path(__file__).with_name("peer_worker.py")

#: What the environment of each kind must have.
_NEEDS = {
    "haar": "opencv-python-headless before 5, which has Haar cascades",
    "tflite": "the PyPI package fer, its TensorFlow, and an OpenCV before 5",
    "keras": "the PyPI package fer, its TensorFlow, and an OpenCV before 5",
}


class Peer:
    """A detector or classifier of others. Use it in a ``with`` block.

    Args:
        python: Python of an environment that has it.
        kind: ``haar`` for OpenCV's Haar cascade; ``tflite`` or ``keras`` for the PyPI package
            ``fer`` with that network.
    """

    def __init__(self, python: Path, kind: str) -> None:
        self._command = [str(python.absolute()), str(SCRIPT), kind]
        self._failure = (
            f"{python} {SCRIPT.name} {kind} gave no answer. Expected an environment with "
            f"{_NEEDS[kind]}."
        )

    def __enter__(self) -> Self:
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

    def __call__(self, image: Image) -> tuple[Floats, float, float]:
        """Return what it finds in an RGB image.

        Returns:
            ``(n, 5)`` left, top, right, bottom and score of each face; seconds; and seconds of
            processor time.

        Raises:
            RuntimeError: the process has ended.
        """
        assert self._process.stdin is not None
        np.save(self._picture, image)
        try:
            self._process.stdin.write(json.dumps(str(self._picture)) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise RuntimeError(self._failure) from error
        faces, seconds, processor = self._answer()
        return np.array(faces, np.float32).reshape(-1, 5), seconds, processor

    def _answer(self) -> list:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(self._failure)
        return list(json.loads(line))
