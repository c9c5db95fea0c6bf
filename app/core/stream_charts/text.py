"""What charts of streams and recordings say in words. Does not use Streamlit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.core.stream_charts.timeline import Timeline
from fer.export.stream import Shares, Span
from fer.text import chance, clock
from fer.types import UNCERTAIN


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
        most = ", ".join(f"{labels[i]} {parts[i]:.0%}" for i in order)
    unsure = f" Uncertain for {chance(uncertain)} of it, hatched below: look there yourself."
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
        rows.append({"person": track, "seen": clock(total), **parts})
    return rows
