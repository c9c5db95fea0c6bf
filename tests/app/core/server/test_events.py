"""Events and figures: counted, and written without anything of a visitor."""

from __future__ import annotations

import ast
import errno
import json
import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from streamlit.runtime.stats import StatsManager, StatsProvider
from streamlit.testing.v1 import AppTest

import fer
from app.core.server import events, metrics
from app.core.server.cleanup import Cleanup
from app.core.server.events import (
    EVENTS,
    FAILED_PAGES,
    LINES_A_MINUTE,
    LOGGED,
    LOGGERS,
    WORDS,
    Counters,
    JsonLine,
    begin_log,
    counters,
    log_disk_failure,
    log_event,
)
from app.core.server.metrics import COUNTERS, GAUGES, ServerStats, serve_metrics
from app.core.server.operator_view import model_rows
from app.live import state
from fer.records import file_sha256
from tests.samples import ROOT, SHIPPED_MODEL

SECRET = "holiday of maria.jpg"


class Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.said: list[dict[str, object]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(json.loads(JsonLine().format(record)))


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lines]:
    monkeypatch.setenv("FER_LOG", "JSON ")
    monkeypatch.setattr(events, "_written", {})
    events._handler.cache_clear()
    names = ("app.events", *LOGGERS, FAILED_PAGES)
    before = {name: [*logging.getLogger(name).handlers] for name in names}
    for name in names:
        logging.getLogger(name).handlers = []
    begin_log()
    begin_log()
    handler = Lines()
    logging.getLogger("app.events").addHandler(handler)
    yield handler
    events._handler.cache_clear()
    for name, handlers in before.items():
        logging.getLogger(name).handlers = handlers


def test_a_line_has_time_event_and_facts(lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    log_event("photo_refused", reason="pixels", megapixels=61.23456, animated=False)
    (line,) = lines.said
    assert str(line.pop("time")).endswith("+00:00")
    assert line == {
        "event": "photo_refused", "kind": "refusal",
        "reason": "pixels", "megapixels": 61.235, "animated": False,
    }  # fmt: skip
    monkeypatch.delenv("FER_LOG")
    log_event("photo_answered", faces=2)
    assert len(lines.said) == 1, "nothing is written unless it is asked for"
    assert counters().total("photo_answered") == 1


@pytest.mark.parametrize("secret", ["", "maria.jpg", "Bytes"])
def test_what_a_visitor_may_have_typed_is_not_written(lines: Lines, secret: str) -> None:
    log_event("photo_refused", reason=secret)
    log_event(secret)
    assert [line["event"] for line in lines.said] == ["photo_refused", "other"]
    assert lines.said[0]["reason"] == "other"
    assert not secret or secret not in json.dumps(lines.said)
    assert (secret, "") not in counters().totals()


def test_a_crowd_fills_no_disk(lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events.time, "monotonic", lambda: 600.0)
    for _ in range(LINES_A_MINUTE + 5):
        log_event("stream_refused", reason="full")
    log_event("photo_answered")
    assert len(lines.said) == LINES_A_MINUTE + 1
    assert counters().total("stream_refused") == LINES_A_MINUTE + 5
    monkeypatch.setattr(events.time, "monotonic", lambda: 660.0)
    log_event("stream_refused", reason="full")
    assert lines.said[-1]["left_out"] == 5


@pytest.mark.parametrize(
    ("number", "reason"),
    [(0, "other"), (errno.EIO, "other"), (errno.ENOSPC, "disk_full"), (errno.EROFS, "read_only")],
)
def test_what_a_disk_says_is_a_word(lines: Lines, number: int, reason: str) -> None:
    log_disk_failure(OSError(number, "text", "/secret/path"), "video")
    (line,) = lines.said
    assert line["kind"] == "fault"
    assert (line["event"], line["where"], line["reason"]) == ("disk_failed", "video", reason)
    assert "secret" not in json.dumps(line)


def test_the_app_logs_only_events_and_words_that_are_listed() -> None:
    calls = [
        node
        for file in (ROOT / "app").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "log_event"
    ]
    assert all(call.args and isinstance(call.args[0], ast.Constant) for call in calls)
    names = {call.args[0].value for call in calls if isinstance(call.args[0], ast.Constant)}
    said = {k.value for call in calls for k in call.keywords}
    words = {v.value for v in said if isinstance(v, ast.Constant) and isinstance(v.value, str)}
    assert names <= EVENTS.keys()
    assert words <= WORDS


def test_warnings_and_faults_are_counted(lines: Lines, capsys: pytest.CaptureFixture[str]) -> None:
    events._handler().setStream(sys.stderr)
    logging.getLogger("app.tests").info("nothing")
    logging.getLogger("app.tests").warning("something")
    logging.getLogger("fer.tests").error("more")
    log_event("photo_answered")
    assert counters().totals() == {
        (LOGGED, "warning app.tests"): 1,
        (LOGGED, "error fer.tests"): 1,
        ("photo_answered", ""): 1,
    }
    said = capsys.readouterr().err.splitlines()  # beside what other handlers write of warnings
    written = [json.loads(line)["event"] for line in said if line.startswith("{")]
    assert written == [LOGGED, LOGGED, "photo_answered"]
    assert not any(line.endswith("photo_answered") for line in said)
    with pytest.raises(AssertionError):
        AppTest.from_string("raise RuntimeError('a fault that nobody thought of')").run()
    assert counters().totals()[LOGGED, f"error {FAILED_PAGES}"] == 1
    assert '"event": "logged"' not in capsys.readouterr().err


@pytest.mark.parametrize("as_json", [False, True])
def test_as_json_it_says_where_and_nothing_of_a_visitor(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    monkeypatch.setenv("FER_LOG", "json" if as_json else "")
    events._handler.cache_clear()
    logger = logging.Logger("app.tests")
    logger.addHandler(events._handler())
    try:
        Path(f"/nowhere/{SECRET}").read_text()
    except OSError:
        logger.exception("%s could not be read", SECRET)
    logger.warning(SECRET)
    events._handler.cache_clear()
    said = capsys.readouterr().err
    assert (SECRET in said) != as_json
    if as_json:
        line, plain = map(json.loads, said.splitlines())
        assert plain.keys() == {"time", "event", "kind", "module", "line"}
        assert (line["module"], line["error"]) == ("app.tests", "FileNotFoundError")
        assert line["kind"] == "error"
        assert line["at"][0].startswith("tests/app/core/server/test_events.py:")


@pytest.fixture(autouse=True)
def _unused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that nobody has used yet."""
    monkeypatch.setattr(events, "_counters", Counters())
    monkeypatch.setattr(metrics, "CLEANUP", Cleanup())
    monkeypatch.setattr(metrics, "resident_bytes", lambda: None)
    monkeypatch.setenv("FER_MAX_STREAMS", "4")


def figures(*names: str) -> list[str]:
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


def test_counts_have_labels_and_what_is_not_known_is_left_out() -> None:
    about, ready, uptime, *places = figures()
    assert f'version="{fer.__version__}"' in about
    assert uptime.startswith("fer_lens_uptime_seconds ")
    known = ["fer_lens_model_ready 1", "fer_lens_streams 0", "fer_lens_stream_places 4"]
    assert [ready, *places] == known
    counters().add("analysis", "device")
    counters().add("stream_refused", "full")
    counters().add(LOGGED, "error app.core.photo")
    assert figures(*COUNTERS) == [
        'fer_lens_analyses_total{where="device"} 1',
        'fer_lens_events_total{event="stream_refused",kind="refusal",reason="full"} 1',
        'fer_lens_logged_total{level="error",module="app.core.photo"} 1',
    ]


def test_the_model_has_its_files_hash(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (about,) = figures("fer_lens_info")
    sha256 = file_sha256(SHIPPED_MODEL / "model.tflite")
    assert f'model="{SHIPPED_MODEL.name}",sha256="{sha256}"' in about
    monkeypatch.setenv("FER_MODEL", str(tmp_path / "gone"))
    (about,) = figures("fer_lens_info")
    assert 'model="gone",sha256=""' in about
    assert figures("fer_lens_model_ready") == ["fer_lens_model_ready 0"]
    values = {row["What"]: row["Value"] for row in model_rows()}
    assert (values["Model"], values["SHA-256 of its file"]) == ("gone: cannot answer", "–")


def test_streams_are_those_of_the_live_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "GAUGES", GAUGES.copy())
    monkeypatch.setattr(state, "GAUGES", metrics.GAUGES)
    state._limit.clear()
    assert state._limit().hold(state)
    assert figures("fer_lens_streams") == ["fer_lens_streams 1"]
    state._limit.clear()


def test_every_figure_is_documented() -> None:
    text = (ROOT / "docs" / "hosting.md").read_text(encoding="utf-8")
    assert [name for name in (*GAUGES, *COUNTERS) if f"`{name}" not in text] == []
