"""A session's rows, summed up per person: over time, and in all. No streamlit in here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fer.export.sessions import StreamRows

#: Bars in a timeline; more cannot be told apart on a phone, and take long to draw.
MAX_BARS = 180

#: Widths of a bar in seconds, to choose from: round ones, so that bars stand still while time runs.
_WIDTHS = (0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0)

#: Most that one frame can stand for, in seconds; what is longer is a pause.
_LONGEST_FRAME = 1.0


@dataclass(frozen=True)
class PersonLine:
    """One person over time, in ``m`` bars; there is no bar for times without that person.

    Attributes:
        track: the person's number.
        seconds: ``(m,)`` middle of each bar.
        expression: ``(m,)`` position of the most probable label of the bar's mean.
        confidence: ``(m,)`` its mean probability.
        uncertain: ``(m,)`` whether the answer was "uncertain" for most of the bar.
    """

    track: int
    seconds: NDArray[np.float64]
    expression: NDArray[np.int64]
    confidence: NDArray[np.float64]
    uncertain: NDArray[np.bool_]


@dataclass(frozen=True)
class Timeline:
    """Everybody over time, between `start` and `end` in seconds, in bars of `width` seconds."""

    start: float
    end: float
    width: float
    people: list[PersonLine]


@dataclass(frozen=True)
class Shares:
    """How long each person showed what.

    Attributes:
        tracks: ``p`` numbers of people, in order.
        seconds: ``(p, k + 1)`` seconds per person and answer; the last column is "uncertain".
    """

    tracks: list[int]
    seconds: NDArray[np.float64]


def timeline(rows: StreamRows, start: float, end: float) -> Timeline:
    """Sum up rows in bars.

    Args:
        rows: of a session; those before `start` are left out.
        start: seconds; moved back to where a bar begins.
        end: seconds.
    """
    width = bar_width(end - start)
    start = width * float(np.floor(max(0.0, start) / width))
    rows = rows.take(rows.has_face & (rows.seconds >= start) & (rows.seconds <= end))
    place = ((rows.seconds - start) / width).astype(np.int64)
    people = [
        _line(int(track), rows.take(rows.track == track), place[rows.track == track], start, width)
        for track in np.unique(rows.track)
    ]
    return Timeline(start, max(end, start + width), width, people)


def bar_width(span: float) -> float:
    """Return the least width of a bar in seconds that leaves no more than `MAX_BARS`."""
    for width in _WIDTHS:
        if span / width <= MAX_BARS:
            return width
    return _WIDTHS[-1] * float(np.ceil(span / (MAX_BARS * _WIDTHS[-1])))


def _line(
    track: int, rows: StreamRows, place: NDArray[np.int64], start: float, width: float
) -> PersonLine:
    bars, index = np.unique(place, return_inverse=True)
    sums = np.zeros((len(bars), len(rows.labels)))
    np.add.at(sums, index, rows.probabilities)
    counts = np.bincount(index)
    means = sums / counts[:, None]
    uncertain = np.bincount(index, weights=rows.array["uncertain"]) > counts / 2
    middles = (start + (bars + 0.5) * width).astype(np.float64)
    return PersonLine(track, middles, means.argmax(axis=1), means.max(axis=1), uncertain)


def shares(rows: StreamRows) -> Shares:
    """Sum up for how long each person got which answer."""
    held = _durations(rows.seconds)
    faces = rows.take(rows.has_face)
    tracks, person = np.unique(faces.track, return_inverse=True)
    seconds = np.zeros((len(tracks), len(rows.labels) + 1))
    if len(faces):
        best = faces.probabilities.argmax(axis=1)
        answer = np.where(faces.array["uncertain"], len(rows.labels), best)
        np.add.at(seconds, (person, answer), held[rows.has_face])
    return Shares(tracks.tolist(), seconds)


def _durations(seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return for how long each row's frame stood, ``(n,)``: until the next frame came.

    The last frame stood as long as the one before it; nobody knows better.
    """
    times, frame = np.unique(seconds, return_inverse=True)
    if len(times) < 2:
        return np.zeros(len(seconds))
    gaps = np.diff(times)
    return np.minimum(np.append(gaps, gaps[-1]), _LONGEST_FRAME)[frame]
