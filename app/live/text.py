"""Texts of the Live page that depend on results. Does not use Streamlit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.core.text import verdicts
from app.live.charts.timeline import Timeline
from app.live.streaming.record import LiveErrors
from fer import Faces
from fer.export.stream import Shares, Span, StreamRows
from fer.export.summary import surest_moments
from fer.text import chance, clock, one_of
from fer.types import UNCERTAIN, Floats


def mean_mix(faces: Faces) -> Floats:
    """Return the mean probabilities of the faces, ``(k,)``; zeros if there is no face."""
    if not len(faces):
        return np.zeros(len(faces.labels), np.float32)
    return faces.probabilities.mean(axis=0)


#: Advice against each of `fer.types.FLAWS`.
_REMEDIES = {
    "small": "a step closer",
    "blurred": "holding still",
    "dark": "more light",
    "turned": "facing the camera",
}


def describe_flaws(faces: Faces) -> str:
    """Return the flaws of each person's image, and advice against them; "" if there are none."""
    flawed = [
        (track, verdict)
        for track, verdict in zip(faces.track_id.tolist(), verdicts(faces), strict=True)
        if verdict.flaws
    ]
    if not flawed:
        return ""
    people = "; ".join(f"Person {track}: {', '.join(v.reasons)}" for track, v in flawed)
    flaws = {flaw for _, verdict in flawed for flaw in verdict.flaws}
    remedies = one_of([remedy for flaw, remedy in _REMEDIES.items() if flaw in flaws])
    return f"{people}. What helps: {remedies}."


def describe_now(mix: Floats, labels: Sequence[str]) -> str:
    """Return the alternative text of the strip with the expressions in view."""
    if not mix.any():
        return "No face in view."
    order = (-mix).argsort(kind="stable")
    return "In view now: " + ", ".join(f"{labels[i]} {chance(mix[i])}" for i in order) + "."


def describe_timeline(line: Timeline, labels: Sequence[str], cuts: Sequence[float] = ()) -> str:
    """Return the alternative text of a timeline: each person's most frequent answer.

    Args:
        line: the aggregated session.
        labels: names of the expressions.
        cuts: seconds at which another scene begins.
    """
    span = f"from {clock(line.start)} to {clock(line.end)}"
    parts = []
    for person in line.people:
        answers = np.where(person.uncertain, len(labels), person.expression)
        most = [*labels, UNCERTAIN][int(np.bincount(answers).argmax())]
        parts.append(f"person {person.track} mostly {most}")
    sentences = [f"Timeline {span}: {'; '.join(parts) or 'no face'}."]
    sentences += [_spans("No data", line.holes)] * bool(line.holes)
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


#: Most holes, changes of the head, cuts and so on that an alternative text lists.
_MAX_TOLD = 4


def _spans(what: str, spans: Sequence[Span]) -> str:
    told = [f"from {clock(first)} to {clock(last)}" for first, last in spans]
    return f"{what} {', '.join(told[:_MAX_TOLD])}{_more(told)}."


def _more(told: Sequence[str]) -> str:
    rest = len(told) - _MAX_TOLD
    return f" and {rest} more" if rest > 0 else ""


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


def moment_rows(rows: StreamRows) -> list[dict[str, object]]:
    """Return one row per person and expression: when it was surest, and how sure."""
    return [
        {
            "person": int(row["track"]),
            "expression": rows.labels[int(row["probabilities"].argmax())],
            "confidence": chance(float(row["probabilities"].max())),
            "at": clock(float(row["seconds"])),
        }
        for row in rows.array[surest_moments(rows)]
    ]


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


def error_sentence(errors: LiveErrors) -> str:
    """Return a text about frames of which nothing is recorded; "" if there are none."""
    return " ".join(part for part in (_failed_sentence(errors), lost_sentence(errors.lost)) if part)


def lost_sentence(lost: int) -> str:
    """Return a text about frames that the visitor's device could not keep; "" if there are none."""
    if not lost:
        return ""
    frames = "One frame is" if lost == 1 else f"{lost:,} frames are"
    return (
        f"{frames} missing: the connection was away for longer than your browser can keep results."
    )


def _failed_sentence(errors: LiveErrors) -> str:
    if not errors.count:
        return ""
    if errors.in_a_row > 1:
        return (
            "**The analysis is failing at the moment.** The video continues without marks, and "
            "every new frame is tried. If it does not recover, stop and start again."
        )
    frames = "One frame" if errors.count == 1 else f"{errors.count:,} frames"
    return (
        f"{frames} could not be analysed, the last at {clock(errors.last_seconds)}. Something went "
        "wrong in FER Lens; the video and the analysis continue."
    )
