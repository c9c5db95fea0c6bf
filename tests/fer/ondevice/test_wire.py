"""Observations as bytes: there and back, and whatever else a browser may send."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer.errors import WireError
from fer.model.spec import Head
from fer.ondevice.wire import (
    DEVICE_STAGES,
    HEADER,
    MAX_FACES,
    MAX_OBSERVATIONS,
    face_type,
    read_observation,
    split,
    wire_layout,
)
from fer.tracking.observation import Appearance, Observation
from fer.tracking.track import FACE_EVIDENCE
from fer.types import Detections
from tests.fer.ondevice.samples import nobody, packed
from tests.samples import ALWAYS_ANSWERS, fake_spec

OUTPUTS = {"expression": 3, "ferplus": 4}

SPEC = fake_spec(
    *(
        Head(
            name=name,
            output=name,
            labels=("happy", "sad", "neutral", "contempt")[:labels],
            meaning="a fake",
            abstention=ALWAYS_ANSWERS,
        )
        for name, labels in OUTPUTS.items()
    )
)


def somebody(seed: int, faces: int) -> Observation:
    """Return faces anywhere, with looks and scores of any kind."""
    rng = np.random.default_rng(seed)
    corner = rng.uniform(-50, 600, (faces, 2))
    boxes = np.concatenate([corner, corner + rng.uniform(0, 400, (faces, 2))], axis=1)
    histograms = rng.random((faces, 4, 43)) ** 4
    shares = histograms / histograms.sum(axis=2, keepdims=True)
    evidence = np.where(rng.random(faces) < 0.5, np.nan, rng.uniform(-60, 60, faces))
    return Observation(
        (640, 480),
        Detections(
            boxes.astype(np.float32),
            rng.random(faces).astype(np.float32),
            rng.uniform(-50, 1000, (faces, 6, 2)).astype(np.float32),
        ),
        Appearance(np.sqrt(shares).astype(np.float32), rng.random((faces, 4)).astype(np.float32)),
        rng.random((faces, 4)) < 0.5,
        {name: rng.normal(0, 9, (faces, k)).astype(np.float32) for name, k in OUTPUTS.items()},
        evidence.astype(np.float32),
    )


@given(
    st.integers(0, 2**32 - 1),
    st.integers(0, MAX_FACES),
    st.floats(0, 1e7),
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**16 - 1),
)
def test_what_is_sent_is_read(
    seed: int, faces: int, seconds: float, number: int, received: int
) -> None:
    seen = somebody(seed, faces)
    ids = np.random.default_rng(seed).integers(0, 2**16, faces)
    believed = ids % 2 == 1
    content = packed(
        seen,
        number=number,
        seconds=seconds,
        received=received,
        local_ids=ids,
        believed=believed,
    )
    assert split(content) == [content]
    frame = read_observation(content, SPEC)
    assert (frame.number, frame.seconds, frame.received) == (number, seconds, received)
    assert frame.milliseconds == dict(zip(DEVICE_STAGES, (4, 1, 2, 8, 3), strict=True))
    assert (frame.shown, frame.black, frame.local_ids.tolist()) == (3, False, ids.tolist())
    assert frame.believed.tolist() == believed.tolist()
    trusted = frame.trusted().observation.evidence
    known = ~np.isnan(seen.evidence)
    np.testing.assert_array_equal(trusted[known], seen.evidence[known])
    assert (trusted[~known & believed] == FACE_EVIDENCE).all()
    assert np.isnan(trusted[~known & ~believed]).all()
    there = frame.observation
    assert (there.size, there.logits.keys()) == (seen.size, seen.logits.keys())
    for name in ("xyxy", "score", "landmarks"):
        np.testing.assert_array_equal(*(getattr(o.detections, name) for o in (there, seen)))
    for name in ("issues", "evidence"):
        np.testing.assert_array_equal(*(getattr(o, name) for o in (there, seen)))
    for name in OUTPUTS:
        np.testing.assert_array_equal(there.logits[name], seen.logits[name])
    assert there.looks.visible == pytest.approx(seen.looks.visible, abs=0.002)
    assert there.looks.colours == pytest.approx(seen.looks.colours, abs=0.004)
    same = np.diag(there.looks.distances(seen.looks)) if faces else np.zeros(0)
    assert (same < 0.03).all(), "far below what tells two people apart"


@pytest.mark.parametrize("counts", [(), (0,), (2,), (0, 3, 1), (1,) * MAX_OBSERVATIONS])
def test_several_stand_one_after_another(counts: tuple[int, ...]) -> None:
    parts = [packed(somebody(i, faces), number=i) for i, faces in enumerate(counts)]
    assert split(b"".join(parts)) == parts


def test_a_camera_that_is_off_sees_nobody() -> None:
    frame = read_observation(packed(nobody(OUTPUTS), black=True), SPEC)
    assert (frame.black, len(frame.observation)) == (True, 0)
    with pytest.raises(WireError, match="nobody where the camera is off"):
        read_observation(packed(somebody(0, 1), black=True), SPEC)


def read(content: bytes) -> list[Observation]:
    return [read_observation(part, SPEC).observation for part in split(content)]


PAIR = packed(somebody(1, 2))

CUT = {
    "one byte": (b"\x01", "46 bytes of a header, got 1"),
    "a face less": (PAIR[:-1], "bytes of an observation, got"),
    "one more byte": (PAIR + b"\x01", "46 bytes of a header, got 1"),
    "another version": (packed(somebody(0, 1), version=2), "expected version 1, got 2. Reload"),
    "many faces": (packed(somebody(0, MAX_FACES + 1)), "at most 64 faces, got 65"),
    "many scores said": (packed(somebody(0, 1), logits=65535), "bytes of an observation, got"),
    "many": (packed(nobody(OUTPUTS)) * (MAX_OBSERVATIONS + 1), "at most 64 observations"),
}


@pytest.mark.parametrize(("content", "why"), CUT.values(), ids=CUT)
def test_what_is_cut_or_of_another_kind_is_refused(content: bytes, why: str) -> None:
    with pytest.raises(WireError, match=why):
        split(content)


def moved(**changes: object) -> Callable[[Observation], Observation]:
    def change(seen: Observation) -> Observation:
        values = {name: getattr(seen.detections, name).copy() for name in changes}
        for name, value in changes.items():
            values[name].reshape(len(seen), -1)[0, 0] = value
        return replace(seen, detections=replace(seen.detections, **values))

    return change


ABSURD = {
    "no width": ({"width": 0}, None, "a width of 1 to 4096 pixels, got 0"),
    "a huge height": ({"height": 5000}, None, "a height of 1 to 4096 pixels, got 5000"),
    "no time": ({"seconds": np.nan}, None, "seconds since the start, got nan"),
    "after four months": ({"seconds": 10_000_001.0}, None, "seconds since the start, got 1000000"),
    "before the start": ({"seconds": -1}, None, "seconds since the start, got -1"),
    "no duration": ({"milliseconds": np.nan}, None, "expected milliseconds"),
    "a long duration": ({"milliseconds": 1_000_100.0}, None, "expected milliseconds"),
    "negative durations": ({"milliseconds": -1}, None, "expected milliseconds"),
    "another network": ({}, None, "model fake has 7 scores, got 9"),
    "a score above 1": ({}, moved(score=1.5), "scores of 0 to 1"),
    "a box nowhere": ({}, moved(xyxy=-np.inf), "boxes and points about the frame"),
    "a box inside out": ({}, moved(xyxy=4000), "boxes and points about the frame"),
    "a point nowhere": ({}, moved(landmarks=np.nan), "boxes and points about the frame"),
    "endless evidence": (
        {},
        lambda seen: replace(seen, evidence=np.full(2, np.inf, np.float32)),
        "finite evidence or none",
    ),
    "endless scores": (
        {},
        lambda seen: replace(
            seen, logits={n: np.full((2, k), np.nan, np.float32) for n, k in OUTPUTS.items()}
        ),
        "finite scores of the network",
    ),
}


@pytest.mark.parametrize(("header", "change", "why"), ABSURD.values(), ids=ABSURD)
def test_what_cannot_be_is_refused(header: dict, change: Callable | None, why: str) -> None:
    pair = somebody(1, 2)
    if why.endswith("got 9"):
        pair = replace(pair, logits={"other": np.zeros((2, 9), np.float32)})
    content = packed(change(pair) if change else pair, **header)
    with pytest.raises(WireError, match=why):
        read(content)


@given(
    st.binary(max_size=3000),
    st.booleans(),
    st.lists(st.tuples(st.integers(0, len(PAIR) - 1), st.integers(0, 255)), max_size=8),
)
def test_nothing_else_is_ever_raised(noise: bytes, begins_well: bool, changes: list) -> None:
    content = bytearray(PAIR)
    for place, value in changes:
        content[place] = value
    for piece in (PAIR[: len(noise) % 200] + noise if begins_well else noise, bytes(content)):
        with suppress(WireError):
            for seen in read(piece):
                assert np.isfinite(seen.looks.colours).all()
                assert np.isfinite(seen.detections.xyxy).all()


def test_the_layout_says_where_everything_is() -> None:
    layout = json.loads(json.dumps(wire_layout()))
    for fields, size in (
        (layout["header"], layout["headerBytes"]),
        (layout["face"], layout["faceBytes"]),
    ):
        end = 0
        for offset, kind, count in fields.values():
            assert offset == end
            end += int(kind[1]) * count
        assert end == size
    assert layout["headerBytes"] == HEADER.itemsize
    assert layout["faceBytes"] + 4 * 7 == face_type(7).itemsize
