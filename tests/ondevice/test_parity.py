"""The path in JavaScript beside the stream's in Python: same faces, same answers.

Here the scripts run in Node and Python runs the networks for them, so every difference is one of
the scripts.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from fer import alignment, quality, stream
from fer.detection import blazeface, evidence
from tests.ondevice.node import Node, constants
from tests.ondevice.parity import apart, assert_close, in_node, in_python
from tests.ondevice.scenes import SCENES, photographs


@pytest.mark.parametrize("scene", SCENES)
def test_both_paths_see_the_same(networks: Node, scene: str) -> None:
    image = SCENES[scene]()
    assert_close(apart(in_python(image), in_node(networks, image)))


def test_the_scenes_show_what_they_should() -> None:
    seen = {name: in_python(make()) for name, make in SCENES.items() if name not in photographs()}
    counts = {name: len(found) for name, found in seen.items()}
    assert counts["nobody"] == 0
    assert counts["several"] == 5
    assert counts["cut off"] >= 1
    assert all(count for name, count in counts.items() if name != "nobody"), counts
    for column, name in enumerate(("small face", "blurred", "dark")):
        assert seen[name].issues[:, column].any()


def test_the_photographs_are_among_the_scenes(shared: Path) -> None:
    assert {file.name for file in (shared / "photos").glob("*.[jp][pn]g")} <= set(SCENES)


#: Changes in Python, and a scene in which they show.
CHANGES = {
    "a limit": (quality, "MIN_SHARPNESS", 9.0, "one, 4:3"),
    "the detector's threshold": (stream, "STREAM_SCORE", 0.99, "drawings"),
    "when a box is the same face": (blazeface, "SAME_FACE_IOU", 1.0, "one, 4:3"),
    "how crops are reduced": (alignment, "OVERSAMPLING", 0.25, "close"),
    "weights of the evidence": (evidence, "LOGIT_WEIGHT", 9.0, "one, 4:3"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_number_that_changes_in_python_changes_in_javascript_too(
    networks: Node, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, name, value, scene = CHANGES[change]
    image, before = SCENES[scene](), constants()
    assert hasattr(module, name)
    monkeypatch.setattr(module, name, value)
    if name == "OVERSAMPLING":  # is a default, which Python has taken already
        monkeypatch.setattr(alignment.warp, "__kwdefaults__", {"oversampling": value})
    there = in_python(image, stream.STREAM_SCORE)
    assert_close(apart(there, in_node(networks, image)))
    with pytest.raises(AssertionError):
        assert_close(apart(there, in_node(networks, image, before)))
