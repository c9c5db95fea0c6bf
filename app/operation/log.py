"""What the app's own loggers say, counted and, where wanted, as JSON. Does not use Streamlit.

A message may quote what a visitor has sent. So a line of JSON has the module, the type of the error
and the places in the code, never a message.
"""

from __future__ import annotations

import json
import logging
import os
import traceback
from datetime import UTC, datetime
from pathlib import Path

from app.common.settings import LOG
from app.operation.events import JSON, counters

#: The packages whose loggers are looked at.
PACKAGES = ("app", "fer")

#: The logger to which Streamlit tells that a page has failed. It prints by itself.
FAILED_PAGES = "streamlit.error_util"

#: Name under which records are counted; the kind is level and module.
LOGGED = "logged"

_ROOT = Path(__file__).resolve().parents[2]


class CodeOnly(logging.Formatter):
    """Formats a record as a line of JSON that says where in the code it comes from."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        said: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "event": LOGGED,
            "kind": record.levelname.lower(),
            "module": record.name,
            "line": record.lineno,
        }
        kind, error, _ = record.exc_info or (None, None, None)
        if kind and error:
            said["error"] = kind.__name__
            said["at"] = [
                f"{_place(frame.filename)}:{frame.lineno} {frame.name}"
                for frame in traceback.extract_tb(error.__traceback__)
            ]
        return json.dumps(said)


def _place(file: str) -> str:
    path = Path(file)
    return path.relative_to(_ROOT).as_posix() if path.is_relative_to(_ROOT) else path.name


class LogCounter(logging.Handler):
    """Counts warnings and errors by module, and prints them as before, or as JSON.

    Args:
        prints: whether it prints them, too.
    """

    def __init__(self, *, prints: bool = True) -> None:
        super().__init__(logging.WARNING)
        self._prints = prints
        self._printer = logging.StreamHandler()
        as_json = LOG.text(os.environ).lower() == JSON
        readable = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._printer.setFormatter(CodeOnly() if as_json else readable)

    def emit(self, record: logging.LogRecord) -> None:
        """Count a record, and print it."""
        counters().add(LOGGED, f"{record.levelname.lower()} {record.name}")
        if self._prints:
            self._printer.emit(record)


def count_logs() -> None:
    """Have the warnings and errors of `PACKAGES`, and `FAILED_PAGES`, counted from now on."""
    for name in (*PACKAGES, FAILED_PAGES):
        logger = logging.getLogger(name)
        if not any(isinstance(handler, LogCounter) for handler in logger.handlers):
            logger.addHandler(LogCounter(prints=name in PACKAGES))
