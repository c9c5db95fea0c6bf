"""The path in JavaScript beside the stream's in Python: same faces, same answers, same rows.

Here the scripts run in Node and Python runs the networks for them, so every difference is one of
the scripts.
"""

from __future__ import annotations

import base64
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.live.device.protocol import DeviceFeed
from app.live.streaming.session import LiveModel, LiveSession
from app.live.streaming.stream_limit import StreamLimit
from fer import alignment, quality, stream
from fer.detection import blazeface, evidence
from fer.export.stream import StreamRows
from fer.model.classifier import ExpressionClassifier
from fer.ondevice.constants import model_constants
from fer.stream import FaceStream
from fer.types import Image
from tests.app.samples import PATIENCE, Clock
from tests.ondevice.node import Node, constants
from tests.ondevice.parity import (
    SCENES,
    apart,
    assert_close,
    frame_of,
    in_node,
    in_python,
    photographs,
)
from tests.samples import SHIPPED_MODEL


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


SECONDS = 0.15


def frames(astronaut: Image) -> list[Image]:
    """A face that moves, is away for a while, and is back; another one; a camera that is off."""
    found = []
    for frame in range(16):
        move = np.array([[1, 0, 6.0 * frame], [0, 1, 3.0 * frame]])
        moved = cv2.warpAffine(astronaut, move, (640, 480), borderMode=cv2.BORDER_REPLICATE)
        found.append(np.asarray(moved, np.uint8))
    found[6:9] = [np.full_like(found[0], 90)] * 3
    # A film is cut: somebody else is in the same place, with other colours on other ground.
    cut = np.ascontiguousarray(np.roll(found[13][:, ::-1, ::-1], -32, axis=1))
    found[14:] = [*[cut] * 4, *[np.zeros_like(cut)] * 2]
    return found


def on_server(images: list[Image]) -> StreamRows:
    clock = Clock()
    session = made_session(StreamLimit(1, clock), clock)
    for image in images:
        clock.seconds += SECONDS
        session.process(image)
    return session.record.rows()


def on_device(js: Node, images: list[Image]) -> tuple[StreamRows, list[list[dict]]]:
    """Return the rows, and the faces that the page shows at once with each frame."""
    clock = Clock()
    session = made_session(StreamLimit(0, clock), clock)
    feed, wanted, shown = DeviceFeed(session), [], []
    numbers, spec = constants(), model_constants(session.model.spec)
    js.make("vision/observer.js:Observer", "session", numbers, spec, "run")
    for number, image in enumerate(images, start=1):
        clock.seconds += SECONDS
        frame = {**frame_of(image, number, SECONDS * number), "wanted": wanted}
        seen = js.on("session", "see", frame)
        shown.append([face for face in seen["faces"] if face["isFace"]])
        observation = seen["observation"].tobytes()
        batch = {"number": number, "observations": base64.b64encode(observation).decode()}
        message = {"run": "1", "generation": 0, "model": "compact", "first": 1, "age": 0.0}
        reply = feed.take({**message, "batches": [batch]})
        assert reply.acknowledged == number
        wanted = reply.data()["wanted"]
    assert session.record.errors.count == 0
    return session.record.rows(), shown


def made_session(limit: StreamLimit, clock: Clock) -> LiveSession:
    classifier = ExpressionClassifier(SHIPPED_MODEL)
    model = LiveModel(classifier, classifier.spec, "compact")
    stream = FaceStream.load(SHIPPED_MODEL)
    return LiveSession(stream, model, limit, clock, match_seconds=PATIENCE)


def test_a_session_on_a_device_is_recorded_like_one_on_the_server(
    networks: Node, astronaut: Image
) -> None:
    images = frames(astronaut)
    (there, shown), here = on_device(networks, images), on_server(images)
    assert there.heads == here.heads
    assert there.track.tolist() == here.track.tolist()
    assert {1, 2} <= {*there.track.tolist()}
    assert there.seconds == pytest.approx(here.seconds, abs=1e-6)
    for name in ("box", "score", "probabilities"):
        within = 1.0 if name == "box" else 0.05
        assert there.array[name] == pytest.approx(here.array[name], abs=within), name
    for name in there.array.dtype.names or ():
        if name not in ("seconds", "box", "score", "probabilities"):
            assert there.array[name].tolist() == here.array[name].tolist(), name
    # Once somebody has a number, the page shows at once what the server says.
    frames_of = np.unique(here.seconds, return_inverse=True)[1]
    for row, frame in zip(here.array, frames_of.tolist(), strict=True):
        if row["track"] <= 0 or len(shown[frame]) != 1:
            continue
        (face,) = shown[frame]
        assert face["box"] == pytest.approx(row["box"].tolist(), abs=1.5)
        assert face["probabilities"] == pytest.approx(
            row["probabilities"][: len(face["probabilities"])].tolist(), abs=0.08
        )
