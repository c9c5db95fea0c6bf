"""Subtitles that say who shows what, and when: WebVTT and SubRip (SRT)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from itertools import pairwise

import numpy as np

from fer.export.stream import FrameTimes, StreamResult, StreamRows, answers
from fer.types import UNCERTAIN

#: What lasts less than this many seconds is a flicker, which nobody could read.
FLICKER_SECONDS = 0.5

#: Seconds between two frames that still count as one following the other at once.
_TOUCHING = 1e-6

#: State of a person in a frame without them; the others are answers, by their index.
_ABSENT = -1

#: First frame, frame after the last, and state.
_Run = tuple[int, int, int]


@dataclass(frozen=True)
class Cue:
    """What is shown for a time in milliseconds: a line per person, such as "Person 2: happy"."""

    start: int
    end: int
    lines: tuple[str, ...]


def cues(result: StreamResult) -> list[Cue]:
    """Return who shows what, and when, in chronological order, none overlapping another.

    Frames that say the same of everybody are one cue. A cut to another scene, a gap and a camera
    that is off end it. A person's answer, or absence, that lasts less than `FLICKER_SECONDS` is
    taken for what was longer before or after it in the same scene.
    """
    rows, found = result.rows.used(), []
    names = [*rows.labels, UNCERTAIN]
    for scene in _scenes(result):
        for first, stop, shown in _sweep(_stretches(rows, result.times, scene)):
            lines = tuple(f"Person {person}: {names[shown[person]]}" for person in sorted(shown))
            start, end = result.times.seconds[first], result.times.until[stop - 1]
            cue = Cue(max(0, round(1000 * start)), max(0, round(1000 * end)), lines)
            if cue.start < cue.end:
                found.append(cue)
    return found


def webvtt(result: StreamResult) -> str:
    """Return subtitles as WebVTT (https://www.w3.org/TR/webvtt1/)."""
    parts = ["WEBVTT\n"]
    for cue in cues(result):
        text = "\n".join(escape(_one_line(line), quote=False) for line in cue.lines)
        parts.append(f"{_time(cue.start, '.')} --> {_time(cue.end, '.')}\n{text}\n")
    return "\n".join(parts)


def srt(result: StreamResult) -> str:
    """Return subtitles as SubRip, which has neither a standard nor a way to escape a sign."""
    parts = []
    for number, cue in enumerate(cues(result), 1):
        text = "\n".join(_one_line(line).replace("-->", "→") for line in cue.lines)
        parts.append(f"{number}\n{_time(cue.start, ',')} --> {_time(cue.end, ',')}\n{text}\n")
    return "\n".join(parts)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _time(milliseconds: int, point: str) -> str:
    """Return a time with hours, of which there may be more than 99: ``00:01:02.345``."""
    seconds, thousandths = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{point}{thousandths:03}"


def _scenes(result: StreamResult) -> Iterator[slice]:
    """Yield stretches of frames that nothing interrupts."""
    times = result.times
    scene = np.searchsorted(result.cuts, times.seconds, side="right")
    interrupted = (
        (np.diff(scene) != 0)
        | (np.diff(times.camera_off.astype(np.int8)) != 0)
        | (times.seconds[1:] - times.until[:-1] > _TOUCHING)
    )
    edges = [0, *(np.flatnonzero(interrupted) + 1).tolist(), len(times.seconds)]
    yield from (slice(a, b) for a, b in pairwise(edges) if a < b)


def _stretches(rows: StreamRows, times: FrameTimes, scene: slice) -> Iterator[tuple[int, _Run]]:
    """Yield everybody's number with each stretch of one answer in a scene, without flickers."""
    first, stop = np.searchsorted(times.frame, [scene.start, scene.stop])
    has_face = rows.has_face[first:stop]
    faces, frame = rows.take(slice(first, stop)).take(has_face), times.frame[first:stop][has_face]
    order = np.argsort(faces.track, kind="stable")
    people, begin = np.unique(faces.track[order], return_index=True)
    for person, own in zip(people.tolist(), np.split(order, begin[1:]), strict=False):
        seen = frame[own]
        # Only as far as that person was seen: a crowd's frames together may be too many.
        states = np.full(seen[-1] + 1 - seen[0], _ABSENT, np.int64)
        states[seen - seen[0]] = answers(faces.take(own))
        edges = [0, *(np.flatnonzero(np.diff(states)) + 1).tolist(), len(states)]
        runs = [(seen[0] + a, seen[0] + b, int(states[a])) for a, b in pairwise(edges)]
        runs = [(scene.start, seen[0], _ABSENT), *runs, (seen[-1] + 1, scene.stop, _ABSENT)]
        runs = [run for run in runs if run[0] < run[1]]
        yield from ((person, run) for run in _without_flickers(runs, times) if run[2] != _ABSENT)


def _without_flickers(runs: list[_Run], times: FrameTimes) -> list[_Run]:
    """Return the runs of one person in a scene, each no flicker; of a short scene, only one."""
    kept: list[_Run] = []

    def seconds(run: _Run) -> float:
        return float(times.until[run[1] - 1] - times.seconds[run[0]])

    def flickers() -> bool:
        return bool(kept) and seconds(kept[-1]) < FLICKER_SECONDS - _TOUCHING

    for run in runs:
        while flickers():
            flicker = kept.pop()
            if kept and seconds(kept[-1]) >= seconds(run):
                kept[-1] = (kept[-1][0], flicker[1], kept[-1][2])
            else:
                longer = max(run, flicker, key=seconds)
                run = (flicker[0], run[1], longer[2])
        if kept and kept[-1][2] == run[2]:
            run = (kept.pop()[0], run[1], run[2])
        kept.append(run)
    if len(kept) > 1 and flickers():
        last = kept.pop()
        kept[-1] = (kept[-1][0], last[1], kept[-1][2])
    return kept


def _sweep(stretches: Iterable[tuple[int, _Run]]) -> Iterator[tuple[int, int, dict[int, int]]]:
    """Yield first frame, frame after the last, and everybody's answer, while nothing changes."""
    changes = defaultdict[int, dict[int, int]](dict)
    for person, (first, stop, answer) in stretches:
        changes[first][person] = answer
        changes[stop].setdefault(person, _ABSENT)
    shown: dict[int, int] = {}
    for first, stop in pairwise(sorted(changes)):
        shown = {n: a for n, a in (shown | changes[first]).items() if a != _ABSENT}
        if shown:
            yield first, stop, shown
