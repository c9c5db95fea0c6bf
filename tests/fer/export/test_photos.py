import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest

from fer.export.table import (
    ExportInfo,
    PhotoResult,
    distinct_names,
    face_cells,
    face_columns,
    face_records,
    photo_record,
    to_csv,
    to_json,
)
from fer.model.spec import ModelSpec
from fer.types import Faces
from tests.samples import make_detections

LABELS = ("happy", "sad")

INFO = ExportInfo(
    datetime(2026, 11, 22, 9, 30, 5, 700_000, timezone(timedelta(hours=1))),
    "compact",
    "ab" * 32,
    "tiles-1 (nets 2.0)",
    {"expression": LABELS, "ferplus": ("sad", "contempt")},
)
LAST = {"time": "2026-11-22T09:30:05+01:00", "model": "compact", "detector": "tiles-1 (nets 2.0)"}
BROKEN = PhotoResult("a.txt", error="is empty.")


def faces(*shares: tuple[float, float], flawed: bool = False) -> Faces:
    found = make_detections(*[(10 * i + 1.04, 1, 10 * i + 8, 9) for i in range(len(shares))])
    flaws = np.tile(np.array([flawed, False, flawed, False]), (len(shares), 1))
    given = np.array(shares, np.float32).reshape(-1, 2)
    return Faces.of(found, given, LABELS, flaws=flaws, thresholds=(0.6, 0.85))


def photo(name: str, *shares: tuple[float, float], **about: bool) -> PhotoResult:
    return PhotoResult(name, 60, 40, faces(*shares, **about))


def table(*results: PhotoResult, info: ExportInfo = INFO) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(to_csv(results, info))))


def test_a_face_is_a_record_and_the_cells_of_a_row() -> None:
    [record] = face_records(replace(faces((0.2, 0.8), flawed=True), head="ferplus"))
    assert record == {
        "box": [1.0, 1.0, 8.0, 9.0], "detection_score": 0.9, "head": "ferplus",
        "answer": "uncertain", "uncertain": True, "quality": ["small", "dark"],
        "expression": "sad", "confidence": 0.8, "probabilities": {"happy": 0.2, "sad": 0.8},
    }  # fmt: skip
    labels = ("sad", "contempt", "happy")
    assert dict(zip(face_columns(labels), face_cells(record, labels), strict=True)) == {
        "left": 1.0, "top": 1.0, "right": 8.0, "bottom": 9.0, "detection_score": 0.9,
        "head": "ferplus", "answer": "uncertain", "uncertain": "true", "quality": "small;dark",
        "expression": "sad", "confidence": 0.8, "sad": 0.8, "contempt": "", "happy": 0.2,
    }  # fmt: skip


def test_what_is_most_probable_is_decided_before_rounding() -> None:
    [record] = face_records(faces((0.49999, 0.50001)))
    assert (record["expression"], record["confidence"]) == ("sad", 0.5)
    assert record["probabilities"] == {"happy": 0.5, "sad": 0.5}


@pytest.mark.parametrize("shares", [[], [(0.1, 0.9), (0.45, 0.55)]])
def test_a_photograph_has_a_row_per_face_and_one_without(shares: list) -> None:
    result = photo("two, ä.jpg", *shares)
    expected = [{"face": i, **face} for i, face in enumerate(face_records(result.faces), 1)]
    record = {"file": "two, ä.jpg", "width": 60, "height": 40, "head": "expression"}
    assert photo_record(result) == {**record, "faces": expected}
    rows = table(BROKEN, result)
    assert rows[0] == dict.fromkeys(rows[0], "") | {"file": "a.txt", "error": "is empty."} | LAST
    assert [(row["face"], row["answer"], row["sad"]) for row in rows[1:]] == (
        [("1", "sad", "0.9"), ("2", "uncertain", "0.55")] if shares else [("", "", "")]
    )
    size = {"file": "two, ä.jpg", "width": "60", "height": "40", "error": ""} | LAST
    assert all(size.items() <= row.items() for row in rows[1:])


def test_json_of_many_photos_says_what_it_is_of() -> None:
    assert json.loads(to_json([], INFO))["photos"] == []
    assert table() == []
    assert json.loads(to_json([photo("ä.jpg", (0.2, 0.8)), BROKEN], INFO)) == {
        "time": "2026-11-22T09:30:05+01:00",
        "model": {"name": "compact", "sha256": "ab" * 32},
        "detector": "tiles-1 (nets 2.0)",
        "labels": ["happy", "sad", "contempt"],
        "heads": {"expression": ["happy", "sad"], "ferplus": ["sad", "contempt"]},
        "photos": [
            photo_record(photo("ä.jpg", (0.2, 0.8))),
            {"file": "a.txt", "error": "is empty."},
        ],
    }


def test_columns_do_not_depend_on_the_head() -> None:
    one = replace(faces((0.2, 0.8)), labels=("sad", "contempt"), head="ferplus")
    header, row = to_csv([PhotoResult("a.jpg", 6, 4, one)], INFO).splitlines()
    assert header == to_csv([], INFO).strip()
    assert header.endswith("confidence,happy,sad,contempt,error,time,model,detector")
    assert row.endswith(f",contempt,0.8,,0.2,0.8,,{','.join(LAST.values())}")


@pytest.mark.parametrize(
    ("names", "distinct"),
    [
        ([], []),
        (["a.jpg", "b.jpg"], ["a.jpg", "b.jpg"]),
        (["a.jpg", "a.jpg", "a.jpg"], ["a.jpg", "a (2).jpg", "a (3).jpg"]),
        (["", "", "a.JPG", "A.jpg"], ["", " (2)", "a.JPG", "A (2).jpg"]),
        (["a.jpg", "a.jpg", "a (2).jpg"], ["a.jpg", "a (3).jpg", "a (2).jpg"]),
        (["scan", "scan", "x/a.tar.gz", "x/a.tar.gz"],
         ["scan", "scan (2)", "x/a.tar.gz", "x/a.tar (2).gz"]),
    ],
)  # fmt: skip
def test_photos_of_one_name_are_told_apart(names: list[str], distinct: list[str]) -> None:
    assert distinct_names(names) == distinct
    results = [photo(name) for name in names]
    assert [row["file"] for row in table(*results)] == distinct
    assert [one["file"] for one in json.loads(to_json(results, INFO))["photos"]] == distinct


@pytest.mark.parametrize("name", ["=1+1.jpg", "@SUM(A1).jpg", "\ta.jpg", "\uff1d1+1.jpg"])
def test_no_name_is_a_formula(name: str) -> None:
    broken = PhotoResult(name, error="=1+1")
    first, second = table(photo(name, (0, 1)), broken, info=replace(INFO, model=name))
    assert (first["file"], first["model"]) == (f"'{name}", f"'{name}")
    assert second["error"] == "'=1+1"


def test_what_is_said_of_a_model_is_from_its_spec(spec: ModelSpec) -> None:
    info = ExportInfo.of(spec, "tiles-1", datetime(2026, 11, 22, 23, 59, 59, tzinfo=UTC))
    assert (info.model, info.sha256, info.heads) == (
        spec.name, spec.sha256, {"expression": spec.labels},
    )  # fmt: skip
    assert info.iso_time_after(0.0) == "2026-11-22T23:59:59.000+00:00"
    assert info.iso_time_after(1.2346) == "2026-11-23T00:00:00.235+00:00", "to the nearest"
    with pytest.raises(ValueError, match="its zone"):
        replace(info, time=datetime(2026, 11, 22))
