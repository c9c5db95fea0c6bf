import csv
import io
import json
from dataclasses import replace

import numpy as np
import pytest

from fer.export.sessions import (
    NO_FACE,
    HeadLabels,
    StreamRows,
    labels_of,
    row_type,
    stream_csv,
    stream_json,
)
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


def table(stream: StreamRows) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(stream_csv(stream))))


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
    text = stream_csv(rows(faces(1.23456, 7), faces(2.0)))
    names = "seconds,width,height,person,left,top,right,bottom,score,head,answer,uncertain,"
    assert text.splitlines() == [
        f"{names}quality,expression,confidence,happy,sad",
        "1.235,640,480,7,0.0,1.3,40.0,41.0,0.9,expression,sad,false,,sad,0.8,0.2,0.8",
        "2.0,640,480" + "," * 14,
    ]


def test_uncertain_answers_and_their_reasons_are_kept() -> None:
    doubtful = replace(
        faces(0.5, 1, 2),
        flaws=np.array([[1, 0, 0, 1], [0, 0, 0, 0]], np.bool_),
        thresholds=(0.5, 0.9),
    )
    names = ("answer", "uncertain", "quality", "expression")
    said = [tuple(row[name] for name in names) for row in table(rows(doubtful))]
    assert said == [("uncertain", "true", "small;turned", "sad"), ("sad", "false", "", "sad")]
    first, second = json.loads(stream_json(rows(doubtful)))["frames"][0]["faces"]
    assert (first["answer"], first["uncertain"], first["quality"]) == (
        "uncertain", True, ["small", "turned"]
    )  # fmt: skip
    assert (second["answer"], second["uncertain"], second["quality"]) == ("sad", False, [])


def test_json_has_every_frame_with_its_faces() -> None:
    assert json.loads(stream_json(rows()))["frames"] == []
    record = json.loads(stream_json(rows(faces(0.5), faces(0.75, 3, 4))))
    assert record["labels"] == list(LABELS)
    first, second = record["frames"]
    assert first == {"seconds": 0.5, "width": 640, "height": 480, "faces": []}
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
    record = json.loads(stream_json(mixed))
    assert record["heads"] == {"expression": list(LABELS), "ferplus": list(SECOND.labels)}
    one, other = (frame["faces"][0]["probabilities"] for frame in record["frames"][:2])
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
    assert json.loads(stream_json(rows(*frames)))["labels"] == list(labels)


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
