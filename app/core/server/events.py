"""Events of the server and warnings of its modules: counted, and logged. Does not use Streamlit.

Nothing that comes from a visitor is in a line of JSON: no picture, no file name, nothing typed. Of
events, names and words are those listed here; any other becomes `OTHER`. Of warnings, whose message
may quote what a visitor has sent, it has the module, the type of the error and the places in the
code, never the message.
"""

from __future__ import annotations

import errno
import json
import logging
import threading
import time
import traceback
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from pathlib import Path
from typing import TextIO

from app.core.settings import LOG

#: Lines of one event that are written in a minute, so that no crowd fills a disk. All are counted,
#: and the next line says how many were left out.
LINES_A_MINUTE = 60

#: What stands in place of a name or word that is not listed.
OTHER = "other"

#: The loggers whose warnings and errors are counted, and the one to which Streamlit tells that a
#: page has failed, which it prints by itself.
LOGGERS = ("app", "fer")
FAILED_PAGES = "streamlit.error_util"

#: Name under which those are counted; the kind is level and module.
LOGGED = "logged"

_ROOT = Path(__file__).resolve().parents[3]
_events = logging.getLogger("app.events")


class Kind(Enum):
    """What an event is to an operator."""

    NEWS = "news"
    #: A limit held, or something that came was no good: nothing is wrong with the server.
    REFUSAL = "refusal"
    #: Something is wrong with the server, its files or its settings.
    FAULT = "fault"


_FAULTS = (OTHER, "turn_failed", "model_failed", "disk_failed")
_REFUSALS = (
    *("photo_refused", "upload_refused", "session_refused", "stream_refused"),
    *("device_message_refused", "operator_refused"),
)
_NEWS = (
    *("server_started", "photo_answered", "stream_started", "stream_ended"),
    *("operator_signed_in", "draining"),
)

#: All events.
EVENTS: Mapping[str, Kind] = {
    name: kind
    for kind, names in ((Kind.FAULT, _FAULTS), (Kind.REFUSAL, _REFUSALS), (Kind.NEWS, _NEWS))
    for name in names
}

#: Words for what a disk has said.
_DISK: Mapping[int, str] = {
    errno.ENOSPC: "disk_full",
    errno.EDQUOT: "disk_full",
    errno.EROFS: "read_only",
    errno.EACCES: "read_only",
    errno.EPERM: "read_only",
    errno.ENOENT: "missing",
}

#: All words that a fact may be; `reason` is counted by itself.
WORDS = frozenset(
    # what was wrong with a file
    {"bytes", "pixels", "small", "format", "damaged", "empty", "number", "rate", "memory"}
    # why a stream or session was refused
    | {"full", "off", "visitor", "draining"}
    # where something was done
    | {"photo", "video", "live", "own_data", "fine_tuning"}
    | {"dashboard", "device", "server"}
    # who relays
    | {"cloudflare", "twilio", "own", "stun", "local"}
    # what failed
    | {"missing", "version", "changed", "read_only", "disk_full", "password", "expired", "timeout"}
    | {"connection", "camera", "thread", "internal"}
)


class Counters:
    """Counts by name and kind since the server started. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._totals: Counter[tuple[str, str]] = Counter()

    def add(self, name: str, kind: str = "") -> None:
        """Count something; name and kind are of fixed sets of words, so that counts are few."""
        with self._lock:
            self._totals[name, kind] += 1

    def total(self, name: str) -> int:
        """Return how often something happened, of whatever kind."""
        return sum(count for (counted, _), count in self.totals().items() if counted == name)

    def totals(self) -> dict[tuple[str, str], int]:
        """Return all counts by name and kind."""
        with self._lock:
            return dict(self._totals)


_counters = Counters()
_lock = threading.Lock()

#: Minute in which a line of an event was written last, and how many there were in it.
_written: dict[str, tuple[int, int]] = {}


def counters() -> Counters:
    """Return the counts of this process."""
    return _counters


def log_event(name: str, **facts: float | bool | str) -> None:
    """Count an event and, where the operator wants it, write a line of JSON. Never raises.

    The name is one of `EVENTS`, the facts are numbers and words of `WORDS`. `reason` is counted by
    itself.
    """
    name = name if name in EVENTS else OTHER
    line = {key: _fact(value) for key, value in facts.items()}
    _counters.add(name, str(line.get("reason", "")))
    if not _as_json():
        return
    left_out = _left_out(name, int(time.monotonic() // 60))
    if left_out is not None:
        line |= {"left_out": left_out} if left_out else {}
        _events.info(name, extra={"facts": line})


def log_disk_failure(error: OSError, where: str) -> None:
    """Log that something could not be written, or read again; `where` is a word of `WORDS`."""
    log_event("disk_failed", where=where, reason=_DISK.get(error.errno or 0, OTHER))


def begin_log() -> None:
    """Have events, warnings and errors of the app counted and logged from now on."""
    _events.setLevel(logging.INFO)
    _events.propagate = False  # another handler would write the names once more
    for name in (_events.name, *LOGGERS, FAILED_PAGES):
        logging.getLogger(name).addHandler(_handler())  # which changes nothing at a second time


@cache
def _handler() -> logging.StreamHandler[TextIO]:
    handler = logging.StreamHandler()
    readable = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    handler.setFormatter(JsonLine() if _as_json() else readable)
    handler.addFilter(_counted)
    return handler


def _counted(record: logging.LogRecord) -> bool:
    """Count a warning or an error, and return whether the record is to be printed."""
    if record.levelno >= logging.WARNING:
        _counters.add(LOGGED, f"{record.levelname.lower()} {record.name}")
    return record.name != FAILED_PAGES


class JsonLine(logging.Formatter):
    """Formats an event with its facts, and another record by where in the code it comes from."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, object] = {"time": time, "event": LOGGED}
        if (facts := getattr(record, "facts", None)) is not None:
            kind = EVENTS[record.msg].value
            return json.dumps(line | {"event": record.msg, "kind": kind} | facts)
        line["kind"] = record.levelname.lower()
        line |= {"module": record.name, "line": record.lineno}
        _, error, _ = record.exc_info or (None, None, None)
        if error:
            line["error"] = type(error).__name__
            line["at"] = [
                f"{path.relative_to(_ROOT).as_posix() if path.is_relative_to(_ROOT) else path.name}"
                f":{frame.lineno} {frame.name}"
                for frame in traceback.extract_tb(error.__traceback__)
                for path in [Path(frame.filename)]
            ]
        return json.dumps(line)


def _as_json() -> bool:
    return LOG.text().lower() == "json"


def _fact(value: float | bool | str) -> float | bool | str:
    if isinstance(value, str):
        return value if value in WORDS else OTHER
    return round(value, 3) if isinstance(value, float) else value


def _left_out(name: str, minute: int) -> int | None:
    """Return how many lines were left out before this one; None if it is left out too."""
    with _lock:
        last, lines = _written.get(name, (minute, 0))
        if last != minute:
            _written[name] = (minute, 1)
            return max(0, lines - LINES_A_MINUTE)
        _written[name] = (minute, lines + 1)
        return None if lines >= LINES_A_MINUTE else 0
