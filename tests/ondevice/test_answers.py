"""From the network's scores to what is shown: as in Python, function for function."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fer.model.heads import calibrated, head_logits
from fer.model.spec import Abstention, Head, ModelSpec
from fer.ondevice.constants import model_constants
from fer.tracking import Appearance, Tracker
from fer.tracking.track import Presence
from fer.types import Faces
from tests.ondevice.node import (
    Node,
    constants,
)
from tests.samples import SHIPPED_MODEL, make_detections

NUMBERS = constants()


@pytest.mark.parametrize("seed", range(5))
def test_presence(js: Node, seed: int) -> None:
    rng = np.random.default_rng(seed)
    there, seconds = Presence(), 0.0
    here = {"mean": 0, "looks": 0, "nextLook": -1e9, "isFace": False}
    for evidence_now in rng.normal(8, 14, 20).tolist():
        seconds += rng.uniform(0.1, 3)
        there = there.after(evidence_now, seconds)
        args = (here, evidence_now, seconds, NUMBERS["presence"])
        here = js("vision/presence.js:after", *args)
        assert here["mean"] == pytest.approx(there.mean)
        assert here["nextLook"] == pytest.approx(there.next_look)
        assert (here["looks"], here["isFace"]) == (there.looks, there.is_face)


@pytest.mark.parametrize("smoothing", [0.0, 0.6])
def test_smoothing(js: Node, smoothing: float) -> None:
    rng = np.random.default_rng(4)
    people, face = Tracker(), make_detections((40, 40, 80, 80))
    looks = Appearance.of(np.full((120, 160, 3), 90, np.uint8), face.xyxy, np.zeros(3, np.float32))
    seconds, track = 0.0, {"average": None}
    for _ in range(20):
        seconds += rng.uniform(0.2, 0.6)
        numbers = people(face, looks, seconds, None)
        if numbers[0] < 0:  # it waits for its number
            continue
        probabilities = rng.dirichlet(np.ones(3), 1).astype(np.float32)
        flaws = rng.random((1, 4)) < 0.5
        faces = Faces.of(face, probabilities, ("x", "y", "z"), flaws=flaws)
        faces = replace(faces, track_id=numbers, seconds=seconds)
        there, _ = people.smoothed(faces, smoothing)
        values = np.concatenate([probabilities[0], flaws[0]]).astype(np.float32)
        mean = js("vision/tracks.js:smooth", track, values, seconds, smoothing)
        track = {"average": {"values": mean, "seconds": seconds}}
        assert np.allclose(mean[:3], there.probabilities[0], atol=1e-5)
        marked = mean[3:] >= NUMBERS["following"]["markedShare"]
        assert marked.tolist() == there.flaws[0].tolist()
    assert track["average"]


@pytest.mark.parametrize("wanted", [0.0, 0.95, 1.0])
def test_answers(js: Node, wanted: float) -> None:
    spec = ModelSpec.load(SHIPPED_MODEL)
    rng = np.random.default_rng(5)
    heads = model_constants(spec)["heads"]
    for head, given in zip(spec.heads, heads, strict=True):
        for _ in range(8):
            logits = {
                of.output: rng.normal(0, 1.5, (1, len(of.labels))).astype(np.float32)
                for of in spec.network_heads
            }
            there = calibrated(head, head_logits(spec, head, logits))
            here = js(
                "vision/answers.js:probabilitiesOf",
                {name: values[0] for name, values in logits.items()},
                given,
                heads,
            )
            assert np.allclose(here, there[0], atol=1e-5)
            flaws = rng.random((1, 4)) < wanted / 3
            _same_answer(js, there, flaws, head, given)


def _same_answer(
    js: Node, probabilities: np.ndarray, flaws: np.ndarray, head: Head, given: dict
) -> None:
    faces = Faces.of(
        make_detections((0, 0, 9, 9)),
        probabilities,
        head.labels,
        flaws=flaws,
        thresholds=head.thresholds,
        margin=head.margin,
    )
    args = (probabilities[0], flaws[0].tolist(), given, NUMBERS["answers"])
    said = js("vision/answers.js:answerOf", *args)
    assert said["answer"] == faces.answers[0]
    assert head.labels[said["top"]] == faces.expressions[0]
    assert said["confidence"] == faces.confidence[0]
    assert tuple(label for label, _ in said["candidates"]) == faces.candidates[0]


FLOORS = (0.1, 0.1, 0.0, {"x": (0.3, 0.9), "y": (0.9, 1.0)})


@pytest.mark.parametrize("probabilities", [[1.0], [0.5, 0.5], [0.2, 0.8], [0.34, 0.33, 0.33]])
@pytest.mark.parametrize("abstention", [None, (0.8, 0.9, 0.0, {}), (0.0, 0.0, 0.6, {}), FLOORS])
def test_answers_at_the_limits(js: Node, probabilities: list, abstention: tuple | None) -> None:
    limits = ("threshold", "degraded_threshold", "margin", "floors")
    says = None if abstention is None else Abstention(**dict(zip(limits, abstention, strict=True)))
    labels = ("x", "y", "z")[: len(probabilities)]
    head = Head(name="h", output="o", labels=labels, meaning="", abstention=says)
    spec = ModelSpec.load(SHIPPED_MODEL).model_copy(update={"heads": (head,)})
    row = np.array([probabilities], np.float32)
    for flawed in (False, True):
        flaws = np.array([[False, flawed, False, False]])
        _same_answer(js, row, flaws, head, model_constants(spec)["heads"][0])
