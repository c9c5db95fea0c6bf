"""What the browser says about a session on its device, and the phase that follows. No Streamlit."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.live.streaming.connection import STALLED_SECONDS, Phase

#: Phases that the browser may report; see `PhaseName` in ``ondevice``.
_PHASES = ("idle", "loading", "running", "paused", "ended", "failed", "unable")

#: Seconds between two looks at the phase from which the browser was away: it asks every three.
_AWAY_SECONDS = 4.0

#: Longest code or detail that is kept of what a browser says.
_MAX_LENGTH = 200


@dataclass(frozen=True)
class Report:
    """The state of the component in the browser.

    Attributes:
        phase: one of `_PHASES`; ``unable`` if the browser cannot analyse at all.
        code: what went wrong: ``camera``, or what the worker tells; "" if nothing did.
        detail: more about it, in the browser's words; not for visitors.
    """

    phase: str = "idle"
    code: str = ""
    detail: str = ""

    @classmethod
    def of(cls, told: object) -> Report:
        """Read what a browser sent, which may be anything; what is no report counts as idle."""
        if not isinstance(told, Mapping) or told.get("phase") not in _PHASES:
            return cls()
        return cls(str(told["phase"]), _short(told.get("code")), _short(told.get("detail")))

    @property
    def active(self) -> bool:
        """Whether the camera is on, or about to be."""
        return self.phase in ("loading", "running", "paused")

    @property
    def problem(self) -> str:
        """Why this browser cannot analyse; "" if nothing is known against it."""
        return self.code if self.phase == "unable" else ""


def _short(told: Any) -> str:
    return told[:_MAX_LENGTH] if isinstance(told, str) else ""


class DeviceConnection:
    """Tracks the phase of one visitor's sessions on their own device.

    Args:
        clock: monotonic clock in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._listening_since = self._looked = -math.inf

    def observe(self, report: Report, silent_for: float) -> Phase:
        """Return the current phase.

        Args:
            report: what the browser said last.
            silent_for: seconds since the last results came, of this run or an earlier one.
        """
        now, before = self._clock(), self._looked
        self._looked = now if report.phase == "running" else -math.inf
        if report.phase != "running":
            usual = {"loading": Phase.LOADING, "paused": Phase.PAUSED, "failed": Phase.FAILED}
            return usual.get(report.phase, Phase.IDLE)
        if now - before > _AWAY_SECONDS:  # it has just begun, or the connection was away
            self._listening_since = now
        silent_for = min(silent_for, now - self._listening_since)
        return Phase.LIVE if silent_for < STALLED_SECONDS else Phase.STALLED
