"""What an export says about all of its answers."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from fer.export.info import ExportInfo
from fer.model.spec import ModelSpec

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def info(spec: ModelSpec) -> ExportInfo:
    return ExportInfo.of(spec, "tiles-1 (nets 2.0)", NOON)


def test_what_is_said_of_a_model_is_from_its_spec(info: ExportInfo, spec: ModelSpec) -> None:
    assert info.labels == spec.labels
    assert info.record() == {
        "model": {"name": spec.name, "sha256": spec.sha256},
        "detector": "tiles-1 (nets 2.0)",
    }


def test_labels_of_several_heads_stand_once(info: ExportInfo) -> None:
    assert replace(info, heads={}).labels == ()
    heads = {"expression": ("happy", "sad"), "ferplus": ("sad", "contempt")}
    assert replace(info, heads=heads).labels == ("happy", "sad", "contempt")


def test_a_time_without_its_zone_is_refused(info: ExportInfo) -> None:
    with pytest.raises(ValueError, match="its zone"):
        replace(info, time=datetime(2026, 11, 22))


@pytest.mark.parametrize(
    ("seconds", "time"),
    [(0.0, "12:00:00.000"), (1.2346, "12:00:01.235"), (86400.0, "12:00:00.000")],
)
def test_a_moment_is_told_to_the_nearest_millisecond(
    info: ExportInfo, seconds: float, time: str
) -> None:
    assert info.iso_time == "2026-11-22T12:00:00+00:00"
    day = "2026-11-23" if seconds >= 86400 else "2026-11-22"
    assert info.iso_time_after(seconds) == f"{day}T{time}+00:00"
