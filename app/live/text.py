"""Texts of the Live page that depend on results. Does not use Streamlit."""

from __future__ import annotations

from collections.abc import Sequence

from app.core.text import answer_counts, verdicts
from app.live.streaming.record import LiveErrors
from fer.text import chance, clock, one_of
from fer.types import Faces, Floats

#: Advice against each of `fer.types.ISSUES`.
_REMEDIES = {
    "small": "a step closer",
    "blurred": "holding still",
    "dark": "more light",
    "turned": "facing the camera",
}


def describe_issues(faces: Faces) -> str:
    """Return the issues of each person's image, and advice against them; "" if there are none."""
    tracks = zip(faces.track_id.tolist(), verdicts(faces), strict=True)
    affected = [(track, verdict) for track, verdict in tracks if verdict.issues]
    if not affected:
        return ""
    people = "; ".join(f"Person {track}: {', '.join(v.reasons)}" for track, v in affected)
    issues = {issue for _, verdict in affected for issue in verdict.issues}
    remedies = one_of([remedy for issue, remedy in _REMEDIES.items() if issue in issues])
    return f"{people}. What helps: {remedies}."


def now_line(faces: Faces) -> str:
    """Return how many faces are in view and what they show, in Markdown."""
    counts = answer_counts([faces])
    if len(faces) == 1:
        return f"**1 face in view: {next(iter(counts))}**"
    what = ", ".join(f"{count} {answer}" for answer, count in counts.items())
    return f"**{len(faces)} faces in view: {what}.** Their mean:"


def describe_now(mix: Floats, labels: Sequence[str]) -> str:
    """Return the alternative text of the strip with the expressions in view."""
    order = (-mix).argsort(kind="stable")
    return "In view now: " + ", ".join(f"{labels[i]} {chance(mix[i])}" for i in order) + "."


def error_sentence(errors: LiveErrors) -> str:
    """Return a text about frames of which nothing is recorded; "" if there are none."""
    sentences = []
    if errors.in_a_row > 1:
        sentences.append(
            "**The analysis is failing at the moment.** The video continues without marks, and "
            "every new frame is tried. If it does not recover, stop and start again."
        )
    elif errors.count:
        frames = "One frame" if errors.count == 1 else f"{errors.count:,} frames"
        sentences.append(
            f"{frames} could not be analysed, the last at {clock(errors.last_seconds)}. Something "
            "went wrong in FER Lens; the video and the analysis continue."
        )
    if lost := lost_sentence(errors.lost):
        sentences.append(lost)
    return " ".join(sentences)


def lost_sentence(lost: int) -> str:
    """Return a text about frames that the visitor's device could not keep; "" if there are none."""
    if not lost:
        return ""
    frames = "One frame is" if lost == 1 else f"{lost:,} frames are"
    return (
        f"{frames} missing: the connection was away for longer than your browser can keep results."
    )
