"""The speed of a stream: frames a second, and milliseconds per stage. No Streamlit."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

Value = TypeVar("Value")

#: Window of the frame rates in seconds: shorter ones fluctuate, longer ones lag behind.
RATE_SECONDS = 4.0

#: Window of the stage statistics in seconds.
STAGE_SECONDS = 10.0


@dataclass(frozen=True)
class Stage:
    """Milliseconds per frame in one stage: median and 95th percentile."""

    median: float
    p95: float


@dataclass(frozen=True)
class Speed:
    """The speed of a stream.

    Attributes:
        analysed: analysed frames a second.
        received: received frames a second.
        shown: frames a second that were shown, with the faces of the last analysis.
        stages: statistics by stage, in processing order; ``all`` is the time for the whole frame.
    """

    analysed: float = 0.0
    received: float = 0.0
    shown: float = 0.0
    stages: dict[str, Stage] = field(default_factory=dict)


class Meter:
    """Collects times. Not thread-safe; its owner must hold a lock."""

    def __init__(self) -> None:
        self._received: deque[tuple[float, int]] = deque()
        self._shown: deque[tuple[float, int]] = deque()
        self._analysed: deque[tuple[float, int]] = deque()
        self._stages: deque[tuple[float, dict[str, float]]] = deque()

    def received(self, seconds: float, frames: int) -> None:
        """Record frames that arrived at a time in seconds."""
        _record(self._received, seconds, frames, RATE_SECONDS)

    def shown(self, seconds: float, frames: int = 1) -> None:
        """Record frames that were sent back, or drawn on the visitor's device."""
        _record(self._shown, seconds, frames, RATE_SECONDS)

    def analysed(self, seconds: float, stages: Mapping[str, float]) -> None:
        """Record an analysed frame and the milliseconds of its stages."""
        _record(self._analysed, seconds, 1, RATE_SECONDS)
        _record(self._stages, seconds, dict(stages), STAGE_SECONDS)

    def speed(self, now: float) -> Speed:
        """Return the speed over the last seconds before `now`."""
        stages = {}
        frames = [frame for at, frame in self._stages if now - at <= STAGE_SECONDS]
        if frames:
            names = list(frames[-1])
            # Frames without a face skip some stages, which then took no time.
            times = np.array([[frame.get(name, 0.0) for name in names] for frame in frames])
            medians, p95s = np.percentile(times, [50, 95], axis=0)
            stages = {
                name: Stage(float(m), float(p))
                for name, m, p in zip(names, medians, p95s, strict=True)
            }
        # All rates are of the same time: since a frame came, some of which were of a black picture.
        # What came with the first one is of the time before.
        since = next((at for at, _ in self._received if now - at <= RATE_SECONDS), now)
        analysed, received, shown = (
            sum(frames for at, frames in entries if since < at) / max(now - since, 1e-6)
            for entries in (self._analysed, self._received, self._shown)
        )
        return Speed(analysed, received, shown, stages)


def _record(entries: deque[tuple[float, Value]], seconds: float, value: Value, span: float) -> None:
    """Append an entry, and drop those older than `span` seconds."""
    entries.append((seconds, value))
    while seconds - entries[0][0] > span:
        entries.popleft()
