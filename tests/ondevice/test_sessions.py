"""A session from the camera's pixels to the rows: on a device, and on the server."""

import base64

import cv2
import numpy as np
import pytest

from app.live.device.protocol import DeviceFeed
from app.live.streaming.session import LiveModel, LiveSession
from app.live.streaming.stream_limit import StreamLimit
from fer import FaceStream
from fer.export.stream import StreamRows
from fer.model.classifier import ExpressionClassifier
from fer.ondevice.constants import model_constants
from fer.types import Image
from tests.app.samples import PATIENCE, Clock
from tests.ondevice.node import Node, constants
from tests.ondevice.parity import frame_of
from tests.samples import SHIPPED_MODEL

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
    model, stream = (
        LiveModel(classifier, classifier.spec, "compact"),
        FaceStream.load(SHIPPED_MODEL),
    )
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
