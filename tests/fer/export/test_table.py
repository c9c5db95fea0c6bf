from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from fer.export.table import ExportInfo, face_columns, face_rows
from fer.model.spec import ModelSpec
from fer.types import Faces
from tests.samples import make_detections

LABELS = ("happy", "sad", "neutral")


def face(*shares: float) -> Faces:
    found = make_detections((1.04, 2, 41, 42))
    shown = Faces.of(found, np.array([shares], np.float32), LABELS, thresholds=(0.5, 0.9))
    return replace(shown, head="ferplus")


def test_no_face_has_no_row() -> None:
    assert face_rows(Faces.empty(LABELS)) == []


def test_cells_stand_under_their_columns() -> None:
    (row,) = face_rows(face(0.1, 0.2, 0.7))
    cells = dict(zip(face_columns(LABELS), row.cells(LABELS), strict=True))
    assert cells == {
        "left": 1.0, "top": 2.0, "right": 41.0, "bottom": 42.0, "detection_score": 0.9,
        "head": "ferplus",
        "answer": "neutral", "uncertain": "false", "quality": "", "expression": "neutral",
        "confidence": 0.7, "happy": 0.1, "sad": 0.2, "neutral": 0.7,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("labels", "cells"),
    [((), []), (("neutral", "happy"), [0.7, 0.1]), (("calm", "sad"), ["", 0.2])],
    ids=["none", "another order", "another head's"],
)
def test_probabilities_stand_under_the_labels_that_a_table_has(
    labels: tuple[str, ...], cells: list
) -> None:
    (row,) = face_rows(face(0.1, 0.2, 0.7))
    assert row.cells(labels)[len(face_columns(())) :] == cells


def test_what_is_most_probable_is_decided_before_rounding() -> None:
    (row,) = face_rows(face(0.40001, 0.40003, 0.19996))
    assert (row.expression, row.confidence) == ("sad", 0.4)
    assert row.probabilities["happy"] == row.probabilities["sad"]


def test_a_record_and_cells_say_the_same() -> None:
    (row,) = face_rows(replace(face(0.4, 0.35, 0.25), flaws=np.array([[1, 0, 1, 0]], np.bool_)))
    record = row.record()
    assert (record["answer"], record["uncertain"], record["expression"]) == (
        "uncertain",
        True,
        "happy",
    )
    assert record["quality"] == ["small", "dark"]
    cells = dict(zip(face_columns(LABELS), row.cells(LABELS), strict=True))
    assert (cells["answer"], cells["quality"]) == ("uncertain", "small;dark")
    assert [cells[n] for n in ("left", "top", "right", "bottom")] == record["box"]
    assert {label: cells[label] for label in LABELS} == record["probabilities"]


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
