"""For how long each frame of a session stands, and what follows from it: shares of time, holes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fer.export.stream_rows import StreamRows

#: A frame stands for the time until the next one, but for no more than this many seconds. A longer
#: gap is a hole: the stream had stopped or the analysis stalled, and nobody knows who was there.
HOLE_SECONDS = 1.0

#: The same for the frames of a camera that is switched off, of which a browser may send as few as
#: one a second.
OFF_HOLE_SECONDS = 3.0

#: In a recording each frame is shown until the next one, however late that comes.
NO_HOLES = np.inf

#: Seconds by which times that are meant to be the same may differ, as sums of fractions do.
_TOLERANCE = 1e-6

Span = tuple[float, float]


@dataclass(frozen=True)
class FrameTimes:
    """The ``m`` frames of a session's ``n`` rows.

    Attributes:
        seconds: ``(m,)`` times, ascending.
        lasted: ``(m,)`` for how many seconds each frame stands; see `durations`.
        camera_off: ``(m,)`` whether the camera was switched off.
        frame: ``(n,)`` index of each row's frame.
    """

    seconds: NDArray[np.float64]
    lasted: NDArray[np.float64]
    camera_off: NDArray[np.bool_]
    frame: NDArray[np.int64]

    @classmethod
    def of(
        cls,
        rows: StreamRows,
        *,
        hole_seconds: float = HOLE_SECONDS,
        cuts: Sequence[float] = (),
        end: float | None = None,
    ) -> FrameTimes:
        """Return the frames of rows.

        Args:
            rows: rows of a session.
            hole_seconds: longest time for which a frame stands; see `HOLE_SECONDS`, `NO_HOLES`.
            cuts: seconds at which another scene began, ascending; no frame stands for longer.
            end: second at which the last frame ended; None if that is not known.
        """
        times, first, frame = np.unique(rows.seconds, return_index=True, return_inverse=True)
        off = rows.camera_off[first]
        limits = np.where(off, max(OFF_HOLE_SECONDS, hole_seconds), hole_seconds)
        lasted = durations(times, limits)
        if end is not None and len(times):
            lasted[-1] = max(0.0, end - times[-1])
        if len(cuts):
            following = np.searchsorted(cuts, times, side="right")
            lasted = np.minimum(lasted, np.append(cuts, np.inf)[following] - times)
        return cls(times, lasted, off, frame)

    @cached_property
    def until(self) -> NDArray[np.float64]:
        """``(m,)`` second up to which each frame stands."""
        return self.seconds + self.lasted


@dataclass(frozen=True)
class Shares:
    """How long each person got each answer.

    Attributes:
        tracks: numbers of the ``p`` people, ascending.
        seconds: ``(p, k + 1)`` seconds per person and answer; the last column is "uncertain".
    """

    tracks: list[int]
    seconds: NDArray[np.float64]


def durations(
    times: NDArray[np.float64], limits: float | NDArray[np.float64] = HOLE_SECONDS
) -> NDArray[np.float64]:
    """Return for how many seconds each frame stands: the time to the next frame.

    A frame before a hole (see `HOLE_SECONDS`) and the last one stand for as long as frames usually
    do, because their own time is unknown; a single one stands for no time at all.

    Args:
        times: ``(n,)`` times of the frames in seconds, ascending.
        limits: longest time for which a frame stands, of all or of each ``(n,)``.
    """
    if len(times) < 2:
        return np.zeros(len(times))
    limits = np.broadcast_to(limits, times.shape)
    gaps = np.diff(times)
    known = gaps <= limits[:-1] + _TOLERANCE
    usual_gap = float(np.median(gaps[known])) if known.any() else float(limits.min())
    return np.where(np.append(known, False), np.append(gaps, 0.0), np.minimum(usual_gap, limits))


def holes(
    rows: StreamRows, start: float, until: float, *, hole_seconds: float = HOLE_SECONDS
) -> list[Span]:
    """Return from when to when nothing was analysed, in seconds; see `HOLE_SECONDS`.

    Args:
        rows: rows of a session.
        start: seconds from which on frames may have come.
        until: seconds up to which frames may have come.
        hole_seconds: longest time for which a frame stands.
    """
    times = FrameTimes.of(rows, hole_seconds=hole_seconds)
    limits = np.where(times.camera_off, max(OFF_HOLE_SECONDS, hole_seconds), hole_seconds)
    since = np.append(start, times.seconds)
    known = np.append(start, times.until)
    following = np.append(times.seconds, until)
    long = following - since > np.append(hole_seconds, limits) + _TOLERANCE
    return list(zip(known[long].tolist(), following[long].tolist(), strict=True))


def off_spans(times: FrameTimes) -> list[Span]:
    """Return from when to when the camera was switched off, in seconds."""
    spans: list[Span] = []
    off = times.camera_off
    for start, end in zip(times.seconds[off].tolist(), times.until[off].tolist(), strict=True):
        if spans and start <= spans[-1][1] + _TOLERANCE:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return spans


def shares(rows: StreamRows, times: FrameTimes | None = None) -> Shares:
    """Add up how long each person got each answer.

    Args:
        rows: rows of a session.
        times: their frames; those of a camera session if None.
    """
    times = times or FrameTimes.of(rows)
    faces = rows.take(rows.has_face)
    tracks, person = np.unique(faces.track, return_inverse=True)
    seconds = np.zeros((len(tracks), len(rows.labels) + 1))
    if len(faces):
        lasted = times.lasted[times.frame][rows.has_face]
        np.add.at(seconds, (person, answers(faces)), lasted)
    return Shares(tracks.tolist(), seconds)


def answers(rows: StreamRows) -> NDArray[np.int64]:
    """Return the answer of each row, ``(n,)``: the index of a label, or ``k`` for "uncertain".

    Of a row without a face, the number means nothing.
    """
    return np.where(rows.array["uncertain"], len(rows.labels), rows.probabilities.argmax(axis=1))
