"""What browsers tell: observations of a device, its state, and labels of faces."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import numpy as np

from app.live.device.protocol import DeviceFeed, Report
from app.live.streaming.stream_limit import StreamLimit
from app.own_data.labelling import carry_out
from app.own_data.own_set import OwnSet
from fer.export.sessions import WRITERS, file_bytes
from fer.export.stream import StreamResult
from fer.ondevice.wire import HEADER, face_type
from tests.app.live.device.samples import Browser, no_detector, seen
from tests.app.live.samples import session_of
from tests.app.samples import Clock
from tests.fuzz.mutations import NASTY_NUMBERS, Rng, changed, changed_value, one
from tests.fuzz.runner import Target
from tests.samples import fake_spec, make_detections

_SPEC = fake_spec()

Messages = list[dict[str, Any]]

_TOLD: list[Any] = [
    {"phase": "running", "code": "camera", "detail": "x"},
    [[1, "label", 0, 1, True], [2, "undo"], [3, "go", 1], [4, "label", 1, 0, False]],
]


def seeds(folder: Path) -> list[Messages]:
    """Return the messages of runs: nobody, one face, two faces."""
    runs = []
    for boxes in ((), ((40, 40, 140, 140),), ((40, 40, 140, 140), (400, 60, 500, 160))):
        clock = Clock()
        browser, messages = Browser(clock), list[dict[str, Any]]()
        for number in range(1, 13):
            clock.seconds += 0.1
            browser.look(seen(make_detections(*boxes)), number=number)
            if number % 4 == 0:
                messages.append(browser.message())
        runs.append(messages)
    return runs


def change(rng: Rng, runs: list[Messages]) -> tuple[Messages, Any]:
    """Change the bytes of observations, or the messages around them; and what else is told."""
    messages = [*one(rng, runs)]
    for _ in range(1 + int(rng.integers(3))):
        at = int(rng.integers(len(messages)))
        match messages[at]:
            case {"batches": [{"observations": str(text)} as batch, *others]} if rng.random() < 0.6:
                data = base64.b64decode(text + "==")
                data = changed(rng, data) if rng.random() < 0.5 else _with_numbers(rng, data)
                batch = batch | {"observations": base64.b64encode(data).decode()}
                messages[at] = messages[at] | {"batches": [batch, *others]}
            case message:
                messages[at] = changed_value(rng, message)
    return messages, changed_value(rng, one(rng, _TOLD))


def _with_numbers(rng: Rng, data: bytes) -> bytes:
    """Put odd numbers into the fields of an observation and its first face."""
    out = bytearray(data)
    kinds = [(HEADER, 0), (face_type(3), HEADER.itemsize)]
    for _ in range(1 + int(rng.integers(3))):
        kind, start = one(rng, kinds)
        fields: Any = kind.fields
        inner, offset, *_ = fields[one(rng, [*fields])]
        with np.errstate(all="ignore"):
            number = np.float64(one(rng, NASTY_NUMBERS))
            integer = inner.base.kind in "ui"
            value = np.int64(0 if not np.isfinite(number) or abs(number) > 2**62 else number)
            packed = np.array(value if integer else number).astype(inner.base).tobytes()
        if start + offset + len(packed) <= len(out):
            out[start + offset : start + offset + len(packed)] = packed
    return bytes(out)


def run(case: tuple[Messages, Any], folder: Path) -> None:
    messages, told = case
    clock = Clock()
    session = session_of(_SPEC, StreamLimit(0, clock), clock, no_detector)
    feed = DeviceFeed(session)
    for message in messages:
        clock.seconds += 0.5
        reply = feed.take(message)
        assert set(reply.data()) == set(reply.__dict__)
        feed.hear(message)
    rows = session.record.rows()
    assert np.isfinite(rows.seconds).all()
    assert (np.diff(rows.seconds) >= 0).all()
    result = StreamResult(rows, session.record.info)
    for ending in WRITERS:
        file_bytes(result, ending)
    Report.of(told)
    own = OwnSet(_SPEC.labels)
    assert carry_out(own, told, 0) >= 0


BROWSERS = Target("browsers", seeds, change, run, memory=512 * 2**20)
