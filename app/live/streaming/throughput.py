"""How fast a stream runs: frames a second, and milliseconds by stage. No streamlit in here."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

Noted = TypeVar("Noted")

#: Seconds over which rates are counted: shorter is jumpy, longer is late.
RATE_SECONDS = 4.0

#: Seconds over which stages are summed up.
STAGE_SECONDS = 10.0


@dataclass(frozen=True)
class Stage:
    """Milliseconds a frame takes in one stage."""

    median: float
    p95: float


@dataclass(frozen=True)
class Speed:
    """How fast a stream runs.

    Attributes:
        analysed: frames a second that were analysed.
        received: frames a second that the browser sent.
        stages: by name, in the order of the work; ``all`` is their sum, with what lies between.
    """

    analysed: float = 0.0
    received: float = 0.0
    stages: dict[str, Stage] = field(default_factory=dict)


class Meter:
    """Collects times. Not safe to share between threads; its owner has a lock."""

    def __init__(self) -> None:
        self._received: deque[tuple[float, int]] = deque()
        self._analysed: deque[tuple[float, int]] = deque()
        self._stages: deque[tuple[float, dict[str, float]]] = deque()

    def received(self, seconds: float, frames: int) -> None:
        """Note frames that came in."""
        _note(self._received, seconds, frames, RATE_SECONDS)

    def analysed(self, seconds: float, stages: Mapping[str, float]) -> None:
        """Note an analysed frame and the milliseconds of its stages."""
        _note(self._analysed, seconds, 1, RATE_SECONDS)
        _note(self._stages, seconds, dict(stages), STAGE_SECONDS)

    def speed(self, now: float) -> Speed:
        """Sum up the last seconds."""
        stages = {}
        frames = [frame for at, frame in self._stages if now - at <= STAGE_SECONDS]
        if frames:
            names = list(frames[-1])
            # A stage that a frame skipped, having no face, took no time.
            times = np.array([[frame.get(name, 0.0) for name in names] for frame in frames])
            medians, p95s = np.percentile(times, [50, 95], axis=0)
            stages = {
                name: Stage(float(m), float(p))
                for name, m, p in zip(names, medians, p95s, strict=True)
            }
        return Speed(_rate(self._analysed, now), _rate(self._received, now), stages)


def _note(seen: deque[tuple[float, Noted]], seconds: float, what: Noted, span: float) -> None:
    """Append what was seen, and forget what is longer ago than a span of seconds."""
    seen.append((seconds, what))
    while seconds - seen[0][0] > span:
        seen.popleft()


def _rate(seen: deque[tuple[float, int]], now: float) -> float:
    """Return frames a second; 0 when the last one is long ago."""
    recent = [(at, frames) for at, frames in seen if now - at <= RATE_SECONDS]
    if len(recent) < 2:
        return 0.0
    # The frames of the first entry arrived before the span that the others fill.
    span = max(now - recent[0][0], 1e-6)
    return sum(frames for _, frames in recent[1:]) / span
