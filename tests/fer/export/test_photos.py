import csv
import io
import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import numpy as np
import pytest

from fer.export.photos import (
    PhotoResult,
    distinct_names,
    photo_record,
    to_csv,
    to_json,
)
from fer.export.table import ExportInfo
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
BROKEN = PhotoResult("a.txt", error="is empty.")


def faces(n: int) -> Faces:
    found = make_detections(*[(10 * i, 1, 10 * i + 8, 9) for i in range(n)])
    return Faces.of(found, np.tile(np.array([0.2, 0.8], np.float32), (n, 1)), LABELS)


def doubtful() -> Faces:
    """Return a face that is answered, one that is not, and one that is small and dark."""
    found = make_detections((0, 0, 8, 8), (20, 0, 28, 8), (40, 0, 48, 8))
    shares = np.array([[0.1, 0.9], [0.45, 0.55], [0.2, 0.8]], np.float32)
    flaws = np.array([[0, 0, 0, 0], [0, 0, 0, 0], [1, 0, 1, 0]], np.bool_)
    return Faces.of(found, shares, LABELS, flaws=flaws, thresholds=(0.6, 0.85))


def photo(name: str, n: int) -> PhotoResult:
    return PhotoResult(name, 60, 40, faces(n))


@pytest.mark.parametrize("n", [0, 2])
def test_a_photo_record_has_size_and_faces(n: int) -> None:
    record = json.loads(json.dumps(photo_record(photo("a.jpg", n))))
    assert (record["file"], record["width"], record["height"]) == ("a.jpg", 60, 40)
    assert [face["face"] for face in record["faces"]] == list(range(1, n + 1))
    for face in record["faces"]:
        assert face["expression"] == "sad"
        assert face["confidence"] == face["probabilities"]["sad"] == pytest.approx(0.8)
        assert len(face["box"]) == 4


def test_json_of_many_photos_says_what_it_is_of() -> None:
    assert json.loads(to_json([], INFO))["photos"] == []
    record = json.loads(to_json([photo("ä.jpg", 1)], INFO))
    assert [p["file"] for p in record["photos"]] == ["ä.jpg"]
    assert record["time"] == "2026-11-22T09:30:05+01:00"
    assert record["model"] == {"name": "compact", "sha256": "ab" * 32}
    assert record["detector"] == "tiles-1 (nets 2.0)"
    assert record["labels"] == ["happy", "sad", "contempt"]
    assert record["heads"] == {"expression": ["happy", "sad"], "ferplus": ["sad", "contempt"]}


def table(*results: PhotoResult) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(to_csv(results, INFO))))


def test_csv_has_a_row_per_face_and_one_for_a_photo_without() -> None:
    assert table() == []
    rows = table(photo("none.jpg", 0), photo("two, three.jpg", 2), BROKEN)
    assert [r["file"] for r in rows] == ["none.jpg", "two, three.jpg", "two, three.jpg", "a.txt"]
    assert [(r["face"], r["expression"], r["sad"], r["width"], r["error"]) for r in rows] == [
        ("", "", "", "60", ""),
        ("1", "sad", "0.8", "60", ""),
        ("2", "sad", "0.8", "60", ""),
        ("", "", "", "", "is empty."),
    ]
    assert {(r["time"], r["model"], r["detector"]) for r in rows} == {
        ("2026-11-22T09:30:05+01:00", "compact", "tiles-1 (nets 2.0)")
    }


def test_columns_do_not_depend_on_the_head() -> None:
    one = replace(faces(1), labels=("sad", "contempt"), head="ferplus")
    header, row = to_csv([PhotoResult("a.jpg", 6, 4, one)], INFO).splitlines()
    assert header == to_csv([], INFO).strip()
    assert header.endswith("confidence,happy,sad,contempt,error,time,model,detector")
    assert row.endswith(
        ",contempt,0.8,,0.2,0.8,,2026-11-22T09:30:05+01:00,compact,tiles-1 (nets 2.0)"
    )


@pytest.mark.parametrize(
    ("names", "distinct"),
    [
        ([], []),
        (["a.jpg", "b.jpg"], ["a.jpg", "b.jpg"]),
        (["a.jpg", "a.jpg", "a.jpg"], ["a.jpg", "a (2).jpg", "a (3).jpg"]),
        (["", "", "a.JPG", "A.jpg"], ["", " (2)", "a.JPG", "A (2).jpg"]),
        (["a.jpg", "a.jpg", "a (2).jpg"], ["a.jpg", "a (3).jpg", "a (2).jpg"]),
        (["a (2).jpg", "a.jpg", "a.jpg"], ["a (2).jpg", "a.jpg", "a (3).jpg"]),
        (["scan", "scan", "x/a.tar.gz", "x/a.tar.gz"],
         ["scan", "scan (2)", "x/a.tar.gz", "x/a.tar (2).gz"]),
    ],
)  # fmt: skip
def test_photos_of_one_name_are_told_apart(names: list[str], distinct: list[str]) -> None:
    assert distinct_names(names) == distinct
    results = [photo(name, 1) for name in names]
    assert [r["file"] for r in table(*results)] == distinct
    assert [p["file"] for p in json.loads(to_json(results, INFO))["photos"]] == distinct


def test_an_uncertain_answer_and_its_reasons_stand_in_every_export() -> None:
    result = PhotoResult("a.jpg", 60, 40, replace(doubtful(), head="ferplus"))
    record = json.loads(to_json([result], INFO))["photos"][0]
    said = [(f["answer"], f["uncertain"], f["quality"], f["expression"]) for f in record["faces"]]
    assert record["head"] == "ferplus"
    assert said == [
        ("sad", False, [], "sad"),
        ("uncertain", True, [], "sad"),
        ("uncertain", True, ["small", "dark"], "sad"),
    ]
    rows = table(result)
    assert [(r["head"], r["answer"], r["uncertain"], r["quality"]) for r in rows] == [
        ("ferplus", "sad", "false", ""),
        ("ferplus", "uncertain", "true", ""),
        ("ferplus", "uncertain", "true", "small;dark"),
    ]


def test_a_photo_without_a_face_has_no_answer_in_its_row() -> None:
    (row,) = table(photo("none.jpg", 0))
    assert {row[name] for name in ("face", "answer", "uncertain", "quality", "sad")} == {""}


def test_an_unreadable_photo_is_its_error() -> None:
    assert photo_record(BROKEN) == {
        "file": "a.txt",
        "error": "is empty.",
    }


@pytest.mark.parametrize(
    "name",
    ["=1+1.jpg", "+1.jpg", "-1.jpg", "@SUM(A1).jpg", "\ta.jpg", "\uff1d1+1.jpg", "\uff20A1"],
)
def test_no_name_is_a_formula(name: str) -> None:
    table = to_csv([photo(name, 1), PhotoResult(name, error="=1+1")], replace(INFO, model=name))
    first, second = csv.DictReader(io.StringIO(table))
    assert (first["file"], first["model"]) == (f"'{name}", f"'{name}")
    assert second["error"] == "'=1+1"
    assert json.loads(to_json([photo(name, 1)], INFO))["photos"][0]["file"] == name
