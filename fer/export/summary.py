"""The summary of a camera session or recording: who was seen, how long, and with what."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from fer.export.moments import surest_moments
from fer.export.stream_result import StreamResult
from fer.export.stream_times import shares
from fer.types import UNCERTAIN


def summary_json(result: StreamResult) -> str:
    """Return the summary as JSON."""
    return json.dumps(summary_record(result), indent=1, ensure_ascii=False)


def summary_record(result: StreamResult) -> dict[str, Any]:
    """Return the summary as a JSON-ready object.

    It has what is known of the file, when it began, model and detector, first and last second, how
    long a camera was off, the cuts, a note, and each person with the seconds in view, the share of
    them per answer (0…1), and the surest moment of each expression (see
    `fer.export.moments.surest_moments`).
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
