"""The time from left to right, in charts that are HTML. Does not use Streamlit."""

from __future__ import annotations

from dataclasses import dataclass

from app.live.charts.timeline_chart import ticks
from fer.text import clock


@dataclass(frozen=True)
class TimeAxis:
    """Time from left to right.

    Attributes:
        start: first second.
        end: last second; after the first.
    """

    start: float
    end: float

    def percent(self, seconds: float) -> float:
        """Return the place of a moment, in percent of the whole."""
        return 100 * (seconds - self.start) / (self.end - self.start)

    def left(self, seconds: float) -> str:
        """Return the style of what stands at a moment."""
        return f"left:{self.percent(seconds):.2f}%"

    def span(self, first: float, last: float) -> str:
        """Return the style of what covers a time, or as much of it as there is."""
        first, last = max(first, self.start), min(last, self.end)
        width = self.percent(last) - self.percent(first)
        return f"{self.left(first)};width:{width:.2f}%"

    def times(self) -> str:
        """Return a line of round times, each in the middle below its moment."""
        return "".join(
            f'<span style="{self.left(seconds)};transform:translateX(-50%)">{clock(seconds)}</span>'
            for seconds in ticks(self.start, self.end)
        )
