"""Events of the server: counted, and written as lines of JSON. Does not use Streamlit.

Nothing that comes from a visitor is in them: no picture, no file name, nothing typed. Names and
words are those listed here; any other becomes `OTHER`.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from functools import cache

from app.common.settings import LOG
from app.operation.counters import Counters

#: Value of the setting `LOG` that has events written.
JSON = "json"

#: Lines of one event that are written in a minute, so that no crowd fills a disk. All are counted,
#: and the next line says how many were left out.
LINES_A_MINUTE = 60

#: What stands in place of a name or word that is not listed.
OTHER = "other"


class Kind(Enum):
    """What an event is to an operator."""

    NEWS = "news"
    #: A limit held, or something that came was no good: nothing is wrong with the server.
    REFUSAL = "refusal"
    #: Something is wrong with the server, its files or its settings.
    FAULT = "fault"


#: All events.
EVENTS: Mapping[str, Kind] = {
    OTHER: Kind.FAULT,
    "server_started": Kind.NEWS,
    "photo_answered": Kind.NEWS,
    "photo_refused": Kind.REFUSAL,
    "upload_refused": Kind.REFUSAL,
    "session_refused": Kind.REFUSAL,
    "stream_started": Kind.NEWS,
    "stream_ended": Kind.NEWS,
    "stream_refused": Kind.REFUSAL,
    "device_message_refused": Kind.REFUSAL,
    "turn_failed": Kind.FAULT,
    "model_failed": Kind.FAULT,
    "disk_failed": Kind.FAULT,
    "operator_signed_in": Kind.NEWS,
    "operator_refused": Kind.REFUSAL,
    "draining": Kind.NEWS,
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
    | {"photo", "collection", "video", "live", "own_data", "teaching"}
    | {"dashboard", "device", "server"}
    # who relays
    | {"cloudflare", "twilio", "own", "stun", "local"}
    # what failed
    | {"missing", "version", "changed", "read_only", "disk_full", "password", "expired", "timeout"}
    | {"connection", "camera", "janitor", "thread", "internal"}
)

_counters = Counters()
_lock = threading.Lock()
_written: dict[str, tuple[int, int]] = {}


def counters() -> Counters:
    """Return the counts of this process."""
    return _counters


def log_event(name: str, **facts: float | bool | str) -> None:
    """Count an event and, where the operator wants it, write a line of JSON. Never raises.

    Args:
        name: one of `EVENTS`.
        facts: numbers, and words of `WORDS`. `reason` is counted by itself.
    """
    name = name if name in EVENTS else OTHER
    said = {key: _said(value) for key, value in facts.items()}
    _counters.add(name, str(said.get("reason", "")))
    if LOG.text(os.environ).lower() != JSON:
        return
    left_out = _left_out(name, int(time.monotonic() // 60))
    if left_out is None:
        return
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    head = {"time": now, "event": name, "kind": EVENTS[name].value}
    said |= {"left_out": left_out} if left_out else {}
    _logger().info(json.dumps(head | said))


def log_disk_failure(error: OSError, where: str) -> None:
    """Log that something could not be written, or read again.

    Args:
        error: what the system said.
        where: word of `WORDS` for what it was.
    """
    log_event("disk_failed", where=where, reason=_DISK.get(error.errno or 0, OTHER))


def _said(value: object) -> float | bool | str:
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, int):
        return value
    return value if isinstance(value, str) and value in WORDS else OTHER


def _left_out(name: str, minute: int) -> int | None:
    """Return how many lines were left out before this one; None if it is left out too."""
    with _lock:
        last, lines = _written.get(name, (minute, 0))
        if last != minute:
            _written[name] = (minute, 1)
            return max(0, lines - LINES_A_MINUTE)
        _written[name] = (minute, lines + 1)
        return None if lines >= LINES_A_MINUTE else 0


@cache
def _logger() -> logging.Logger:
    """Return the logger of the lines, which stand on stderr as they are."""
    logger = logging.getLogger("fer.events")
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    return logger
