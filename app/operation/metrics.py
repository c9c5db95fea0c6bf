"""The server's figures for monitoring programs, in OpenMetrics' terms. Does not use Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from app.operation.counters import Counters
from app.operation.events import EVENTS
from app.operation.figures import ANALYSIS, Figures
from app.operation.log import LOGGED

#: What each figure means, by name: those that go up and down, and those that only grow.
GAUGES = {
    "fer_lens_info": "Always 1; version and model are its labels.",
    "fer_lens_model_ready": "1 if the model's files are there and are those that its spec names.",
    "fer_lens_uptime_seconds": "Seconds since the first visitor.",
    "fer_lens_streams": "Live streams that the server analyses at the moment.",
    "fer_lens_stream_places": "Live streams that it may analyse at once.",
    "fer_lens_memory_resident_bytes": "Memory of the process.",
    "fer_lens_janitor_idle_seconds": "Seconds since the janitor looked; missing if it is gone.",
}
COUNTERS = {
    "fer_lens_analyses": "Analysed frames of live streams, by where.",
    "fer_lens_events": "Events, by event and reason.",
    "fer_lens_logged": "Warnings and errors in the log, by level and module.",
}


@dataclass(frozen=True)
class Sample:
    """One figure with its labels."""

    value: int
    labels: dict[str, str] = field(default_factory=dict)


def gauges(now: Figures) -> dict[str, list[Sample]]:
    """Return what goes up and down, by name; empty lists for what is not known."""
    about = {"version": now.version, "model": now.model, "sha256": now.model_sha256}
    values: dict[str, float | None] = {
        "fer_lens_info": 1,
        "fer_lens_model_ready": bool(now.model_sha256),
        "fer_lens_uptime_seconds": now.seconds,
        "fer_lens_streams": now.streams,
        "fer_lens_stream_places": now.places,
        "fer_lens_memory_resident_bytes": now.memory,
        "fer_lens_janitor_idle_seconds": now.janitor_seconds,
    }
    known = {name: value for name, value in values.items() if value is not None}
    found = {name: [Sample(int(known[name]))] if name in known else [] for name in GAUGES}
    return found | {"fer_lens_info": [Sample(1, about)]}


def totals(counts: Counters) -> dict[str, list[Sample]]:
    """Return what only grows, by name."""
    found: dict[str, list[Sample]] = {name: [] for name in COUNTERS}
    for (name, kind), number in sorted(counts.totals().items()):
        if name == ANALYSIS:
            found["fer_lens_analyses"].append(Sample(number, {"where": kind}))
        elif name == LOGGED:
            level, _, module = kind.partition(" ")
            found["fer_lens_logged"].append(Sample(number, {"level": level, "module": module}))
        else:
            labels = {"event": name, "reason": kind, "kind": EVENTS[name].value}
            found["fer_lens_events"].append(Sample(number, labels))
    return found


def families() -> Sequence[str]:
    """Return the names of all figures."""
    return (*GAUGES, *COUNTERS)
