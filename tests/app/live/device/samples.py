"""A visitor's browser that sees what a test tells it to, and sends it as the scripts do."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fer.tracking.observation import Appearance, Observation
from fer.types import Detections, Image
from tests.app.samples import FACE, Clock
from tests.fer.ondevice.samples import packed

#: Scores of the three expressions of the tests' model.
HAPPY, SAD = (6.0, 0.0, 0.0), (0.0, 6.0, 0.0)


def seen(
    found: Detections = FACE,
    scores: tuple[float, ...] = HAPPY,
    *,
    evidence: float = np.nan,
    looks: int = 0,
    outputs: tuple[str, ...] = ("expression",),
) -> Observation:
    """Return what is seen in a frame of 640 × 480."""
    n = len(found)
    histograms = np.random.default_rng(looks).random((4, 43)) ** 8
    colours = np.sqrt(histograms / histograms.sum(axis=1, keepdims=True))
    return Observation(
        (640, 480),
        found,
        Appearance(
            np.tile(colours, (n, 1, 1)).astype(np.float32).reshape(n, 4, 43),
            np.ones((n, 4), np.float32),
        ),
        np.zeros((n, 4), np.bool_),
        {name: np.tile(np.array(scores, np.float32), (n, 1)) for name in outputs},
        np.full(n, evidence, np.float32),
    )


@dataclass
class Browser:
    """What a page keeps of one run, as ``protocol.js`` does."""

    clock: Clock
    run: str = "run-1"
    generation: int = 0
    model: str = "fake-1"
    began: float = 1000.0
    number: int = 0
    acknowledged: int = 0
    open: list[bytes] = field(default_factory=list)
    kept: dict[int, str] = field(default_factory=dict)
    newest: float = 0.0

    def look(self, what: Observation | None = None, **header: Any) -> None:
        what = seen() if what is None else what
        self.newest = self.clock.seconds
        self.open.append(packed(what, seconds=self.clock.seconds - self.began, **header))

    def message(self) -> dict[str, Any]:
        """Return all that is not acknowledged."""
        if self.open:
            self.number += 1
            self.kept[self.number] = base64.b64encode(b"".join(self.open)).decode()
            self.open = []
        batches = [{"number": n, "observations": text} for n, text in self.kept.items()]
        return {
            "run": self.run,
            "generation": self.generation,
            "model": self.model,
            "first": min(self.kept, default=self.number + 1),
            "batches": batches,
            "age": self.clock.seconds - self.newest if batches else 0.0,
            "dropped": 0,
        }

    def hear(self, run: str, acknowledged: int) -> None:
        if run == self.run:
            self.kept = {n: text for n, text in self.kept.items() if n > acknowledged}


def no_detector(image: Image) -> Detections:
    """Raise: what a device has seen is not looked at here."""
    raise AssertionError("the server looked at a picture")
