"""Files of photographs and of sessions."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fer.export import sessions
from fer.export.sessions import WRITERS, file_bytes, summary_record
from fer.export.stream import HeadLabels, StreamResult, StreamRows, labels_of, row_type
from fer.export.subtitles import srt, webvtt
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
from tests.fer.export.samples import INFO as STEADY
from tests.fer.export.samples import steady
from tests.samples import make_detections

LABELS = ("happy", "sad")

PHOTO_INFO = ExportInfo(
    datetime(2026, 11, 22, 9, 30, 5, 700_000, timezone(timedelta(hours=1))),
    "compact",
    "ab" * 32,
    "tiles-1 (nets 2.0)",
    {"expression": LABELS, "ferplus": ("sad", "contempt")},
)
LAST = {"time": "2026-11-22T09:30:05+01:00", "model": "compact", "detector": "tiles-1 (nets 2.0)"}
BROKEN = PhotoResult("a.txt", error="is empty.")


def photo_faces(*shares: tuple[float, float], has_issues: bool = False) -> Faces:
    found = make_detections(*[(10 * i + 1.04, 1, 10 * i + 8, 9) for i in range(len(shares))])
    issues = np.tile(np.array([has_issues, False, has_issues, False]), (len(shares), 1))
    given = np.array(shares, np.float32).reshape(-1, 2)
    return Faces.of(found, given, LABELS, issues=issues, thresholds=(0.6, 0.85))


def photo(name: str, *shares: tuple[float, float], **about: bool) -> PhotoResult:
    return PhotoResult(name, 60, 40, photo_faces(*shares, **about))


def photo_table(*results: PhotoResult, info: ExportInfo = PHOTO_INFO) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(to_csv(results, info))))


def test_a_face_is_a_record_and_the_cells_of_a_row() -> None:
    [record] = face_records(replace(photo_faces((0.2, 0.8), has_issues=True), head="ferplus"))
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
    [record] = face_records(photo_faces((0.49999, 0.50001)))
    assert (record["expression"], record["confidence"]) == ("sad", 0.5)
    assert record["probabilities"] == {"happy": 0.5, "sad": 0.5}


@pytest.mark.parametrize("shares", [[], [(0.1, 0.9), (0.45, 0.55)]])
def test_a_photograph_has_a_row_per_face_and_one_without(shares: list) -> None:
    result = photo("two, ä.jpg", *shares)
    expected = [{"face": i, **face} for i, face in enumerate(face_records(result.faces), 1)]
    record = {"file": "two, ä.jpg", "width": 60, "height": 40, "head": "expression"}
    assert photo_record(result) == {**record, "faces": expected}
    rows = photo_table(BROKEN, result)
    assert rows[0] == dict.fromkeys(rows[0], "") | {"file": "a.txt", "error": "is empty."} | LAST
    assert [(row["face"], row["answer"], row["sad"]) for row in rows[1:]] == (
        [("1", "sad", "0.9"), ("2", "uncertain", "0.55")] if shares else [("", "", "")]
    )
    size = {"file": "two, ä.jpg", "width": "60", "height": "40", "error": ""} | LAST
    assert all(size.items() <= row.items() for row in rows[1:])


def test_json_of_many_photos_says_what_it_is_of() -> None:
    assert json.loads(to_json([], PHOTO_INFO))["photos"] == []
    assert photo_table() == []
    assert json.loads(to_json([photo("ä.jpg", (0.2, 0.8)), BROKEN], PHOTO_INFO)) == {
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
    one = replace(photo_faces((0.2, 0.8)), labels=("sad", "contempt"), head="ferplus")
    header, row = to_csv([PhotoResult("a.jpg", 6, 4, one)], PHOTO_INFO).splitlines()
    assert header == to_csv([], PHOTO_INFO).strip()
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
    assert [row["file"] for row in photo_table(*results)] == distinct
    assert [one["file"] for one in json.loads(to_json(results, PHOTO_INFO))["photos"]] == distinct


@pytest.mark.parametrize("name", ["=1+1.jpg", "@SUM(A1).jpg", "\ta.jpg", "\uff1d1+1.jpg"])
def test_no_name_is_a_formula(name: str) -> None:
    broken = PhotoResult(name, error="=1+1")
    first, second = photo_table(photo(name, (0, 1)), broken, info=replace(PHOTO_INFO, model=name))
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


SIZE = (640, 480)
FIRST = HeadLabels("expression", LABELS)
SECOND = HeadLabels("ferplus", ("sad", "calm", "happy"))
BOTH = (FIRST, SECOND)

INFO = replace(
    STEADY,
    time=STEADY.time.replace(tzinfo=timezone(timedelta(hours=1))),
    heads={head.name: head.labels for head in BOTH},
)


def faces(seconds: float, *tracks: int) -> Faces:
    """Return faces side by side, all sad by 0.8, of which the second is small and so uncertain."""
    found = make_detections(*[(50 * i, 1.26, 50 * i + 40, 41) for i in range(len(tracks))])
    shares = np.tile(np.array([0.2, 0.8], np.float32), (len(tracks), 1))
    issues = np.arange(len(tracks))[:, None] == np.array([1, -1, -1, 1])
    shown = Faces.of(found, shares, LABELS, issues=issues, thresholds=(0.5, 0.9))
    return replace(shown, track_id=np.array(tracks, np.int64), seconds=seconds)


def by_second(shown: Faces) -> Faces:
    """Return the faces as the second head sees them: calm by 0.7."""
    shares = np.tile(np.array([0.2, 0.7, 0.1], np.float32), (len(shown), 1))
    return replace(shown, probabilities=shares, labels=SECOND.labels, head=SECOND.name)


def rows(*frames: Faces, **about: Any) -> StreamRows:
    parts = [StreamRows.of(frame, SIZE, BOTH, **about).array for frame in frames]
    return StreamRows(np.concatenate([StreamRows.empty(BOTH).array, *parts]), BOTH)


def joined(*parts: StreamRows) -> StreamRows:
    return StreamRows(np.concatenate([part.array for part in parts]), parts[0].heads)


def table(stream: StreamRows, info: ExportInfo = INFO) -> list[dict[str, str]]:
    text = file_bytes(StreamResult(stream, info), ".csv").decode()
    return list(csv.DictReader(io.StringIO(text)))


def record(stream: StreamRows, info: ExportInfo = INFO) -> dict[str, Any]:
    return json.loads(file_bytes(StreamResult(stream, info), ".json"))


def parquet(stream: StreamRows, info: ExportInfo = INFO) -> pa.Table:
    return pq.read_table(io.BytesIO(file_bytes(StreamResult(stream, info), ".parquet")))


def test_csv_has_a_row_per_face_and_one_for_a_frame_without() -> None:
    stream = rows(faces(1.23456, 7, 2), faces(2.0))
    text = file_bytes(StreamResult(stream, INFO), ".csv").decode()
    names = "seconds,width,height,person,left,top,right,bottom,detection_score,head,answer,"
    last = "time,model,detector,smoothing_seconds,camera_off"
    made_by = "compact,stream-1 (nets 2.0)"
    at = f"2026-03-02T00:00:00.235+01:00,{made_by},0.0,false"
    assert text.splitlines() == [
        f"{names}uncertain,quality,expression,confidence,happy,sad,calm,{last}",
        f"1.235,640,480,7,0.0,1.3,40.0,41.0,0.9,expression,sad,false,,sad,0.8,0.2,0.8,,{at}",
        "1.235,640,480,2,50.0,1.3,90.0,41.0,0.9,expression,uncertain,true,small;turned,sad,0.8,"
        f"0.2,0.8,,{at}",
        "2.0,640,480" + "," * 16 + f"2026-03-02T00:00:01.000+01:00,{made_by},0.0,false",
    ]
    assert table(rows()) == []


def test_json_has_every_frame_with_its_faces() -> None:
    assert record(rows())["frames"] == []
    assert record(rows())["settings"] == []
    shown = faces(0.75, 3, 4)
    first, second = record(rows(faces(0.5), shown))["frames"]
    assert first == {
        "seconds": 0.5,
        "time": "2026-03-01T23:59:59.500+01:00",
        "width": 640,
        "height": 480,
        "faces": [],
        "camera_off": False,
    }
    people = zip((3, 4), face_records(shown), strict=True)
    assert second["faces"] == [{"person": number, **face} for number, face in people]


def test_start_model_and_settings_over_time_are_told() -> None:
    stream = joined(
        rows(faces(0.0), faces(0.1, 1), by_second(faces(0.2, 1, 2)), smoothing_seconds=0.6),
        rows(by_second(faces(9.9)), smoothing_seconds=100.0),
    )
    told = record(stream)
    assert told["started"] == "2026-03-01T23:59:59.000+01:00"
    assert told["model"] == {"name": "compact", "sha256": "ab" * 32}
    assert told["detector"] == "stream-1 (nets 2.0)"
    assert told["labels"] == ["happy", "sad", "calm"]
    assert told["heads"] == {"expression": list(LABELS), "ferplus": list(SECOND.labels)}
    assert told["settings"] == [
        {"seconds": 0.0, "head": "expression", "smoothing_seconds": 0.6},
        {"seconds": 0.2, "head": "ferplus", "smoothing_seconds": 0.6},
        {"seconds": 9.9, "head": "ferplus", "smoothing_seconds": 60.0},
    ]
    names = ("smoothing_seconds", "head", "answer", "happy", "calm")
    assert [tuple(row[name] for name in names) for row in table(stream)] == [
        ("0.6", "", "", "", ""),
        ("0.6", "expression", "sad", "0.2", ""),
        ("0.6", "ferplus", "calm", "0.1", "0.7"),
        ("0.6", "ferplus", "uncertain", "0.1", "0.7"),
        ("60.0", "", "", "", ""),
    ]
    one, other = (frame["faces"][0]["probabilities"] for frame in told["frames"][1:3])
    assert [*one.items()] == [("happy", 0.2), ("sad", 0.8)]
    assert [*other.items()] == [("sad", 0.2), ("calm", 0.7), ("happy", 0.1)]
    calm = pytest.approx(0.7)
    assert parquet(stream)["calm"].to_pylist() == [None, None, calm, calm, None]


def test_a_camera_that_was_off_is_told_apart_from_nobody_in_view() -> None:
    stream = joined(rows(faces(0.0, 1), faces(0.05)), rows(faces(0.1), camera_off=True))
    assert stream.has_face.tolist() == [True, False, False]
    assert [(row["person"], row["camera_off"]) for row in table(stream)] == [
        ("1", "false"), ("", "false"), ("", "true"),
    ]  # fmt: skip
    frames = record(stream)["frames"]
    assert [(len(f["faces"]), f["camera_off"]) for f in frames] == [
        (1, False), (0, False), (0, True),
    ]  # fmt: skip
    assert parquet(stream)["camera_off"].to_pylist() == [False, False, True]


@pytest.mark.parametrize(
    ("frames", "labels"),
    [
        ([], LABELS),
        ([faces(0.0)], LABELS),
        ([by_second(faces(0.0, 1))], SECOND.labels),
        ([by_second(faces(0.0, 1)), faces(0.1)], ("happy", "sad", "calm")),
    ],
    ids=["nothing", "nobody", "the second", "both"],
)
def test_only_labels_of_heads_that_occur_are_told(frames: list, labels: tuple) -> None:
    used = rows(*frames).used()
    assert used.labels == labels_of(used.heads) == labels
    assert used.probabilities.sum(axis=1) == pytest.approx(used.has_face.astype(float))


def test_a_still_photograph_and_foreign_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="still photograph"):
        StreamRows.of(replace(faces(0.0, 1), seconds=None), SIZE)
    with pytest.raises(ValueError, match="expected rows"):
        StreamRows(np.zeros(1, row_type(("happy",))), (FIRST,))


def test_where_the_model_was_changed_each_row_names_its_own() -> None:
    own = HeadLabels("expression", LABELS, "compact", "ab" * 32)
    other = HeadLabels("expression", ("calm", "happy", "sad"), "=mine", "cd" * 32)
    first, second = (StreamRows.of(faces(s, 1), SIZE, (own,)) for s in (0.0, 0.1))
    stream = joined(*(part.with_heads((own, other)) for part in (first, second)))
    stream.array["head"][1] = 1
    info = replace(INFO, others=(("=mine", "cd" * 32),))
    assert [(row["model"], row["head"], row["calm"]) for row in table(stream, info)] == [
        ("compact", "expression", ""), ("'=mine", "expression", "0.0"),
    ]  # fmt: skip
    told = record(stream, info)
    models = [{"name": "compact", "sha256": "ab" * 32}, {"name": "=mine", "sha256": "cd" * 32}]
    assert (told["model"], told["models"]) == (models[0], models)
    assert [*told["heads"]] == ["compact/expression", "=mine/expression"]
    assert [(s["seconds"], s["model"]) for s in told["settings"]] == [
        (0.0, "compact"), (0.1, "=mine"),
    ]  # fmt: skip
    read = parquet(stream, info)
    assert (read["model"].to_pylist(), read["calm"].to_pylist()) == (
        ["compact", "=mine"], [None, 0.0],
    )  # fmt: skip
    assert read.schema.metadata[b"model"] == b"compact, =mine"
    assert read.schema.metadata[b"sha256"].decode() == f"{'ab' * 32}, {'cd' * 32}"
    assert summary_record(StreamResult(stream, info))["models"] == models


@pytest.mark.parametrize("script", ["", ".", "h", "hu.os"], ids=["none", "nobody", "one", "all"])
def test_parquet_says_the_same_as_the_csv(script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "_GROUP_ROWS", 2)  # long ones are written in parts
    stream = steady(script)
    read, told = parquet(stream, STEADY), table(stream, STEADY)
    data = file_bytes(StreamResult(stream, STEADY), ".parquet")
    assert pq.ParquetFile(io.BytesIO(data)).num_row_groups == -(-len(script) // 2)
    header = file_bytes(StreamResult(stream, STEADY), ".csv").decode().splitlines()[0]
    assert read.column_names == header.split(",")
    assert len(told) == read.num_rows
    for line, row in zip(told, read.to_pylist(), strict=True):
        row["quality"] = ";".join(row["quality"] or ())
        row["time"] = row["time"].isoformat(timespec="milliseconds")
        for name, value in row.items():
            match value:
                case None:
                    assert line[name] == ""
                case bool():
                    assert line[name] == str(value).lower()
                case str():
                    assert line[name] == value
                case _:
                    assert float(line[name]) == pytest.approx(value)


def test_parquet_has_types_of_its_own_and_does_not_round() -> None:
    stream = steady("h")
    stream.array["seconds"], stream.array["score"] = 1.23456, 0.123456
    stream.array["issues"][0], stream.array["smoothing_ms"] = (True, False, False, True), 600
    read = parquet(stream, INFO)
    [row] = read.to_pylist()
    assert row["seconds"] == 1.23456
    assert row["detection_score"] == pytest.approx(0.123456, abs=1e-8)
    assert (row["quality"], row["smoothing_seconds"]) == (["small", "turned"], pytest.approx(0.6))
    assert row["time"] == datetime(2026, 3, 1, 23, 0, 0, 235_000, UTC), "in UTC, of any visitor"
    assert read.schema.field("person").type == pa.int32()
    assert read.schema.field("time").type == pa.timestamp("ms", tz="UTC")
    assert read.schema.metadata == {
        b"model": b"compact",
        b"sha256": b"ab" * 32,
        b"detector": b"stream-1 (nets 2.0)",
        b"start": b"2026-03-01T23:59:59.000+01:00",
    }


def test_every_format_has_a_file_and_what_the_caller_has_opened_stays_open() -> None:
    result, out = StreamResult(steady("h" * 10 + "uus"), replace(STEADY, model="für")), io.BytesIO()
    files = {}
    for ending, write in WRITERS.items():
        write(result, out)
        files[ending] = out.getvalue()
        out.seek(0)
        out.truncate()
    assert not out.closed
    assert files[".vtt"].decode() == webvtt(result)
    assert files[".srt"].decode() == srt(result)
    assert json.loads(files["-summary.json"]) == summary_record(result)
    assert files.keys() == {".csv", ".json", ".parquet", ".vtt", ".srt", "-summary.json"}
