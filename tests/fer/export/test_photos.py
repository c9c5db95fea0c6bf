import csv
import io
import json
from dataclasses import replace

import numpy as np
import pytest

from fer.export.photos import PhotoResult, photo_record, to_csv, to_json
from fer.types import Faces
from tests.samples import make_detections

LABELS = ("happy", "sad")


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
    assert len(record["faces"]) == n
    for face in record["faces"]:
        assert face["expression"] == "sad"
        assert face["confidence"] == face["probabilities"]["sad"] == pytest.approx(0.8)
        assert len(face["box"]) == 4


def test_json_of_many_photos_is_an_array() -> None:
    assert json.loads(to_json([])) == []
    assert [r["file"] for r in json.loads(to_json([photo("ä.jpg", 1)]))] == ["ä.jpg"]


def test_csv_has_a_row_per_face_and_one_for_a_photo_without() -> None:
    text = to_csv([photo("none.jpg", 0), photo("two, three.jpg", 2)], LABELS)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [r["file"] for r in rows] == ["none.jpg", "two, three.jpg", "two, three.jpg"]
    assert (rows[0]["expression"], rows[0]["sad"]) == ("", "")
    assert [(r["face"], r["expression"], r["sad"]) for r in rows[1:]] == [
        ("1", "sad", "0.8"),
        ("2", "sad", "0.8"),
    ]


def test_an_uncertain_answer_and_its_reasons_stand_in_every_export() -> None:
    result = PhotoResult("a.jpg", 60, 40, replace(doubtful(), head="ferplus"))
    record = json.loads(to_json([result]))[0]
    said = [(f["answer"], f["uncertain"], f["quality"], f["expression"]) for f in record["faces"]]
    assert record["head"] == "ferplus"
    assert said == [
        ("sad", False, [], "sad"),
        ("uncertain", True, [], "sad"),
        ("uncertain", True, ["small", "dark"], "sad"),
    ]
    rows = list(csv.DictReader(io.StringIO(to_csv([result], LABELS))))
    assert [(r["head"], r["answer"], r["uncertain"], r["quality"]) for r in rows] == [
        ("ferplus", "sad", "false", ""),
        ("ferplus", "uncertain", "true", ""),
        ("ferplus", "uncertain", "true", "small;dark"),
    ]


def test_a_photo_without_a_face_has_no_answer_in_its_row() -> None:
    (row,) = csv.DictReader(io.StringIO(to_csv([photo("none.jpg", 0)], LABELS)))
    assert {row[name] for name in ("face", "answer", "uncertain", "quality", "sad")} == {""}


def test_an_unreadable_photo_is_its_error() -> None:
    assert photo_record(PhotoResult("a.txt", error="is empty.")) == {
        "file": "a.txt",
        "error": "is empty.",
    }
