"""The usual recipe, as the PyPI package ``fer`` has it, measured in a process of its own."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

import numpy as np

from fer.types import Image

_WORKER = Path(__file__).with_name("peer_worker.py")

#: What is measured, and what it is.
VARIANTS = {
    "tflite": "Haar cascade, LiteRT (the package's default)",
    "keras": "Haar cascade, Keras model called",
    "predict": "Haar cascade, Keras predict",
}

#: Frames of one turn: short against the changes in what else the machine does.
_TURN = 10

#: Milliseconds, milliseconds of processor time, and faces found of a frame.
Frame = tuple[float, float, int]

#: Analyses the next frame here; returns milliseconds by part, with ``total`` and ``processor``, and
#: the number of faces found.
Step = Callable[[], tuple[dict[str, float], int]]


@dataclass(frozen=True)
class Comparison:
    """This path and one variant of the usual recipe, in turns on the same frames.

    Attributes:
        recipe: what the variant is.
        own_ms: median milliseconds of a frame here.
        recipe_ms: median milliseconds of a frame there.
        ratio: how many times longer a frame takes there.
        own_processor_ms: median milliseconds of processor time here, which other programs that
            run on the machine do not lengthen.
        recipe_processor_ms: the same there.
        processor_ratio: how many times more processor time a frame takes there.
        own_found: share of the frames in which the face was found here.
        recipe_found: the same there.
    """

    recipe: str
    own_ms: float
    recipe_ms: float
    ratio: float
    own_processor_ms: float
    recipe_processor_ms: float
    processor_ratio: float
    own_found: float
    recipe_found: float


class Peer:
    """A running environment with the package. Use it in a ``with`` block.

    Args:
        python: of an environment into which ``fer`` was installed.
        frames: ``(height, width, 3)`` RGB uint8, all of one size.
    """

    def __init__(self, python: Path, frames: Sequence[Image]) -> None:
        self._python = python
        self._folder = TemporaryDirectory()
        self._frames = Path(self._folder.name) / "frames.npy"
        # OpenCV's order, which the package expects.
        np.save(self._frames, np.stack(frames)[..., ::-1])
        self._process = subprocess.Popen(
            [str(python), str(_WORKER)],
            cwd=self._folder.name,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def __enter__(self) -> Self:
        """Wait until the networks are loaded.

        Raises:
            RuntimeError: the package does not run in that environment.
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
        self._process.communicate()  # the end of its input ends it
        self._folder.cleanup()

    def measure(self, variant: str, indices: Sequence[int]) -> list[Frame]:
        """Return what each of the frames at `indices` costs with a variant."""
        request = {"variant": variant, "frames": str(self._frames), "indices": list(indices)}
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(
                f"{self._python} gave no answer. Expected an environment with the PyPI "
                "package fer, its TensorFlow, and an OpenCV before 5 (which has no Haar cascades)."
            )
        return json.loads(line)


def compare(python: Path, frames: Sequence[Image], step: Step, seconds: float) -> list[Comparison]:
    """Take turns with each variant of the usual recipe, on the same frames with one face.

    Args:
        python: see `Peer`.
        frames: play in a loop.
        step: takes the same frames in the same order.
        seconds: for each variant.

    Raises:
        RuntimeError: the package does not run in that environment.
    """
    with Peer(python, frames) as peer:
        for _ in frames:
            step()
        return [_in_turns(peer, variant, len(frames), step, seconds) for variant in VARIANTS]


def _in_turns(peer: Peer, variant: str, frames: int, step: Step, seconds: float) -> Comparison:
    own: list[tuple[dict[str, float], int]] = []
    theirs: list[Frame] = []
    peer.measure(variant, range(min(3, frames)))
    began = time.perf_counter()
    while not own or time.perf_counter() - began < seconds:
        turn = [i % frames for i in range(len(own), len(own) + _TURN)]
        own += [step() for _ in turn]
        theirs += peer.measure(variant, turn)
    own_ms, own_processor_ms = (
        float(np.median([times[part] for times, _ in own])) for part in ("total", "processor")
    )
    recipe_ms, recipe_processor_ms, _ = np.median(theirs, axis=0).tolist()
    return Comparison(
        recipe=VARIANTS[variant],
        own_ms=own_ms,
        recipe_ms=recipe_ms,
        ratio=recipe_ms / own_ms,
        own_processor_ms=own_processor_ms,
        recipe_processor_ms=recipe_processor_ms,
        processor_ratio=recipe_processor_ms / own_processor_ms,
        own_found=float(np.mean([faces > 0 for _, faces in own])),
        recipe_found=float(np.mean([faces > 0 for *_, faces in theirs])),
    )
