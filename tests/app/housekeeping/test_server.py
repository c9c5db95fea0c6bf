"""Where the janitor is started, and where not."""

import threading

import pytest
from streamlit import runtime
from streamlit.testing.v1 import AppTest

from app.housekeeping import server
from app.housekeeping.janitor import Janitor
from app.operation.events import counters


@pytest.fixture
def janitor(monkeypatch: pytest.MonkeyPatch) -> Janitor:
    """That of the process, which waits for ever once it is started."""
    idle = Janitor(wait=lambda seconds: threading.Event().wait())
    monkeypatch.setattr(server, "JANITOR", idle)
    return idle


def test_without_a_server_it_rests(janitor: Janitor) -> None:
    server.keep_house()
    assert not janitor.running


def test_a_test_of_a_page_does_not_start_it(janitor: Janitor, page: AppTest) -> None:
    page.run()
    assert not page.exception
    assert not janitor.running


def test_a_server_starts_it(janitor: Janitor, monkeypatch: pytest.MonkeyPatch) -> None:
    bounded: list[int] = []
    started = counters().total("server_started")
    real = object.__new__(runtime.Runtime)
    monkeypatch.setattr(runtime, "exists", lambda: True)
    monkeypatch.setattr(runtime, "get_instance", lambda: real)
    monkeypatch.setattr(server, "bound_allocator", lambda: bounded.append(1))
    for name in (
        "take_shorter_turns",
        "keep_clicks",
        "hold_uploads",
        "bound_uploads",
        "end_in_time",
        "begin_log",
        "serve_metrics",
    ):
        monkeypatch.setattr(server, name, lambda *_: None)
    server.keep_house()
    server.keep_house()
    assert janitor.running
    assert bounded == [1]
    assert counters().total("server_started") == started + 1
