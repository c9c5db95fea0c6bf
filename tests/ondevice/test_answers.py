"""From the network's scores to what is shown: as in Python, function for function."""

from __future__ import annotations

import numpy as np
import pytest

from fer.model.heads import calibrated, head_logits
from fer.model.spec import Abstention, Head, ModelSpec
from fer.ondevice.constants import model_constants
from fer.types import Faces
from tests.ondevice.node import (
    Node,
    constants,
)
from tests.samples import SHIPPED_MODEL, make_detections

NUMBERS = constants()


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
