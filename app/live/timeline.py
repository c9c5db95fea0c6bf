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

#: Maximum duration of a frame in seconds; a longer gap is a pause.
_MAX_FRAME_SECONDS = 1.0


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
class Timeline:
    """All people over time, from `start` to `end` in seconds, in bars of `width` seconds."""

    start: float
    end: float
    width: float
    people: list[PersonLine]


@dataclass(frozen=True)
class Shares:
    """How long each person got each answer.

    Attributes:
        tracks: numbers of the ``p`` people, ascending.
        seconds: ``(p, k + 1)`` seconds per person and answer; the last column is "uncertain".
    """

    tracks: list[int]
    seconds: NDArray[np.float64]


def timeline(rows: StreamRows, start: float, end: float) -> Timeline:
    """Aggregate rows into bars.

    Args:
        rows: rows of a session; those before `start` or after `end` are ignored.
        start: seconds; rounded down to the start of a bar.
        end: seconds.
    """
    width = bar_width(end - start)
    start = width * float(np.floor(max(0.0, start) / width))
    rows = rows.take(rows.has_face & (rows.seconds >= start) & (rows.seconds <= end))
    bar = ((rows.seconds - start) / width).astype(np.int64)
    people = [
        _line(int(track), rows.take(rows.track == track), bar[rows.track == track], start, width)
        for track in np.unique(rows.track)
    ]
    return Timeline(start, max(end, start + width), width, people)


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
    durations = _durations(rows.seconds)
    faces = rows.take(rows.has_face)
    tracks, person = np.unique(faces.track, return_inverse=True)
    seconds = np.zeros((len(tracks), len(rows.labels) + 1))
    if len(faces):
        best = faces.probabilities.argmax(axis=1)
        answer = np.where(faces.array["uncertain"], len(rows.labels), best)
        np.add.at(seconds, (person, answer), durations[rows.has_face])
    return Shares(tracks.tolist(), seconds)


def _durations(seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the duration of each row's frame in seconds, ``(n,)``: the time to the next frame.

    The last frame gets the duration of the one before it, as its own is unknown.
    """
    times, frame = np.unique(seconds, return_inverse=True)
    if len(times) < 2:
        return np.zeros(len(seconds))
    gaps = np.diff(times)
    return np.minimum(np.append(gaps, gaps[-1]), _MAX_FRAME_SECONDS)[frame]
