"""Figures that Streamlit collects, and those of this app among them.

Streamlit keeps this to itself. Each function says where that was seen, what happens without it,
and when it can go.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from streamlit import runtime
from streamlit.runtime.stats import CounterStat, GaugeStat, Stat

from app.operation.counters import Counters
from app.operation.events import counters
from app.operation.figures import Figures
from app.operation.metrics import COUNTERS, GAUGES, families, gauges, totals


def open_tabs() -> int:
    """Return how many tabs are open.

    Seen in Streamlit 1.67.0. Without it, the operator would not know how many visitors there are.
    It can go when there is a public way to ask.
    """
    found = runtime.get_instance().stats_mgr.get_stats(["active_sessions"])
    stats = found.get("active_sessions", ())
    return sum(stat.value for stat in stats if isinstance(stat, GaugeStat))


def serve_metrics(read: Callable[[], Figures]) -> None:
    """Add the figures of this server to those at ``/_stcore/metrics``, once.

    Seen in Streamlit 1.67.0. Without it, a monitoring program would see Streamlit's figures only:
    sessions and caches. It can go when an app can serve figures, or an address, of its own.

    Args:
        read: returns the figures.
    """
    manager = runtime.get_instance().stats_mgr
    if not set(families()) & set(manager.registered_families()):
        manager.register_provider(FigureStats(read))


class FigureStats:
    """The figures as a `streamlit.runtime.stats.StatsProvider`.

    Args:
        read: returns the figures.
        counts: what has happened; that of this process if None.
    """

    def __init__(self, read: Callable[[], Figures], counts: Counters | None = None) -> None:
        self._read, self._counts = read, counts or counters()

    @property
    def stats_families(self) -> Sequence[str]:
        """Names of all figures."""
        return families()

    def get_stats(self, family_names: Sequence[str] | None = None) -> Mapping[str, Sequence[Stat]]:
        """Return the figures of these names, or all."""
        wanted = set(families() if family_names is None else family_names)
        found: dict[str, Sequence[Stat]] = {}
        for name, samples in gauges(self._read()).items():
            found[name] = [GaugeStat(name, s.value, s.labels, help=GAUGES[name]) for s in samples]
        for name, samples in totals(self._counts).items():
            found[name] = [
                CounterStat(name, s.value, s.labels, help=COUNTERS[name]) for s in samples
            ]
        return {name: stats for name, stats in found.items() if name in wanted}
