"""What a server does at the moment, in figures. Does not use Streamlit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import fer
from app.common.paths import model_dir
from app.common.runnable import entry_of
from app.housekeeping.janitor import JANITOR, Janitor
from app.housekeeping.process_memory import resident_bytes
from app.operation.counters import Counters
from app.operation.events import EVENTS, Kind, counters
from app.operation.log import LOGGED
from app.operation.parts import PARTS, Parts
from app.serving.drain import THIS_SERVER

#: Where frames of a live stream are analysed: the kinds of this count.
ANALYSIS = "analysis"
PLACES = ("server", "device")


@dataclass(frozen=True)
class Count:
    """How often something happened since the server started.

    Attributes:
        name: of the event, or `LOGGED`.
        kind: its reason, or level and module of what was logged; may be empty.
        number: how often.
        seconds_ago: when it happened last.
    """

    name: str
    kind: str
    number: int
    seconds_ago: float


@dataclass(frozen=True)
class Figures:
    """What a server does.

    Attributes:
        version: of FER Lens.
        model: name of the model that answers first.
        model_sha256: hash of its file; empty where it cannot answer.
        seconds: since the server's first visitor.
        tabs: open tabs.
        streams: live streams that the server analyses.
        places: how many it may.
        analyses: analysed frames a second, on the server and on devices.
        photos: photographs answered, of all pages.
        memory: resident bytes of the process; None where nobody says.
        janitor_seconds: since the janitor's last look; None if it has not looked, or does not run.
        relay: word for the source of TURN credentials; empty until somebody has needed some.
        relay_succeeded_at: see `app.operation.parts.Relay`.
        relay_failed_at: likewise.
        drain_seconds: for which it waits for its visitors before it ends; None if it does not end.
        faults: what was wrong with the server, most recent first.
        refusals: what was refused, most recent first.
    """

    version: str
    model: str
    model_sha256: str
    seconds: float
    tabs: int
    streams: int
    places: int
    analyses: float
    photos: int
    memory: int | None
    janitor_seconds: float | None
    relay: str
    relay_succeeded_at: float | None
    relay_failed_at: float | None
    drain_seconds: float | None
    faults: tuple[Count, ...]
    refusals: tuple[Count, ...]


def figures(
    tabs: int,
    places: int,
    *,
    counts: Counters | None = None,
    parts: Parts = PARTS,
    janitor: Janitor = JANITOR,
    memory: Callable[[], int | None] = resident_bytes,
) -> Figures:
    """Return the figures of this process.

    Args:
        tabs: open tabs, which only Streamlit knows.
        places: live streams that the server may analyse at once.
        counts: what has happened; that of this process if None.
        parts: the server's parts.
        janitor: tidies up.
        memory: returns the resident bytes.
    """
    counts = counts or counters()
    entry, streams, relay = entry_of(model_dir()), parts.streams, parts.relay
    happened = _counts(counts)
    return Figures(
        version=fer.__version__,
        model=entry.name if entry else model_dir().name,
        model_sha256=entry.spec.sha256 if entry else "",
        seconds=counts.seconds,
        tabs=tabs,
        streams=streams.taken if streams else 0,
        places=places,
        analyses=counts.rate(ANALYSIS),
        photos=counts.total("photo_answered"),
        memory=memory(),
        janitor_seconds=janitor.idle_seconds if janitor.running else None,
        relay=relay.source if relay else "",
        relay_succeeded_at=relay.succeeded_at if relay else None,
        relay_failed_at=relay.failed_at if relay else None,
        drain_seconds=THIS_SERVER.seconds_left,
        faults=tuple(one for one in happened if _kind(one.name) is Kind.FAULT),
        refusals=tuple(one for one in happened if _kind(one.name) is Kind.REFUSAL),
    )


def _counts(counts: Counters) -> list[Count]:
    """Return all counts, most recent first."""
    all_counts = [
        Count(name, kind, number, counts.seconds_since(name, kind))
        for (name, kind), number in counts.totals().items()
    ]
    return sorted(all_counts, key=lambda one: (one.seconds_ago, one.name, one.kind))


def _kind(name: str) -> Kind | None:
    return Kind.FAULT if name == LOGGED else EVENTS.get(name)
