"""What a server does at the moment."""

from pathlib import Path

import pytest

import fer
from app.housekeeping.janitor import Janitor
from app.operation.counters import Counters
from app.operation.figures import ANALYSIS, figures
from app.operation.log import LOGGED
from app.operation.parts import Parts
from fer.records import file_sha256
from tests.app.operation.samples import OwnRelay, Streams, empty_figures
from tests.app.samples import Clock
from tests.samples import SHIPPED_MODEL


def test_of_a_server_that_nobody_has_used_all_is_nought_or_unknown() -> None:
    now = empty_figures()
    assert (now.tabs, now.streams, now.places, now.analyses, now.photos) == (0, 0, 4, 0.0, 0)
    assert now.memory is now.janitor_seconds is now.relay_succeeded_at is now.drain_seconds is None
    assert now.faults == now.refusals == ()
    assert now.relay == ""
    assert now.version == fer.__version__


def test_the_model_is_named_with_the_hash_of_its_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    now = empty_figures()
    assert (now.model, now.model_sha256) == (
        SHIPPED_MODEL.name,
        file_sha256(SHIPPED_MODEL / "model.tflite"),
    )
    monkeypatch.setenv("FER_MODEL", str(tmp_path / "gone"))
    assert (empty_figures().model, empty_figures().model_sha256) == ("gone", "")


def test_what_has_happened_is_sorted_by_what_it_means() -> None:
    clock = Clock()
    counts = Counters(clock)
    for name, kind in [
        ("photo_answered", ""),
        ("photo_refused", ""),
        ("turn_failed", "twilio"),
        ("stream_refused", "full"),
        ("stream_refused", "full"),
        (LOGGED, "error app.core.photo"),
    ]:
        counts.add(name, kind)
        clock.seconds += 1
    for _ in range(20):
        counts.add(ANALYSIS, "server")
    clock.seconds += 1
    parts = Parts(Streams(), OwnRelay())
    now = figures(7, 4, counts=counts, parts=parts, janitor=Janitor(), memory=lambda: 5)
    assert [(one.name, one.kind, one.number) for one in now.refusals] == [
        ("stream_refused", "full", 2),
        ("photo_refused", "", 1),
    ]
    assert [(one.name, one.seconds_ago) for one in now.faults] == [
        (LOGGED, 2.0),
        ("turn_failed", 5.0),
    ]
    assert (now.photos, now.analyses, now.streams, now.tabs) == (1, 2.0, 3, 7)
    assert (now.relay, now.memory, now.seconds) == ("own", 5, 7.0)
