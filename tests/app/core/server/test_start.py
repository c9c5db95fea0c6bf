"""Where the cleanup is started, and where not."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit import runtime
from streamlit.testing.v1 import AppTest

from app.core.server import start as server
from app.core.server.cleanup import Cleanup
from app.core.server.events import counters


@pytest.fixture
def cleanup(monkeypatch: pytest.MonkeyPatch) -> Cleanup:
    """That of the process, which waits for ever once it is started."""
    idle = Cleanup(wait=lambda seconds: threading.Event().wait())
    monkeypatch.setattr(server, "CLEANUP", idle)
    return idle


def test_a_test_of_a_page_does_not_start_it(cleanup: Cleanup, page: AppTest) -> None:
    server.begin_server()
    page.run()
    assert not page.exception
    assert not cleanup.running


def test_a_server_starts_it_and_deletes_what_a_killed_one_left(
    cleanup: Cleanup,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    streamlit_server: Callable[[object], None],
) -> None:
    (tmp_path / "fer-lens-videos-of-another" / "1").mkdir(parents=True)
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    bounded: list[int] = []
    started = counters().total("server_started")
    streamlit_server(object.__new__(runtime.Runtime))
    monkeypatch.setattr(server, "bound_allocator", lambda: bounded.append(1))
    patches = "shorten_switches keep_clicks keep_downloads hold_uploads bound_uploads end_in_time"
    for name in f"{patches} begin_log serve_metrics".split():
        monkeypatch.setattr(server, name, lambda *_: None)
    server.begin_server()
    server.begin_server()
    assert cleanup.running
    assert bounded == [1]
    assert [*tmp_path.iterdir()] == []
    assert counters().total("server_started") == started + 1
