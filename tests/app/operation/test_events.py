"""Events are counted, and written without anything of a visitor."""

import ast
import errno
import json
import logging
from collections.abc import Iterator

import pytest

from app.operation import events
from app.operation.events import (
    EVENTS,
    LINES_A_MINUTE,
    WORDS,
    counters,
    log_disk_failure,
    log_event,
)
from tests.samples import ROOT


class Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.said: list[dict[str, object]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(json.loads(record.getMessage()))


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lines]:
    monkeypatch.setenv("FER_LOG", "JSON ")
    monkeypatch.setattr(events, "_written", {})
    handler, logger = Lines(), events._logger()
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)


def test_nothing_is_written_unless_it_is_asked_for(
    lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FER_LOG")
    before = counters().total("photo_answered")
    log_event("photo_answered", faces=2)
    assert lines.said == []
    assert counters().total("photo_answered") == before + 1


def test_a_line_has_the_time_the_event_and_its_facts(lines: Lines) -> None:
    log_event("photo_refused", reason="pixels", megapixels=61.23456, animated=False)
    (line,) = lines.said
    assert str(line.pop("time")).endswith("+00:00")
    assert line == {
        "event": "photo_refused",
        "kind": "refusal",
        "reason": "pixels",
        "megapixels": 61.235,
        "animated": False,
    }


@pytest.mark.parametrize("secret", ["", "maria.jpg", "<img src=x>", "Bytes"])
def test_what_a_visitor_may_have_typed_is_not_written(lines: Lines, secret: str) -> None:
    log_event("photo_refused", reason=secret)
    log_event(secret)
    assert [line["event"] for line in lines.said] == ["photo_refused", "other"]
    assert lines.said[0]["reason"] == "other"
    assert not secret or secret not in json.dumps(lines.said)
    assert (secret, "") not in counters().totals()


def test_a_crowd_fills_no_disk_and_is_counted(
    lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events.time, "monotonic", lambda: 600.0)
    before = counters().total("stream_refused")
    for _ in range(LINES_A_MINUTE + 5):
        log_event("stream_refused", reason="full")
    log_event("photo_answered")
    assert len(lines.said) == LINES_A_MINUTE + 1
    assert counters().total("stream_refused") == before + LINES_A_MINUTE + 5
    monkeypatch.setattr(events.time, "monotonic", lambda: 660.0)
    log_event("stream_refused", reason="full")
    assert lines.said[-1]["left_out"] == 5


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (0, "other"),
        (errno.ENOSPC, "disk_full"),
        (errno.EDQUOT, "disk_full"),
        (errno.EROFS, "read_only"),
        (errno.EIO, "other"),
    ],
)
def test_what_a_disk_says_is_a_word_without_its_path(
    lines: Lines, number: int, reason: str
) -> None:
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
