"""A stream that is seen by the scripts and followed in Python, beside one of Python alone."""

from __future__ import annotations

import numpy as np
import pytest

from fer.ondevice.constants import model_constants
from fer.stream import FaceStream, FrameResult
from tests.ondevice.node import Node, constants
from tests.ondevice.parity import frame_of, observation_of
from tests.ondevice.scenes import passage
from tests.samples import SHIPPED_MODEL

HEAD, SMOOTHING = "expression", 0.6


@pytest.fixture(scope="module")
def both(networks: Node) -> list[tuple[FrameResult, FrameResult, list[dict]]]:
    """What Python alone, Python with the scripts, and the scripts alone say of each frame."""
    here, there = FaceStream.load(SHIPPED_MODEL), FaceStream.load(SHIPPED_MODEL)
    made = constants(), model_constants(here.spec), "run"
    networks.make("vision/observer.js:Observer", "stream", *made)
    results = []
    for number, (seconds, image) in enumerate(passage()):
        frame = frame_of(image, number, seconds)
        frame["settings"] = {"head": HEAD, "smoothingSeconds": SMOOTHING}
        seen = networks.on("stream", "observe", frame)
        options = {"head": HEAD, "smoothing_seconds": SMOOTHING}
        followed = here.follow(observation_of(seen["observed"]), seconds, **options)
        results.append((there(image, seconds, **options), followed, seen["faces"]))
    return results


def test_the_same_people_have_the_same_answers_in_every_frame(both: list) -> None:
    assert {len(one.faces) for one, _, _ in both} >= {1, 2}
    for one, other, _ in both:
        assert np.array_equal(other.faces.track_id, one.faces.track_id)
        assert np.array_equal(other.faces.flaws, one.faces.flaws)
        assert other.faces.expressions == one.faces.expressions
        assert np.allclose(other.faces.probabilities, one.faces.probabilities, atol=0.01)
        assert np.allclose(other.faces.xyxy, one.faces.xyxy, atol=0.1)
        assert np.allclose(other.velocity, one.velocity, atol=1)


def test_what_the_page_shows_at_once_is_what_python_says(both: list) -> None:
    for one, _, shown in both[-5:]:
        faces = sorted((face for face in shown if face["isFace"]), key=lambda face: face["box"][0])
        assert len(faces) == len(one.faces) == 2
        for i, face in enumerate(faces):
            assert np.allclose(face["box"], one.faces.xyxy[i], atol=0.1)
            # The device has averaged since it saw the face, Python since it gave it a number.
            assert np.allclose(face["probabilities"], one.faces.probabilities[i], atol=0.03)
            assert face["flaws"] == one.faces.flaws[i].tolist()
            assert np.allclose(face["velocity"], one.velocity[i], atol=5)


def test_local_numbers_stay_with_the_people(both: list) -> None:
    pairs = set()
    for one, _, shown in both:
        faces = sorted((face for face in shown if face["isFace"]), key=lambda face: face["box"][0])
        if len(faces) == len(one.faces):
            pairs |= set(zip([f["id"] for f in faces], one.faces.track_id.tolist(), strict=True))
    assert pairs == {(1, 1), (2, 2)}
