"""All that was found in a camera session or a recording, of which every file tells a part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from fer.export.info import ExportInfo
from fer.export.stream_rows import StreamRows
from fer.export.stream_times import HOLE_SECONDS, NO_HOLES, FrameTimes


@dataclass(frozen=True)
class StreamResult:
    """What was found in a session or recording.

    Attributes:
        rows: its rows.
        info: when it began, and what made the answers.
        recorded: whether it is a recording, of which each frame is shown until the next, and not a
            camera, which may stop.
        cuts: seconds at which another scene began, ascending.
        end: second at which the last frame ended; None if that is not known.
        note: why it ended early; empty if it did not.
        source: what else is to be said of a recording's file, JSON-ready.
    """

    rows: StreamRows
    info: ExportInfo
    recorded: bool = False
    cuts: tuple[float, ...] = ()
    end: float | None = None
    note: str = ""
    source: Mapping[str, object] = field(default_factory=dict)

    @property
    def hole_seconds(self) -> float:
        """Longest time in seconds for which a frame stands."""
        return NO_HOLES if self.recorded else HOLE_SECONDS

    @cached_property
    def times(self) -> FrameTimes:
        """The frames, and for how long each stands."""
        return FrameTimes.of(
            self.rows, hole_seconds=self.hole_seconds, cuts=self.cuts, end=self.end
        )
