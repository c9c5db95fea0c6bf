"""Where everybody is between the frames that were analysed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fer.export.stream_rows import HeadLabels, StreamRows
from fer.model.spec import ModelSpec
from fer.types import UNCERTAIN, Faces
from fer.video.playback import Playback
from tests.samples import make_detections


def people_at(seconds: float, spec: ModelSpec, *, sure: float = 1.0, **people: float) -> Faces:
    """Return faces of persons ``p1``, ``p2`` … with their left edges."""
    boxes = [(left, 20.0, left + 40.0, 60.0) for left in people.values()]
    probabilities = np.full((len(boxes), 3), (1 - sure) / 2, np.float32)
    probabilities[:, 0] = sure
    faces = Faces.of(make_detections(*boxes), probabilities, spec.labels)
    numbers = np.array([int(name[1:]) for name in people], np.int64)
    return replace(faces, seconds=seconds, track_id=numbers)


def playback(spec: ModelSpec, *frames: Faces, cuts: tuple[float, ...] = ()) -> Playback:
    heads = (HeadLabels(spec.heads[0].name, spec.labels),)
    parts = [StreamRows.of(faces, (200, 100), heads).array for faces in frames]
    array = np.concatenate([StreamRows.empty(heads).array, *parts])
    return Playback(StreamRows(array, heads), cuts, spec)


def lefts(faces: Faces) -> dict[int, float]:
    return {
        number: pytest.approx(left, abs=1e-3)
        for number, left in zip(faces.track_id.tolist(), faces.xyxy[:, 0].tolist(), strict=True)
    }


def test_without_rows_there_is_nobody(spec: ModelSpec) -> None:
    nobody = playback(spec).faces_at(1.0)
    assert (len(nobody), nobody.labels) == (0, spec.labels)


@pytest.mark.parametrize(
    ("seconds", "found"),
    [
        (0.5, {1: 0}),
        (2.0, {1: 0}),
        (2.1, {1: 10}),
        (2.25, {1: 25}),
        (2.4, {1: 40}),
        (2.5, {1: 50}),
        (2.74, {1: 50}),  # the nearer frame says who is there
        (2.76, {2: 100}),
        (2.9, {2: 100}),
        (3.0, {2: 100}),
        (3.9, {2: 100}),
        (4.4, {2: 100}),  # however few frames were analysed
        (4.6, {3: 0}),
        (6.0, {3: 0}),
        (9.0, {3: 0}),
    ],
)
def test_boxes_move_evenly_and_the_nearer_frame_says_the_rest(
    spec: ModelSpec, seconds: float, found: dict[int, float]
) -> None:
    played = playback(
        spec,
        people_at(1.0, spec, p1=0),
        people_at(2.0, spec, p1=0),
        people_at(2.5, spec, p1=50),
        people_at(3.0, spec, p2=100),
        people_at(6.0, spec, p3=0),
    )
    assert lefts(played.faces_at(seconds)) == found


def test_nobody_is_seen_from_one_scene_in_another(spec: ModelSpec) -> None:
    frames = (people_at(1.0, spec, p1=0), people_at(1.5, spec, p2=80))
    played = playback(spec, *frames, cuts=(1.1,))
    assert lefts(played.faces_at(1.05)) == {1: 0}
    assert lefts(played.faces_at(1.1)) == {2: 80}
    assert lefts(played.faces_at(1.2)) == {2: 80}


def test_a_moment_without_a_face_stays_so(spec: ModelSpec) -> None:
    empty = replace(Faces.empty(spec.labels), seconds=1.1)
    played = playback(spec, people_at(1.0, spec, p1=0), empty, people_at(1.2, spec, p1=0))
    assert [len(played.faces_at(t)) for t in (1.0, 1.04, 1.06, 1.1, 1.14, 1.16)] == [
        1, 1, 0, 0, 0, 1,
    ]  # fmt: skip


@pytest.mark.parametrize("sure", [0.4, 0.9])
def test_answers_are_those_of_the_analysis(spec: ModelSpec, sure: float) -> None:
    head = spec.heads[0]
    doubtful = head.model_copy(
        update={"abstention": head.abstention.model_copy(update={"threshold": 0.5})}
    )
    spec = spec.model_copy(update={"heads": (doubtful,)})
    faces = people_at(1.0, spec, sure=sure, p1=0, p2=90)
    faces = replace(faces, thresholds=doubtful.thresholds, margin=doubtful.margin)
    found = playback(spec, faces).faces_at(1.2)
    assert found.answers == faces.answers == [UNCERTAIN if sure < 0.5 else "happy"] * 2
    assert found.confidence == pytest.approx([sure] * 2)
