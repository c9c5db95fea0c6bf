from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.live.streaming.record import MAX_ROWS, LiveHistory, LiveRecord
from fer.export.stream import HeadLabels, StreamRows, labels_of, row_type
from fer.model.spec import ModelSpec
from fer.stream import FrameResult
from fer.types import Faces
from tests.app.samples import Clock

LABELS = ("happy", "sad")
HEADS = (HeadLabels("expression", LABELS),)


def frame(seconds: float, faces: int) -> StreamRows:
    array = np.zeros(faces, row_type(LABELS))
    array["seconds"] = seconds
    array["track"] = np.arange(1, faces + 1)
    return StreamRows(array, HEADS)


@given(
    frames=st.lists(st.integers(1, 5), max_size=30),
    max_rows=st.integers(1, 12),
    since=st.integers(0, 30),
)
def test_it_keeps_the_newest_rows_in_order(frames: list[int], max_rows: int, since: int) -> None:
    history = LiveHistory(HEADS, max_rows)
    every: list[tuple[float, int]] = []
    for seconds, faces in enumerate(frames):
        history.append(frame(seconds, faces))
        every += [(seconds, track) for track in range(1, faces + 1)]
    kept = every[-max_rows:]
    rows = history.rows()
    assert list(zip(rows.seconds.tolist(), rows.track.tolist(), strict=True)) == kept
    assert history.dropped == len(every) - len(kept)
    late = history.rows(since)
    assert late.seconds.tolist() == [seconds for seconds, _ in kept if seconds >= since]
    history.append(frame(99.0, 1))
    assert 99 not in rows.seconds, "what is handed out does not change"
    assert row_type(tuple("abcdefgh")).itemsize * MAX_ROWS < 4 * 2**20, "a full history is small"


@given(
    faces=st.lists(st.integers(1, 4), max_size=12),
    max_rows=st.integers(1, 12),
    turns=st.lists(st.integers(0, 2), min_size=12, max_size=12),
)
def test_rows_of_several_models_stand_together_each_with_its_own_labels(
    faces: list[int], max_rows: int, turns: list[int]
) -> None:
    models = [
        HEADS,
        (HeadLabels("expression", ("sad", "calm", "happy"), "b", "1"),),
        (HeadLabels("expression", ("odd",), "c", "2"), HeadLabels("ferplus", LABELS, "c", "2")),
    ]
    history = LiveHistory(HEADS, max_rows)
    every: list[tuple[float, str, str]] = []
    for seconds, (count, turn) in enumerate(zip(faces, turns, strict=False)):
        heads = models[turn]
        array = np.zeros(count, row_type(labels_of(heads)))
        array["seconds"], array["head"] = seconds, len(heads) - 1
        array["probabilities"][:, labels_of(heads).index(heads[-1].labels[-1])] = 1
        history.append(StreamRows(array, heads))
        every += [(seconds, heads[-1].model, heads[-1].labels[-1])] * count
    rows = history.rows()
    answers = [rows.labels[i] for i in rows.probabilities.argmax(axis=1)] if len(rows) else []
    told = [rows.heads[head].model for head in rows.array["head"]]
    assert list(zip(rows.seconds.tolist(), told, answers, strict=True)) == every[-max_rows:]
    assert len(history) == min(len(every), max_rows)


def test_the_time_of_a_frame_is_that_of_its_stages_and_of_drawing(
    spec: ModelSpec, clock: Clock
) -> None:
    record = LiveRecord(spec, "detector", clock)
    for detect in (5.0, 5.0, 9.0):
        clock.seconds += 0.1
        nobody = replace(Faces.empty(spec.labels), seconds=record.arrived(None, 1))
        record.shown(3.0)
        result = FrameResult(nobody, {"detect": detect}, np.zeros((0, 2), np.float32))
        record.found(result, StreamRows.empty(HEADS), detect + 2, record.generation)
    stages = record.speed().stages
    assert {n: median for n, (median, _) in stages.items()} == {"detect": 5, "draw": 3, "all": 10}
    assert stages["all"][1] == pytest.approx(13.6)
