"""The figures as Streamlit serves them."""

from streamlit.runtime.stats import StatsManager, StatsProvider

from app.operation.counters import Counters
from app.operation.metrics import families
from app.operation.streamlit_stats import FigureStats
from tests.app.operation.samples import empty_figures
from tests.app.samples import Clock


def test_streamlit_collects_them_as_its_own() -> None:
    counts = Counters(Clock())
    counts.add("photo_answered")
    provider = FigureStats(lambda: empty_figures(counts), counts)
    assert isinstance(provider, StatsProvider)
    manager = StatsManager()
    manager.register_provider(provider)
    found = manager.get_stats()
    assert found.keys() == set(families())
    lines = [stat.to_metric_str() for stats in found.values() for stat in stats]
    assert 'fer_lens_events_total{event="photo_answered",kind="news",reason=""} 1' in lines
    assert "fer_lens_stream_places 4" in lines
    assert manager.get_stats(["fer_lens_streams"]).keys() == {"fer_lens_streams"}
