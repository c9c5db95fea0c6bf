"""A stream's rows per person over time, and what is said of them. Does not use Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.core.models.head_text import NAMES
from fer.export.stream import GAP_SECONDS, FrameTimes, Shares, Span, StreamRows, gaps, off_spans
from fer.text import chance, clock, duration
from fer.types import UNCERTAIN

#: Maximum number of rows in a chart; the people who were seen longest get one.
MAX_PEOPLE = 8

#: Maximum number of bars in a timeline; more are hard to distinguish on a phone and slow to draw.
MAX_BARS = 180

#: Possible widths of a bar in seconds. Round widths keep the bars in place while time passes.
_WIDTHS = (0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0)


@dataclass(frozen=True)
class PersonLine:
    """One person over time, in ``m`` bars. Times without that person have no bar.

    Attributes:
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
    """A change of the head, or of the model, whose name is empty if only the head was changed."""

    seconds: float
    head: str
    model: str = ""

    @property
    def name(self) -> str:
        """What answers from then on, for visitors."""
        return self.model or NAMES.get(self.head, self.head)


@dataclass(frozen=True)
class Timeline:
    """All people over time. All times are in seconds.

    Attributes:
        until: second up to which time has passed; not after the end.
        width: of a bar.
        gaps: from and to, where nothing was analysed; not shorter than a bar.
        camera_off: from and to, where the camera was switched off; not shorter than a bar.
    """

    start: float
    end: float
    until: float
    width: float
    people: list[PersonLine]
    gaps: list[Span]
    changes: list[HeadChange]
    camera_off: list[Span]

    @property
    def known(self) -> list[Span]:
        """From and to in seconds, where it is known who was in view."""
        unknown = sorted([*self.gaps, *self.camera_off])
        starts = [self.start, *(last for _, last in unknown)]
        ends = [*(first for first, _ in unknown), self.until]
        spans = zip(starts, ends, strict=True)
        return [(start, end) for start, end in spans if start < end]

    @property
    def longest(self) -> list[PersonLine]:
        """The `MAX_PEOPLE` who were seen longest, sorted by their number."""
        by_time = sorted(self.people, key=lambda person: -len(person.seconds))
        return sorted(by_time[:MAX_PEOPLE], key=lambda person: person.track)


def person_name(track: int) -> str:
    """Return the name of a person in charts."""
    return f"Person {track}"


def timeline(
    rows: StreamRows,
    start: float,
    end: float,
    until: float | None = None,
    *,
    gap_seconds: float = GAP_SECONDS,
    max_bars: int = MAX_BARS,
) -> Timeline:
    """Aggregate the rows of a time, in seconds, into bars; it begins with that of `start`.

    Frames may have come `until` then, to the last one if None. One stands for `gap_seconds` at
    most, see `fer.export.stream`. Nobody has more than `max_bars`.
    """
    width = bar_width(end - start, max_bars)
    start = width * float(np.floor(max(0.0, start) / width))
    rows = rows.take((rows.seconds >= start) & (rows.seconds <= end))
    times = FrameTimes.of(rows, gap_seconds=gap_seconds)
    index, bar = _bars(times, start, width)
    seen = rows.has_face[index] & (start + bar * width < end)
    rows_of_bars, bar = rows.take(index[seen]), bar[seen]
    tracks = rows_of_bars.track
    people = [
        _line(int(track), rows_of_bars.take(tracks == track), bar[tracks == track], start, width)
        for track in np.unique(tracks)
    ]
    if until is None:
        until = float(rows.seconds[-1]) if len(rows) else start
    unknown = gaps(rows, start, until, gap_seconds=gap_seconds)
    end = max(end, start + width)
    drawn, off = (
        [(first, last) for first, last in spans if last - first >= width]
        for spans in (unknown, off_spans(times))
    )
    return Timeline(start, end, min(until, end), width, people, drawn, _changes(rows), off)


def _bars(
    times: FrameTimes, start: float, width: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return index and bar of each row, more than once if its frame stands for several bars.

    A bar with frames of its own is about those alone.
    """
    own = ((times.seconds - start) / width).astype(np.int64)
    last = np.ceil((times.until - start) / width - 1e-9).astype(np.int64) - 1
    free = np.append(own[1:], np.iinfo(np.int64).max) - 1
    count = 1 + np.maximum(0, np.minimum(last, free) - own)[times.frame]
    index = np.repeat(np.arange(len(times.frame)), count)
    further = np.arange(len(index)) - np.repeat(np.cumsum(count) - count, count)
    return index, own[times.frame][index] + further


def _changes(rows: StreamRows) -> list[HeadChange]:
    head = rows.array["head"]
    changes = []
    for i in (np.flatnonzero(np.diff(head.astype(np.int64))) + 1).tolist():
        before, after = rows.heads[int(head[i - 1])], rows.heads[int(head[i])]
        model = after.model if after.sha256 != before.sha256 else ""
        changes.append(HeadChange(float(rows.seconds[i]), after.name, model))
    return changes


def bar_width(span: float, max_bars: int = MAX_BARS) -> float:
    """Return the smallest bar width in seconds that gives at most so many bars."""
    for width in _WIDTHS:
        if span / width <= max_bars:
            return width
    return _WIDTHS[-1] * float(np.ceil(span / (max_bars * _WIDTHS[-1])))


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


def describe_timeline(line: Timeline, labels: Sequence[str], cuts: Sequence[float] = ()) -> str:
    """Return the alternative text of a timeline: each person's most frequent answer."""
    span = f"from {clock(line.start)} to {clock(line.end)}"
    parts = []
    for person in line.people:
        answers = np.where(person.uncertain, len(labels), person.expression)
        most = [*labels, UNCERTAIN][int(np.bincount(answers).argmax())]
        parts.append(f"person {person.track} mostly {most}")
    sentences = [f"Timeline {span}: {'; '.join(parts) or 'no face'}."]
    sentences += [_spans("No data", line.gaps)] * bool(line.gaps)
    sentences += [off_sentence(line)] * bool(line.camera_off)
    changes = [f"From {clock(c.seconds)} on: {c.name}" for c in line.changes]
    if changes:
        sentences.append(f"{'; '.join(changes[:_MAX_TOLD])}{_more(changes)}.")
    if scenes := [clock(seconds) for seconds in cuts]:
        sentences.append(f"Another scene at {', '.join(scenes[:_MAX_TOLD])}{_more(scenes)}.")
    return " ".join(sentences)


def off_sentence(line: Timeline) -> str:
    """Return when the camera was off; "" if it was not."""
    return _spans("Camera off", line.camera_off) if line.camera_off else ""


#: Most gaps, changes of the head, cuts and so on that an alternative text lists.
_MAX_TOLD = 4


def _spans(what: str, spans: Sequence[Span]) -> str:
    told = [f"from {clock(first)} to {clock(last)}" for first, last in spans]
    return f"{what} {', '.join(told[:_MAX_TOLD])}{_more(told)}."


def _more(told: Sequence[str]) -> str:
    rest = len(told) - _MAX_TOLD
    return f" and {rest} more" if rest > 0 else ""


#: Share of the time from which on an answer is what people mostly show.
_MOSTLY = 0.5


def whole_line(shares: Shares, labels: Sequence[str], time: str) -> str:
    """Return what everybody shows on the whole, and how much of it is uncertain, in Markdown.

    The shares are of at least one person, the time is that in which they were seen.
    """
    people = len(shares.tracks)
    who = f"{people} {'person' if people == 1 else 'people'} in {time}"
    seconds = shares.seconds.sum(axis=0)
    if not seconds.any():  # a single frame
        return f"**{who}**"
    parts = seconds / seconds.sum()
    answers, uncertain = [*labels, UNCERTAIN], float(parts[-1])
    most = f"mostly {answers[int(parts.argmax())]}"
    if parts.max() <= _MOSTLY:
        order = (-parts[:-1]).argsort(kind="stable")[:2]
        most = ", ".join(f"{labels[i]} {chance(parts[i])}" for i in order if parts[i] >= 0.005)
    unsure = f" Uncertain for {chance(uncertain)} of it, hatched below."
    return f"**{who}: {most}.**{unsure if uncertain else ''}"


def describe_shares(shares: Shares, labels: Sequence[str]) -> str:
    """Return the alternative text of the shares of time."""
    answers = [*labels, UNCERTAIN]
    parts = []
    for track, seconds in zip(shares.tracks, shares.seconds, strict=True):
        total = max(float(seconds.sum()), 1e-9)
        order = (-seconds).argsort(kind="stable")
        named = ", ".join(f"{answers[i]} {seconds[i] / total:.0%}" for i in order if seconds[i] > 0)
        parts.append(f"person {track}: {named}")
    return f"Share of time. {'; '.join(parts)}." if parts else "Share of time: no face was seen."


def share_rows(shares: Shares, labels: Sequence[str]) -> list[dict[str, object]]:
    """Return one row per person: number, time seen, and the share of each answer in per cent."""
    rows = []
    for track, seconds in zip(shares.tracks, shares.seconds, strict=True):
        total = float(seconds.sum())
        parts = {
            answer: 100 * float(part) / total if total else 0.0
            for answer, part in zip([*labels, UNCERTAIN], seconds, strict=True)
        }
        rows.append({"person": track, "seen": duration(total), **parts})
    return rows


#: Maximum number of points of a line; more would not be seen, and slow the page down.
MAX_POINTS = 400


@dataclass(frozen=True)
class Curves:
    """A person's mean probabilities over time, in ``m`` points.

    Attributes:
        seconds: ``(m,)`` times, ascending.
        probabilities: ``(m, k)``; NaN for a label that the head of the time lacks. A row that is
            all NaN is a gap: the person was not in view, nothing was analysed, or the head changed.
    """

    seconds: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    labels: tuple[str, ...]

    @property
    def occurring(self) -> list[int]:
        """The indices of all labels that some head of the time has."""
        return np.flatnonzero(~np.isnan(self.probabilities).all(axis=0)).tolist()


def curves(rows: StreamRows, person: int, start: float, end: float) -> Curves:
    """Return a person's probabilities between two times in seconds."""
    rows = rows.take((rows.track == person) & (rows.seconds >= start) & (rows.seconds <= end))
    width = max(1e-3, (end - start) / MAX_POINTS)
    head = rows.array["head"].astype(np.int64)
    # Each point is of one head alone, whatever was changed within its time.
    key = ((rows.seconds - start) / width).astype(np.int64) * len(rows.heads) + head
    _, first, point, count = np.unique(
        key, return_index=True, return_inverse=True, return_counts=True
    )
    seconds = np.bincount(point, weights=rows.seconds) / count if len(rows) else np.zeros(0)
    sums = np.zeros((len(count), len(rows.labels)))
    np.add.at(sums, point, rows.probabilities)
    has = np.array([[label in of.labels for label in rows.labels] for of in rows.heads])
    means = np.where(has[head[first]], sums / count[:, None], np.nan)
    gap = (np.diff(seconds) > max(GAP_SECONDS, 2 * width)) | (np.diff(head[first]) != 0)
    before = np.flatnonzero(gap) + 1
    return Curves(
        np.insert(seconds, before, (seconds[before - 1] + seconds[before]) / 2),
        np.insert(means, before, np.nan, axis=0),
        rows.labels,
    )


def describe_curves(curve: Curves, name: str) -> str:
    """Return the alternative text of a chart: each expression's mean and its highest point."""
    shown = curve.occurring
    if not shown:
        return f"Probabilities of {name} over time: not in view."
    means = np.nanmean(curve.probabilities[:, shown], axis=0)
    parts = []
    for i in (-means).argsort(kind="stable").tolist():
        line = curve.probabilities[:, shown[i]]
        top = int(np.nanargmax(line))
        peak = f"{chance(float(line[top]))} at {clock(curve.seconds[top])}"
        parts.append(
            f"{curve.labels[shown[i]]} {chance(float(means[i]))} on average, at most {peak}"
        )
    return f"Probabilities of {name} over time: {'; '.join(parts)}."
