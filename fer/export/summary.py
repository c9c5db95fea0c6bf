"""The summary of a camera session or recording: who was seen, how long, and with what."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fer.export.stream import GAP_SECONDS, StreamResult, StreamRows, answers, shares
from fer.types import UNCERTAIN

#: Seconds that the same answer should last before and after a moment, so that it is no flicker.
SETTLED_SECONDS = 0.3


def surest_moments(rows: StreamRows) -> NDArray[np.int64]:
    """Return the surest moment of each person and expression, as positions in `rows`.

    It is the row with the highest confidence among those whose answer was the same for
    `SETTLED_SECONDS` before and after; if there is none such, among all with that answer. Uncertain
    answers have no moment. A later one that is equally sure does not count. They are ascending by
    person, then by label.
    """
    index = np.flatnonzero(rows.has_face)
    index = index[np.argsort(rows.track[index], kind="stable")]  # person by person, in time
    faces = rows.take(index)
    answer = answers(faces)
    settled = _time_inside(faces, answer) > SETTLED_SECONDS - 1e-6
    confidence = faces.probabilities.max(axis=1, initial=0)
    order = np.lexsort((faces.seconds, -confidence, ~settled, answer, faces.track))
    order = order[answer[order] < len(rows.labels)]
    key = np.stack([faces.track[order], answer[order]], axis=1)
    _, first = np.unique(key, axis=0, return_index=True)
    return index[order[first]]


def _time_inside(faces: StreamRows, answer: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return how far each row is from either end of its run of equal answers, in seconds."""
    if not len(faces):
        return np.zeros(0)
    new = np.ones(len(faces), np.bool_)
    new[1:] = (
        (np.diff(faces.track) != 0)
        | (np.diff(answer) != 0)
        | (np.diff(faces.array["head"].astype(np.int64)) != 0)
        | (np.diff(faces.seconds) > GAP_SECONDS)
    )
    run = np.cumsum(new) - 1
    first = np.flatnonzero(new)
    last = np.append(first[1:], len(faces)) - 1
    seconds = faces.seconds
    return np.minimum(seconds - seconds[first][run], seconds[last][run] - seconds)


def summary_json(result: StreamResult) -> str:
    """Return the summary as JSON."""
    return json.dumps(summary_record(result), indent=1, ensure_ascii=False)


def summary_record(result: StreamResult) -> dict[str, Any]:
    """Return the summary as a JSON-ready object.

    It has what is known of the file, when it began, model and detector, first and last second, how
    long a camera was off, the cuts, a note, and each person with the seconds in view, the share of
    them per answer (0…1), and the surest moment of each expression (see
    `fer.export.summary.surest_moments`).
    """
    times, info = result.times, result.info
    first = float(times.seconds[0]) if len(times.seconds) else 0.0
    last = float(times.until[-1]) if len(times.seconds) else 0.0
    return {
        **result.source,
        "started": info.iso_time_after(0.0),
        **info.record(),
        "first_second": round(first, 3),
        "last_second": round(last, 3),
        "seconds": round(last - first, 3),
        "frames": len(times.seconds),
        "camera_off_seconds": round(float(times.lasted[times.camera_off].sum()), 3),
        "people": _people(result),
        "cuts": [round(cut, 3) for cut in result.cuts],
        "note": result.note,
    }


def _people(result: StreamResult) -> list[dict[str, Any]]:
    rows = result.rows.used()
    sums = shares(rows, result.times)
    names = (*rows.labels, UNCERTAIN)
    people: dict[int, dict[str, Any]] = {}
    for track, seconds in zip(sums.tracks, sums.seconds, strict=True):
        total = float(seconds.sum())
        parts = seconds / total if total else np.zeros(len(names))
        people[track] = {
            "person": track,
            "seconds": round(total, 3),
            "shares": {n: round(float(p), 4) for n, p in zip(names, parts, strict=True)},
            "surest_moments": [],
        }
    for row in rows.array[surest_moments(rows)]:
        seconds, best = float(row["seconds"]), int(row["probabilities"].argmax())
        people[int(row["track"])]["surest_moments"].append(
            {
                "expression": rows.labels[best],
                "seconds": round(seconds, 3),
                "time": result.info.iso_time_after(seconds),
                "confidence": round(float(row["probabilities"][best]), 4),
            }
        )
    return list(people.values())
