"""Figures of servers that were never there."""

from __future__ import annotations

from app.housekeeping.janitor import Janitor
from app.operation.counters import Counters
from app.operation.figures import Figures, figures
from app.operation.parts import Parts
from tests.app.samples import Clock


class Streams:
    """Three streams."""

    taken = 3


class OwnRelay:
    """A TURN server of one's own."""

    source = "own"
    succeeded_at: float | None = None
    failed_at: float | None = None


def empty_figures(counts: Counters | None = None) -> Figures:
    """Return the figures of a server that nobody has used yet."""
    counts = counts or Counters(Clock())
    return figures(0, 4, counts=counts, parts=Parts(), janitor=Janitor(), memory=lambda: None)
