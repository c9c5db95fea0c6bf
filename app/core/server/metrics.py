"""The server's figures for monitoring programs, beside Streamlit's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from time import monotonic

from streamlit import runtime
from streamlit.runtime.stats import CounterStat, GaugeStat, Stat

import fer
from app.core.models.runnable import entry_of
from app.core.priority import max_streams
from app.core.server.cleanup import CLEANUP, resident_bytes
from app.core.server.events import EVENTS, LOGGED, counters
from app.core.settings import model_dir

_SINCE = monotonic()

#: What goes up and down: what it means, and its value now, which is None where it is not known.
#: `app.live.state` gives the streams another one.
GAUGES: dict[str, tuple[str, Callable[[], float | None]]] = {
    "fer_lens_info": ("Always 1; version and model are its labels.", lambda: 1),
    "fer_lens_model_ready": (
        "1 if the model's files are there and are those that its spec names.",
        lambda: entry_of(model_dir()) is not None,
    ),
    "fer_lens_uptime_seconds": ("Seconds since the first visitor.", lambda: monotonic() - _SINCE),
    "fer_lens_streams": ("Live streams that the server analyses at the moment.", lambda: 0),
    "fer_lens_stream_places": ("Live streams that it may analyse at once.", lambda: max_streams()),
    "fer_lens_memory_resident_bytes": ("Memory of the process.", lambda: resident_bytes()),
    "fer_lens_cleanup_idle_seconds": (
        "Seconds since the last look for what closed tabs left; missing if nobody looks.",
        lambda: CLEANUP.idle_seconds if CLEANUP.running else None,
    ),
}

#: What only grows, and what it means.
COUNTERS = {
    "fer_lens_analyses": "Analysed frames of live streams, by where.",
    "fer_lens_events": "Events, by event and reason.",
    "fer_lens_logged": "Warnings and errors in the log, by level and module.",
}


class ServerStats:
    """The figures as a `streamlit.runtime.stats.StatsProvider`."""

    @property
    def stats_families(self) -> Sequence[str]:
        """Names of all figures."""
        return (*GAUGES, *COUNTERS)

    def get_stats(self, family_names: Sequence[str] | None = None) -> Mapping[str, Sequence[Stat]]:
        """Return the figures of these names, or all."""
        found: dict[str, list[Stat]] = {name: [] for name in self.stats_families}
        for name, (about, read) in GAUGES.items():
            if (value := read()) is not None:
                labels = self.model() if name == "fer_lens_info" else {}
                found[name].append(GaugeStat(name, int(value), labels, help=about))
        for (event, kind), number in sorted(counters().totals().items()):
            name, labels = self._labels(event, kind)
            found[name].append(CounterStat(name, number, labels, help=COUNTERS[name]))
        return {name: found[name] for name in family_names or found if name in found}

    @staticmethod
    def _labels(event: str, kind: str) -> tuple[str, dict[str, str]]:
        if event == "analysis":
            return "fer_lens_analyses", {"where": kind}
        if event == LOGGED:
            level, _, module = kind.partition(" ")
            return "fer_lens_logged", {"level": level, "module": module}
        labels = {"event": event, "reason": kind, "kind": EVENTS[event].value}
        return "fer_lens_events", labels

    @staticmethod
    def model() -> dict[str, str]:
        """Return version, model and the hash of its file; empty where it cannot answer."""
        entry = entry_of(model_dir())
        return {
            "version": fer.__version__,
            "model": entry.name if entry else model_dir().name,
            "sha256": entry.spec.sha256 if entry else "",
        }


def serve_metrics() -> None:
    """Add the figures of this server to those at ``/_stcore/metrics``, once.

    Seen in Streamlit 1.67.0. Without it, a monitoring program would see Streamlit's figures only:
    sessions and caches. It can go when an app can serve figures, or an address, of its own.
    """
    manager = runtime.get_instance().stats_mgr
    if "fer_lens_info" not in manager.registered_families():
        manager.register_provider(ServerStats())
