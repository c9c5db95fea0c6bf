"""The figures for monitoring programs."""

from app.operation.counters import Counters
from app.operation.log import LOGGED
from app.operation.metrics import COUNTERS, GAUGES, families, gauges, totals
from tests.app.operation.samples import empty_figures
from tests.app.samples import Clock
from tests.samples import ROOT


def test_what_is_not_known_is_left_out() -> None:
    found = gauges(empty_figures())
    assert found.keys() == GAUGES.keys()
    assert found["fer_lens_memory_resident_bytes"] == found["fer_lens_janitor_idle_seconds"] == []
    assert found["fer_lens_streams"][0].value == 0
    assert found["fer_lens_info"][0].labels["sha256"]
    assert totals(Counters(Clock())) == {name: [] for name in COUNTERS}


def test_counts_have_labels() -> None:
    counts = Counters(Clock())
    counts.add("analysis", "device", 5)
    counts.add("stream_refused", "full")
    counts.add(LOGGED, "error app.core.photo", 2)
    found = totals(counts)
    assert [(s.value, s.labels) for s in found["fer_lens_analyses"]] == [(5, {"where": "device"})]
    assert [(s.value, s.labels) for s in found["fer_lens_events"]] == [
        (1, {"event": "stream_refused", "reason": "full", "kind": "refusal"})
    ]
    assert [(s.value, s.labels) for s in found["fer_lens_logged"]] == [
        (2, {"level": "error", "module": "app.core.photo"})
    ]


def test_every_figure_is_documented() -> None:
    text = (ROOT / "docs" / "hosting.md").read_text(encoding="utf-8")
    assert [name for name in families() if f"`{name}" not in text] == []
