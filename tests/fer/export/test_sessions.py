import csv
import io
import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from fer.export.sessions import stream_csv, stream_json, stream_parquet
from fer.export.stream import NO_FACE, HeadLabels, StreamResult, StreamRows, labels_of, row_type
from fer.export.summary import summary_record
from fer.export.table import ExportInfo
from fer.types import Faces
from tests.samples import make_detections

LABELS = ("happy", "sad")
SIZE = (640, 480)
FIRST = HeadLabels("expression", LABELS)
SECOND = HeadLabels("ferplus", ("sad", "calm", "happy"))
BOTH = (FIRST, SECOND)


def faces(seconds: float, *tracks: int) -> Faces:
    """Return faces side by side, all sad by 0.8."""
    found = make_detections(*[(50 * i, 1.26, 50 * i + 40, 41) for i in range(len(tracks))])
    shown = Faces.of(found, np.tile(np.array([0.2, 0.8], np.float32), (len(tracks), 1)), LABELS)
    return replace(shown, track_id=np.array(tracks, np.int64), seconds=seconds)


def rows(*frames: Faces) -> StreamRows:
    parts = [StreamRows.of(frame, SIZE, BOTH).array for frame in frames]
    return StreamRows(np.concatenate([StreamRows.empty(BOTH).array, *parts]), BOTH)


def by_second(shown: Faces) -> Faces:
    """Return the faces as the second head sees them: calm by 0.7."""
    shares = np.tile(np.array([0.2, 0.7, 0.1], np.float32), (len(shown), 1))
    return replace(shown, probabilities=shares, labels=SECOND.labels, head=SECOND.name)


INFO = ExportInfo(
    datetime(2026, 3, 1, 23, 59, 59, tzinfo=timezone(timedelta(hours=1))),
    "compact",
    "ab" * 32,
    "stream-1 (nets 2.0)",
    {head.name: head.labels for head in BOTH},
)


def table(stream: StreamRows) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(stream_csv(stream, INFO))))


def record(stream: StreamRows) -> dict[str, Any]:
    return json.loads(stream_json(stream, INFO))


@pytest.mark.parametrize(
    ("frames", "tracks"),
    [
        ([], []),
        ([faces(0.0)], [""]),
        ([faces(0.0, 1)], ["1"]),
        ([faces(0.0, 2, 1), faces(0.1), faces(0.2, 1)], ["2", "1", "", "1"]),
    ],
)
def test_csv_has_a_row_per_face_and_one_for_a_frame_without(
    frames: list[Faces], tracks: list[str]
) -> None:
    assert [row["person"] for row in table(rows(*frames))] == tracks


def test_csv_has_time_box_and_all_probabilities() -> None:
    text = stream_csv(rows(faces(1.23456, 7), faces(2.0)), INFO)
    names = "seconds,width,height,person,left,top,right,bottom,detection_score,head,answer,"
    last = "time,model,detector,smoothing_seconds,camera_off"
    made_by = "compact,stream-1 (nets 2.0)"
    assert text.splitlines() == [
        f"{names}uncertain,quality,expression,confidence,happy,sad,calm,{last}",
        "1.235,640,480,7,0.0,1.3,40.0,41.0,0.9,expression,sad,false,,sad,0.8,0.2,0.8,,"
        f"2026-03-02T00:00:00.235+01:00,{made_by},0.0,false",
        "2.0,640,480" + "," * 16 + f"2026-03-02T00:00:01.000+01:00,{made_by},0.0,false",
    ]


@pytest.mark.parametrize("frames", [[], [faces(0.0)], [faces(0.0, 1)]])
def test_the_columns_are_those_of_all_heads_whatever_was_used(frames: list[Faces]) -> None:
    first, second = (stream_csv(rows(*map(seen, frames)), INFO) for seen in (replace, by_second))
    assert first.splitlines()[0] == second.splitlines()[0]
    assert record(rows(*map(by_second, frames)))["labels"] == ["happy", "sad", "calm"]


def test_start_model_and_settings_over_time_are_told() -> None:
    shown = [faces(0.0), faces(0.1, 1), by_second(faces(0.2, 1, 2)), by_second(faces(9.9))]
    windows = [0.6, 0.6, 0.6, 100.0]
    parts = [
        StreamRows.of(frame, SIZE, BOTH, smoothing_seconds=window)
        for frame, window in zip(shown, windows, strict=True)
    ]
    stream = StreamRows(np.concatenate([part.array for part in parts]), BOTH)
    told = record(stream)
    assert told["started"] == "2026-03-01T23:59:59.000+01:00"
    assert told["model"] == {"name": "compact", "sha256": "ab" * 32}
    assert told["detector"] == "stream-1 (nets 2.0)"
    assert told["settings"] == [
        {"seconds": 0.0, "head": "expression", "smoothing_seconds": 0.6},
        {"seconds": 0.2, "head": "ferplus", "smoothing_seconds": 0.6},
        {"seconds": 9.9, "head": "ferplus", "smoothing_seconds": 60.0},
    ]
    assert [row["smoothing_seconds"] for row in table(stream)] == ["0.6"] * 4 + ["60.0"]
    assert record(rows())["settings"] == []


def test_uncertain_answers_and_their_reasons_are_kept() -> None:
    doubtful = replace(
        faces(0.5, 1, 2),
        flaws=np.array([[1, 0, 0, 1], [0, 0, 0, 0]], np.bool_),
        thresholds=(0.5, 0.9),
    )
    names = ("answer", "uncertain", "quality", "expression")
    said = [tuple(row[name] for name in names) for row in table(rows(doubtful))]
    assert said == [("uncertain", "true", "small;turned", "sad"), ("sad", "false", "", "sad")]
    first, second = record(rows(doubtful))["frames"][0]["faces"]
    assert (first["answer"], first["uncertain"], first["quality"]) == (
        "uncertain", True, ["small", "turned"]
    )  # fmt: skip
    assert (second["answer"], second["uncertain"], second["quality"]) == ("sad", False, [])


def test_a_camera_that_was_off_is_told_apart_from_nobody_in_view() -> None:
    off = StreamRows.of(faces(0.1), SIZE, BOTH, camera_off=True)
    stream = StreamRows(np.concatenate([rows(faces(0.0, 1), faces(0.05)).array, off.array]), BOTH)
    assert stream.has_face.tolist() == [True, False, False]
    assert [row["camera_off"] for row in table(stream)] == ["false", "false", "true"]
    assert [row["person"] for row in table(stream)] == ["1", "", ""]
    assert [f["camera_off"] for f in record(stream)["frames"]] == [False, False, True]
    assert record(stream)["frames"][2]["faces"] == []


def test_json_has_every_frame_with_its_faces() -> None:
    assert record(rows())["frames"] == []
    told = record(rows(faces(0.5), faces(0.75, 3, 4)))
    assert told["labels"] == ["happy", "sad", "calm"]
    first, second = told["frames"]
    assert first == {
        "seconds": 0.5,
        "time": "2026-03-01T23:59:59.500+01:00",
        "width": 640,
        "height": 480,
        "faces": [],
        "camera_off": False,
    }
    assert [face["person"] for face in second["faces"]] == [3, 4]
    assert second["faces"][0]["probabilities"] == {"happy": 0.2, "sad": 0.8}
    assert second["faces"][0]["box"] == [0.0, 1.3, 40.0, 41.0]


def test_a_change_of_the_head_keeps_what_the_other_one_said() -> None:
    mixed = rows(faces(0.0, 1), by_second(faces(0.1, 1)), by_second(faces(0.2)))
    first, second, nobody = table(mixed)
    assert (first["head"], first["answer"], first["calm"]) == ("expression", "sad", "")
    assert (second["head"], second["answer"], second["calm"]) == ("ferplus", "calm", "0.7")
    assert second["happy"] == "0.1"
    assert nobody["calm"] == ""
    told = record(mixed)
    assert told["heads"] == {"expression": list(LABELS), "ferplus": list(SECOND.labels)}
    one, other = (frame["faces"][0]["probabilities"] for frame in told["frames"][:2])
    assert one == {"happy": 0.2, "sad": 0.8}
    assert other == {"happy": 0.1, "sad": 0.2, "calm": 0.7}
    assert mixed.probabilities[0].tolist() == pytest.approx([0.2, 0.8, 0])


@pytest.mark.parametrize(
    ("frames", "labels"),
    [
        ([], LABELS),
        ([faces(0.0)], LABELS),
        ([faces(0.0, 1)], LABELS),
        ([by_second(faces(0.0, 1))], SECOND.labels),
        ([by_second(faces(0.0))], SECOND.labels),
        ([by_second(faces(0.0, 1)), faces(0.1)], ("happy", "sad", "calm")),
    ],
    ids=["nothing", "nobody", "the first", "the second", "nobody by the second", "both"],
)
def test_only_labels_of_heads_that_occur_are_told(frames: list, labels: tuple) -> None:
    used = rows(*frames).used()
    assert used.labels == labels
    assert used.probabilities.sum(axis=1) == pytest.approx(used.has_face.astype(float))


def test_labels_of_several_heads_stand_once() -> None:
    assert labels_of(()) == ()
    assert labels_of(BOTH) == ("happy", "sad", "calm")


def test_rows_know_which_are_about_a_face() -> None:
    stream = rows(faces(0.0), faces(0.1, 5))
    assert stream.has_face.tolist() == [False, True]
    assert stream.track.tolist() == [NO_FACE, 5]
    assert not stream.probabilities[0].any()


def test_a_still_photograph_and_foreign_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="still photograph"):
        StreamRows.of(replace(faces(0.0, 1), seconds=None), SIZE)
    with pytest.raises(ValueError, match="expected rows"):
        StreamRows(np.zeros(1, row_type(("happy",))), (FIRST,))


def test_where_the_model_was_changed_each_row_names_its_own() -> None:
    own = HeadLabels("expression", ("happy", "sad"), "compact", "ab" * 32)
    other = HeadLabels("expression", ("calm", "happy", "sad"), "mine", "cd" * 32)
    frames = [faces(0.0, 1), faces(0.1, 1)]
    first, second = (
        StreamRows.of(replace(frame, labels=("happy", "sad")), SIZE, (own,)) for frame in frames
    )
    both = np.concatenate([r.with_heads((own, other)).array for r in (first, second)])
    stream = StreamRows(both, (own, other))
    stream.array["head"][1] = 1
    info = replace(INFO, others=(("mine", "cd" * 32),))
    table = list(csv.DictReader(io.StringIO(stream_csv(stream, info))))
    assert [(row["model"], row["head"]) for row in table] == [
        ("compact", "expression"),
        ("mine", "expression"),
    ]
    assert [row["calm"] for row in table] == ["", "0.0"]
    told = json.loads(stream_json(stream, info))
    models = [{"name": "compact", "sha256": "ab" * 32}, {"name": "mine", "sha256": "cd" * 32}]
    assert (told["model"], told["models"]) == (models[0], models)
    assert told["heads"] == {
        "compact/expression": ["happy", "sad"],
        "mine/expression": ["calm", "happy", "sad"],
    }
    assert [(one["seconds"], one["model"]) for one in told["settings"]] == [
        (0.0, "compact"),
        (0.1, "mine"),
    ]
    read = pq.read_table(io.BytesIO(stream_parquet(stream, info)))
    assert read["model"].to_pylist() == ["compact", "mine"]
    assert read["calm"].to_pylist() == [None, 0.0]
    assert read.schema.metadata[b"model"] == b"compact, mine"
    assert read.schema.metadata[b"sha256"].decode() == f"{'ab' * 32}, {'cd' * 32}"
    summary = summary_record(StreamResult(stream, info))
    assert summary["models"] == models
