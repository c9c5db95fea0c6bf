"""Comparison with the PyPI package ``fer``, which runs in a process of its own.

The package represents the usual recipe: a Haar cascade, and a network in Keras or LiteRT.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.worker import Worker
from fer.types import Image

_WORKER = Path(__file__).with_name("peer_worker.py")

#: Descriptions of the measured variants of the usual recipe, by name.
VARIANTS = {
    "tflite": "Haar cascade, LiteRT (the package's default)",
    "keras": "Haar cascade, Keras model called",
    "predict": "Haar cascade, Keras predict",
}

#: Frames per turn: few, so that both sides see the same load from other programs.
_TURN = 10

#: Measurements of one frame: milliseconds, milliseconds of CPU time, and number of faces found.
Frame = tuple[float, float, int]

#: Analyses the next frame with this project; returns milliseconds by part, including ``total`` and
#: ``processor`` (CPU time), and the number of faces found.
Step = Callable[[], tuple[dict[str, float], int]]


@dataclass(frozen=True)
class Comparison:
    """This project and one variant of the usual recipe, measured in turns on the same frames.

    Attributes:
        recipe: description of the variant.
        own_ms: median milliseconds per frame of this project.
        recipe_ms: median milliseconds per frame of the recipe.
        ratio: ``recipe_ms / own_ms``.
        own_processor_ms: median milliseconds of CPU time per frame of this project. Other programs
            on the machine do not increase CPU time.
        recipe_processor_ms: the same for the recipe.
        processor_ratio: ``recipe_processor_ms / own_processor_ms``.
        own_found: share of the frames in which this project found the face.
        recipe_found: the same for the recipe.
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


class Peer(Worker):
    """A worker process in an environment with the package. Use it in a ``with`` block.

    Args:
        python: Python of an environment in which the PyPI package ``fer`` is installed.
        frames: ``(height, width, 3)`` RGB uint8, all of the same size.
    """

    def __init__(self, python: Path, frames: Sequence[Image]) -> None:
        super().__init__(
            python,
            _WORKER,
            expected="Expected an environment with the PyPI package fer, its TensorFlow, and an "
            "OpenCV before 5 (which has no Haar cascades).",
        )
        self._frames = self.folder / "frames.npy"
        # The package expects BGR, as in OpenCV.
        np.save(self._frames, np.stack(frames)[..., ::-1])

    def measure(self, variant: str, indices: Sequence[int]) -> list[Frame]:
        """Return the measurements of a variant on the frames at `indices`."""
        request = {"variant": variant, "frames": str(self._frames), "indices": list(indices)}
        return self.ask(request)


def compare(python: Path, frames: Sequence[Image], step: Step, seconds: float) -> list[Comparison]:
    """Compare this project with each variant of the usual recipe, in turns on the same frames.

    Args:
        python: Python of an environment with the package; see `Peer`.
        frames: frames with one face, played in a loop.
        step: analyses the same frames in the same order with this project.
        seconds: duration per variant.

    Returns:
        One comparison per variant, in the order of `VARIANTS`.

    Raises:
        RuntimeError: the package does not run in that environment.
    """
    with Peer(python, frames) as peer:
        for _ in frames:
            step()
        return [_in_turns(peer, variant, len(frames), step, seconds) for variant in VARIANTS]


def _in_turns(peer: Peer, variant: str, frames: int, step: Step, seconds: float) -> Comparison:
    own: list[tuple[dict[str, float], int]] = []
    recipe: list[Frame] = []
    peer.measure(variant, range(min(3, frames)))  # warm-up
    started = time.perf_counter()
    while not own or time.perf_counter() - started < seconds:
        turn = [i % frames for i in range(len(own), len(own) + _TURN)]
        own += [step() for _ in turn]
        recipe += peer.measure(variant, turn)
    own_ms, own_processor_ms = (
        float(np.median([times[part] for times, _ in own])) for part in ("total", "processor")
    )
    recipe_ms, recipe_processor_ms, _ = np.median(recipe, axis=0).tolist()
    return Comparison(
        recipe=VARIANTS[variant],
        own_ms=own_ms,
        recipe_ms=recipe_ms,
        ratio=recipe_ms / own_ms,
        own_processor_ms=own_processor_ms,
        recipe_processor_ms=recipe_processor_ms,
        processor_ratio=recipe_processor_ms / own_processor_ms,
        own_found=float(np.mean([faces > 0 for _, faces in own])),
        recipe_found=float(np.mean([faces > 0 for *_, faces in recipe])),
    )
