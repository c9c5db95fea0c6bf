"""What the script packs is what Python reads."""

from typing import Any

import numpy as np
import pytest

from fer.ondevice.wire import MAX_FACES, read_observation, split, wire_layout
from fer.tracking.observation import Observation
from tests.fer.ondevice.samples import packed
from tests.fer.ondevice.test_wire import SPEC, somebody
from tests.ondevice.node import Node, js_detections

FACTS = {"number": 4_000_000_000, "seconds": 12.345678901, "draw": 3.5, "received": 4, "shown": 2}
TIMES = {"detect": 5.25, "track": 0.5, "align": 2.0, "classify": 9.75}


def observed(
    seen: Observation, ids: np.ndarray, *, black: bool = False, cut: bool = False
) -> dict[str, Any]:
    """Return an observation as the scripts have it, `Observed` of assets/vision/types.js."""
    return {
        "width": seen.size[0],
        "height": seen.size[1],
        "black": black,
        "cut": cut,
        "faces": js_detections(seen.detections),
        "looks": {"colours": seen.looks.colours, "visible": seen.looks.visible},
        "evidence": seen.evidence,
        "issues": seen.issues.tolist(),
        "logits": [
            {name: scores[face] for name, scores in seen.logits.items()}
            for face in range(len(seen))
        ],
        "outputs": list(seen.logits),
        "ids": ids.astype(np.uint16),
        "believed": [bool(number % 2) for number in ids],
        "milliseconds": TIMES,
    }


def packed_by_script(js: Node, seen: Observation, ids: np.ndarray, **change: Any) -> bytes:
    flags = {name: change.pop(name, False) for name in ("black", "cut")}
    there = observed(seen, ids, **flags)
    return js("wire.js:packObservation", there, FACTS | change, wire_layout()).tobytes()


@pytest.mark.parametrize("faces", [0, 1, 2, 5, MAX_FACES])
def test_every_byte_is_as_python_has_it(js: Node, faces: int) -> None:
    for seed in range(3):
        seen = somebody(seed, faces)
        ids = np.random.default_rng(seed).integers(0, 2**16, faces)
        expected = packed(
            seen,
            number=FACTS["number"],
            seconds=FACTS["seconds"],
            milliseconds=(*TIMES.values(), FACTS["draw"]),
            received=4,
            shown=2,
            local_ids=ids,
            believed=ids % 2 == 1,
            **({} if faces else {"logits": 0}),
        )
        assert packed_by_script(js, seen, ids) == expected


@pytest.mark.parametrize("flag", ["black", "cut"])
def test_a_camera_that_is_off_another_scene_and_counts_that_have_a_limit(
    js: Node, flag: str
) -> None:
    changed = {flag: True, "received": 100_000, "shown": 70_000}
    frame = read_observation(packed_by_script(js, somebody(0, 0), np.zeros(0), **changed), SPEC)
    assert (frame.black, frame.cut) == (flag == "black", flag == "cut")
    assert (frame.received, frame.shown) == (65535, 65535)


def test_of_more_faces_than_are_read_the_first_are_sent(js: Node) -> None:
    seen = somebody(0, MAX_FACES + 3)
    (content,) = split(packed_by_script(js, seen, np.arange(MAX_FACES + 3)))
    frame = read_observation(content, SPEC)
    assert frame.local_ids.tolist() == list(range(MAX_FACES))
    assert frame.observation.detections.score.tolist() == seen.detections.score[:MAX_FACES].tolist()


@pytest.mark.parametrize("what", ["boxes", "evidence", "looks"])
def test_values_that_are_missing_are_no_bytes_of_something_else(js: Node, what: str) -> None:
    seen = somebody(0, 1)
    less = {
        "boxes": {"faces": {**observed(seen, np.ones(1))["faces"], "boxes": np.zeros(3, "f4")}},
        "evidence": {"evidence": np.zeros(0, np.float32)},
        "looks": {"looks": {"colours": np.zeros(9, "f4"), "visible": np.zeros(4, "f4")}},
    }
    there = observed(seen, np.ones(1)) | less[what]
    with pytest.raises(RuntimeError, match=r"expected \d+ values, got"):
        js("wire.js:packObservation", there, FACTS, wire_layout())
