"""What the app's loggers say is counted, and as JSON says where, never what."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.operation.events import counters
from app.operation.log import FAILED_PAGES, LOGGED, PACKAGES, CodeOnly, LogCounter, count_logs

SECRET = "holiday of maria.jpg"


@pytest.fixture
def loggers() -> Iterator[None]:
    names = (*PACKAGES, FAILED_PAGES)
    before = {name: [*logging.getLogger(name).handlers] for name in names}
    yield
    for name, handlers in before.items():
        logging.getLogger(name).handlers = handlers


def test_warnings_and_errors_are_counted_by_module_once(loggers: None) -> None:
    count_logs()
    count_logs()
    assert sum(isinstance(h, LogCounter) for h in logging.getLogger("app").handlers) == 1
    before = counters().totals()
    logging.getLogger("app.tests").info("nothing")
    logging.getLogger("app.tests").warning("something")
    logging.getLogger("fer.tests").error("more")
    after = counters().totals()
    new = {key: n - before.get(key, 0) for key, n in after.items() if n != before.get(key, 0)}
    assert new == {(LOGGED, "warning app.tests"): 1, (LOGGED, "error fer.tests"): 1}


def test_a_page_that_fails_is_counted_and_printed_once(
    loggers: None, capsys: pytest.CaptureFixture[str]
) -> None:
    count_logs()
    before = counters().totals().get((LOGGED, f"error {FAILED_PAGES}"), 0)
    page = AppTest.from_string("raise RuntimeError('a fault that nobody thought of')").run()
    assert page.exception
    assert counters().totals()[LOGGED, f"error {FAILED_PAGES}"] == before + 1
    assert "ERROR streamlit" not in capsys.readouterr().err


@pytest.mark.parametrize("as_json", [False, True])
def test_as_json_it_says_where_and_nothing_of_a_visitor(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    monkeypatch.setenv("FER_LOG", "json" if as_json else "")
    logger = logging.Logger("app.tests")
    logger.addHandler(LogCounter())
    try:
        Path(f"/nowhere/{SECRET}").read_text()
    except OSError:
        logger.exception("%s could not be read", SECRET)
    said = capsys.readouterr().err
    assert (SECRET in said) != as_json
    if as_json:
        line = json.loads(said)
        assert (line["module"], line["error"]) == ("app.tests", "FileNotFoundError")
        assert line["kind"] == "error"
        assert line["at"][0].startswith("tests/app/operation/test_log.py:")


def test_a_record_without_an_error_has_no_places() -> None:
    record = logging.LogRecord("app.x", logging.WARNING, "x.py", 7, SECRET, (), None)
    line = json.loads(CodeOnly().format(record))
    assert line.keys() == {"time", "event", "kind", "module", "line"}
    assert line["line"] == 7
