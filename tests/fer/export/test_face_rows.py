"""What is said about a face, the same in every export."""

from dataclasses import replace

import numpy as np
import pytest

from fer.export.face_rows import face_columns, face_rows
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
