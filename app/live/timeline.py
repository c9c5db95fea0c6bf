"""A session's rows aggregated per person: over time, and in total. Does not use Streamlit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fer.export.stream_rows import StreamRows

#: Maximum number of bars in a timeline; more are hard to distinguish on a phone and slow to draw.
MAX_BARS = 180

#: Possible widths of a bar in seconds. Round widths keep the bars in place while time passes.
_WIDTHS = (0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0)

#: A frame stands for the time until the next one, but for no more than this many seconds. A longer
#: gap is a hole: the stream had stopped or the analysis stalled, and nobody knows who was there.
HOLE_SECONDS = 1.0


@dataclass(frozen=True)
class PersonLine:
    """One person over time, in ``m`` bars. Times without that person have no bar.

    Attributes:
        track: number of the person.
        seconds: ``(m,)`` centre of each bar.
        expression: ``(m,)`` index of the label with the highest mean probability in the bar.
        confidence: ``(m,)`` mean probability of that label.
        uncertain: ``(m,)`` whether more than half of the bar's answers were "uncertain".
    """

    track: int
    seconds: NDArray[np.float64]
    expression: NDArray[np.int64]
    confidence: NDArray[np.float64]
    uncertain: NDArray[np.bool_]


@dataclass(frozen=True)
class HeadChange:
    """A change of the head: its time in seconds, and the name of the new head."""

    seconds: float
    head: str


@dataclass(frozen=True)
class Timeline:
    """All people over time.

    Attributes:
        start: first second.
        end: last second.
        until: second up to which time has passed; not after the end.
        width: width of a bar in seconds.
        people: everybody who was seen.
        holes: from and to in seconds, where nothing was analysed; not shorter than a bar.
        changes: changes of the head.
    """

    start: float
    end: float
    until: float
    width: float
    people: list[PersonLine]
    holes: list[tuple[float, float]]
    changes: list[HeadChange]


@dataclass(frozen=True)
class Shares:
    """How long each person got each answer.

    Attributes:
        tracks: numbers of the ``p`` people, ascending.
        seconds: ``(p, k + 1)`` seconds per person and answer; the last column is "uncertain".
    """

    tracks: list[int]
    seconds: NDArray[np.float64]


def timeline(rows: StreamRows, start: float, end: float, until: float | None = None) -> Timeline:
    """Aggregate rows into bars.

    Args:
        rows: rows of a session; those before `start` or after `end` are ignored.
        start: seconds; rounded down to the start of a bar.
        end: seconds.
        until: seconds up to which frames may have come; to the last frame if None.
    """
    width = bar_width(end - start)
    start = width * float(np.floor(max(0.0, start) / width))
    rows = rows.take((rows.seconds >= start) & (rows.seconds <= end))
    index, bar = _bars(rows, start, width)
    seen = rows.has_face[index] & (start + bar * width < end)
    rows_of_bars, bar = rows.take(index[seen]), bar[seen]
    tracks = rows_of_bars.track
    people = [
        _line(int(track), rows_of_bars.take(tracks == track), bar[tracks == track], start, width)
        for track in np.unique(tracks)
    ]
    if until is None:
        until = float(rows.seconds[-1]) if len(rows) else start
    long = [(first, last) for first, last in holes(rows, start, until) if last - first >= width]
    end = max(end, start + width)
    return Timeline(start, end, min(until, end), width, people, long, _changes(rows))


def _bars(
    rows: StreamRows, start: float, width: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return index and bar of each row, more than once if its frame stands for several bars.

    A bar with frames of its own is about those alone.
    """
    times, frame = np.unique(rows.seconds, return_inverse=True)
    own = ((times - start) / width).astype(np.int64)
    last = np.ceil((times + durations(times) - start) / width - 1e-9).astype(np.int64) - 1
    free = np.append(own[1:], np.iinfo(np.int64).max) - 1
    count = 1 + np.maximum(0, np.minimum(last, free) - own)[frame]
    index = np.repeat(np.arange(len(rows)), count)
    further = np.arange(len(index)) - np.repeat(np.cumsum(count) - count, count)
    return index, own[frame][index] + further


def holes(rows: StreamRows, start: float, until: float) -> list[tuple[float, float]]:
    """Return from when to when nothing was analysed, in seconds; see `HOLE_SECONDS`.

    Args:
        rows: rows of a session.
        start: seconds from which on frames may have come.
        until: seconds up to which frames may have come.
    """
    times = np.unique(rows.seconds)
    since = np.append(start, times)
    known = np.append(start, times + durations(times))
    following = np.append(times, until)
    long = following - since > HOLE_SECONDS
    return list(zip(known[long].tolist(), following[long].tolist(), strict=True))


def _changes(rows: StreamRows) -> list[HeadChange]:
    head = rows.array["head"]
    return [
        HeadChange(float(rows.seconds[i]), rows.heads[int(head[i])].name)
        for i in (np.flatnonzero(np.diff(head.astype(np.int64))) + 1).tolist()
    ]


def bar_width(span: float) -> float:
    """Return the smallest bar width in seconds that gives at most `MAX_BARS` bars."""
    for width in _WIDTHS:
        if span / width <= MAX_BARS:
            return width
    return _WIDTHS[-1] * float(np.ceil(span / (MAX_BARS * _WIDTHS[-1])))


def _line(
    track: int, rows: StreamRows, bar: NDArray[np.int64], start: float, width: float
) -> PersonLine:
    bars, index = np.unique(bar, return_inverse=True)
    sums = np.zeros((len(bars), len(rows.labels)))
    np.add.at(sums, index, rows.probabilities)
    counts = np.bincount(index)
    means = sums / counts[:, None]
    uncertain = np.bincount(index, weights=rows.array["uncertain"]) > counts / 2
    centres = (start + (bars + 0.5) * width).astype(np.float64)
    return PersonLine(track, centres, means.argmax(axis=1), means.max(axis=1), uncertain)


def shares(rows: StreamRows) -> Shares:
    """Add up how long each person got each answer."""
    times, frame = np.unique(rows.seconds, return_inverse=True)
    lasted = durations(times)[frame]
    faces = rows.take(rows.has_face)
    tracks, person = np.unique(faces.track, return_inverse=True)
    seconds = np.zeros((len(tracks), len(rows.labels) + 1))
    if len(faces):
        best = faces.probabilities.argmax(axis=1)
        answer = np.where(faces.array["uncertain"], len(rows.labels), best)
        np.add.at(seconds, (person, answer), lasted[rows.has_face])
    return Shares(tracks.tolist(), seconds)


def durations(times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return for how many seconds each frame stands: the time to the next frame.

    A frame before a hole (see `HOLE_SECONDS`) and the last one stand for as long as frames usually
    do, because their own time is unknown; a single one stands for no time at all.

    Args:
        times: ``(n,)`` times of the frames in seconds, ascending.
    """
    if len(times) < 2:
        return np.zeros(len(times))
    gaps = np.diff(times)
    usual = gaps[gaps <= HOLE_SECONDS]
    usual_gap = float(np.median(usual)) if len(usual) else HOLE_SECONDS
    return np.where(np.append(gaps, np.inf) <= HOLE_SECONDS, np.append(gaps, 0.0), usual_gap)
