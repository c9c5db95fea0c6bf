"""The figures for monitoring programs, as Streamlit serves them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from streamlit.runtime.stats import StatsManager, StatsProvider

import fer
from app.core.server import events, metrics
from app.core.server.cleanup import Cleanup
from app.core.server.events import LOGGED, Counters, counters
from app.core.server.metrics import COUNTERS, GAUGES, ServerStats, serve_metrics
from app.live import state
from fer.records import file_sha256
from tests.samples import ROOT, SHIPPED_MODEL


@pytest.fixture(autouse=True)
def _unused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that nobody has used yet."""
    monkeypatch.setattr(events, "_counters", Counters())
    monkeypatch.setattr(metrics, "CLEANUP", Cleanup())
    monkeypatch.setattr(metrics, "resident_bytes", lambda: None)
    monkeypatch.setenv("FER_MAX_STREAMS", "4")


def lines(*names: str) -> list[str]:
    """What Streamlit writes of the figures of these names, or of all."""
    manager = StatsManager()
    provider = ServerStats()
    assert isinstance(provider, StatsProvider)
    manager.register_provider(provider)
    found = manager.get_stats(list(names) or None)
    assert found.keys() == set(names or (*GAUGES, *COUNTERS))
    return [stat.to_metric_str() for stats in found.values() for stat in stats]


def test_a_server_serves_them_once(streamlit_server: Callable[[object], None]) -> None:
    manager = StatsManager()
    streamlit_server(SimpleNamespace(stats_mgr=manager))
    for _ in range(2):
        serve_metrics()
    assert len(manager.get_stats(["fer_lens_info"])["fer_lens_info"]) == 1


def test_what_is_not_known_is_left_out() -> None:
    about, ready, uptime, *places = lines()
    assert f'version="{fer.__version__}"' in about
    assert ready == "fer_lens_model_ready 1"
    assert uptime.startswith("fer_lens_uptime_seconds ")
    assert places == ["fer_lens_streams 0", "fer_lens_stream_places 4"]


def test_counts_have_labels() -> None:
    for name, kind in (
        ("analysis", "device"),
        ("stream_refused", "full"),
        (LOGGED, "error app.core.photo"),
    ):
        counters().add(name, kind)
    assert lines(*COUNTERS) == [
        'fer_lens_analyses_total{where="device"} 1',
        'fer_lens_events_total{event="stream_refused",kind="refusal",reason="full"} 1',
        'fer_lens_logged_total{level="error",module="app.core.photo"} 1',
    ]


def test_the_model_is_named_with_the_hash_of_its_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (about,) = lines("fer_lens_info")
    sha256 = file_sha256(SHIPPED_MODEL / "model.tflite")
    assert f'model="{SHIPPED_MODEL.name}",sha256="{sha256}"' in about
    monkeypatch.setenv("FER_MODEL", str(tmp_path / "gone"))
    (about,) = lines("fer_lens_info")
    assert 'model="gone",sha256=""' in about
    assert lines("fer_lens_model_ready") == ["fer_lens_model_ready 0"]


def test_streams_are_those_of_the_live_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "GAUGES", GAUGES.copy())
    monkeypatch.setattr(state, "GAUGES", metrics.GAUGES)
    state._limit.clear()
    assert state._limit().hold(state)
    assert lines("fer_lens_streams") == ["fer_lens_streams 1"]
    state._limit.clear()


def test_every_figure_is_documented() -> None:
    text = (ROOT / "docs" / "hosting.md").read_text(encoding="utf-8")
    assert [name for name in (*GAUGES, *COUNTERS) if f"`{name}" not in text] == []
