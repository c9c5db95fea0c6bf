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
from fer.export.table import ExportInfo, face_records
from fer.types import Faces
from tests.fer.export.samples import INFO as STEADY
from tests.fer.export.samples import steady
from tests.samples import make_detections

LABELS = ("happy", "sad")
SIZE = (640, 480)
FIRST = HeadLabels("expression", LABELS)
SECOND = HeadLabels("ferplus", ("sad", "calm", "happy"))
BOTH = (FIRST, SECOND)

INFO = ExportInfo(
    datetime(2026, 3, 1, 23, 59, 59, tzinfo=timezone(timedelta(hours=1))),
    "compact",
    "ab" * 32,
    "stream-1 (nets 2.0)",
    {head.name: head.labels for head in BOTH},
)


def faces(seconds: float, *tracks: int) -> Faces:
    """Return faces side by side, all sad by 0.8, of which the second is small and so uncertain."""
    found = make_detections(*[(50 * i, 1.26, 50 * i + 40, 41) for i in range(len(tracks))])
    shares = np.tile(np.array([0.2, 0.8], np.float32), (len(tracks), 1))
    flaws = np.arange(len(tracks))[:, None] == np.array([1, -1, -1, 1])
    shown = Faces.of(found, shares, LABELS, flaws=flaws, thresholds=(0.5, 0.9))
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
    stream.array["flaws"][0], stream.array["smoothing_ms"] = (True, False, False, True), 600
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
