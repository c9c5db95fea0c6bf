"""When the frames of a live session came, and how many are missing. Does not use Streamlit."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LiveErrors:
    """Frames of which nothing is recorded.

    Attributes:
        count: how many could not be analysed.
        last_seconds: time of the last one, in seconds since the first frame.
        in_a_row: how many since the last frame that was analysed.
        lost: how many the visitor's device has analysed, but could not keep until they were sent.
    """

    count: int = 0
    last_seconds: float = 0.0
    in_a_row: int = 0
    lost: int = 0


@dataclass(frozen=True)
class Moment:
    """When a frame came.

    Attributes:
        seconds: time since the first frame.
        life: how often the record had been cleared. What is found in a frame of an earlier life is
            not recorded any more.
    """

    seconds: float
    life: int
