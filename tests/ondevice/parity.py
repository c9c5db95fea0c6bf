"""What both paths see in a picture, and how far they are apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.live.streaming.frames import working_size
from fer.analyzer import answered
from fer.detection.blazeface import BlazeFace
from fer.detection.evidence import Evidence, FaceLandmark
from fer.geometry import iou_matrix
from fer.model.classifier import ExpressionClassifier, calibrated, head_logits
from fer.model.spec import ModelSpec
from fer.ondevice.constants import model_constants
from fer.stream import STREAM_SCORE
from fer.tracking.observation import Appearance, Observation
from fer.tracking.track import FACE_EVIDENCE, NO_FACE
from fer.types import Faces, Image, margins
from tests.fer.samples import Eye
from tests.ondevice.node import Node, constants, py_detections, rgba
from tests.samples import SHIPPED_MODEL

#: Distance of a confidence or lead from its limit within which rounding decides whether the answer
#: is uncertain: a pixel that is one grey level brighter may.
AT_LIMIT = 0.005


@dataclass(frozen=True)
class Limits:
    """How far apart a face may be in two observations."""

    pixels: float
    probability: float
    evidence: float
    colour: float
    visible: float


#: With the same networks below them, only rounding is between the scripts and Python.
SAME_NETWORKS = Limits(pixels=0.1, probability=0.01, evidence=0.05, colour=0.01, visible=0.01)


@cache
def _classifier() -> ExpressionClassifier:
    return ExpressionClassifier(SHIPPED_MODEL)


@cache
def detector(min_score: float) -> BlazeFace:
    return BlazeFace(min_score=min_score, fitted=True)


@cache
def _evidence() -> Evidence:
    return Evidence(FaceLandmark())


def in_python(image: Image, min_score: float = STREAM_SCORE) -> Observation:
    """Return what a stream sees in its first frame, and close looks at all faces."""
    eye = Eye(detector(min_score), _classifier(), _classifier().spec, _evidence())
    return eye(working_size(image))


def frame_of(image: Image, number: int, seconds: float) -> dict[str, Any]:
    """Return a frame as an observer gets it."""
    canvas = rgba(image)
    return {
        "number": number,
        "seconds": seconds,
        "rgba": canvas["data"],
        "width": canvas["width"],
        "height": canvas["height"],
        "settings": {"head": "", "smoothingSeconds": 0},
        "received": 1,
        "shown": 1,
        "draw": 0,
        "wanted": [],
    }


def in_node(js: Node, image: Image, numbers: dict[str, Any] | None = None) -> Observation:
    """Return what the scripts see; the frame comes again until every followed face was looked at.

    The numbers of the path are Python's if None.
    """
    made = numbers or constants(), model_constants(_classifier().spec), "run"
    js.make("vision/observer.js:Observer", "observer", *made)
    seen = [
        observation_of(js.on("observer", "observe", frame_of(image, i, 0.9 * i))["observed"])
        for i in range(2)
    ]
    return with_evidence(seen)


def with_evidence(seen: list[Observation]) -> Observation:
    """Return the first of some observations of one picture, with the close looks of all."""
    first, *rest = seen
    evidence = first.evidence.copy()
    for other in rest:
        evidence = np.where(np.isnan(evidence), other.evidence, evidence)
    return Observation(
        first.size, first.detections, first.looks, first.issues, first.logits, evidence
    )


def observation_of(observed: Mapping[str, Any]) -> Observation:
    """Return a script's observation as Python has it."""
    faces, n = py_detections(observed["faces"]), observed["faces"]["count"]
    looks = observed["looks"]
    return Observation(
        (observed["width"], observed["height"]),
        faces,
        Appearance(looks["colours"].reshape(n, 4, -1 if n else 43), looks["visible"].reshape(n, 4)),
        np.array(observed["issues"], np.bool_).reshape(n, 4),
        {
            name: np.array([row[name] for row in observed["logits"]]).reshape(n, -1 if n else 1)
            for name in observed["outputs"]
        },
        observed["evidence"],
    )


def apart(there: Observation, here: Observation) -> dict[str, list[float]]:
    """Return how far each face is apart, by the names of `Limits`, and check what both paths say.

    Raises:
        AssertionError: other faces, answers or issues, or another side of a limit of the evidence.
    """
    assert here.size == there.size
    assert len(here) == len(there), (here.detections.score, there.detections.score)
    if not len(there):
        return {}
    order = iou_matrix(there.detections.xyxy, here.detections.xyxy).argmax(axis=1)
    assert sorted(order.tolist()) == list(range(len(there)))
    found, mine = there.detections, here.detections.take(order)
    assert np.array_equal(here.issues[order], there.issues)
    evidence = here.evidence[order]
    looked = ~np.isnan(evidence)
    for limit in (FACE_EVIDENCE, NO_FACE):
        assert np.array_equal(there.evidence[looked] >= limit, evidence[looked] >= limit)
    result = {
        "pixels": _most(mine.xyxy - found.xyxy),
        "colour": _most(here.looks.colours[order] - there.looks.colours),
        "visible": _most(here.looks.visible[order] - there.looks.visible),
        "evidence": _most((there.evidence - evidence)[looked]),
        "probability": [],
    }
    spec = _classifier().spec
    for head in spec.heads:
        one, other = (_answers(spec, seen, head.name) for seen in (there, here))
        other = other.take(order)
        result["probability"] += _most(one.probabilities - other.probabilities)
        assert other.expressions == one.expressions
        clear = ~_at_limit(one)
        assert other.take(clear).answers == one.take(clear).answers
    return result


def _most(difference: np.ndarray) -> list[float]:
    return [float(np.abs(row).max()) for row in difference]


def _answers(spec: ModelSpec, seen: Observation, name: str) -> Faces:
    head = spec.head(name)
    probabilities = calibrated(head, head_logits(spec, head, seen.logits))
    return answered(seen.detections, seen.issues, head, probabilities)


def _at_limit(faces: Faces) -> NDArray[np.bool_]:
    """Return for which faces rounding may decide whether the answer is uncertain."""
    limits, has_issues = np.array(faces.thresholds), faces.issues.any(axis=1).astype(int)
    limit = limits[has_issues, faces.probabilities.argmax(axis=1)]
    near = np.abs(faces.confidence - limit) < AT_LIMIT
    return np.asarray(near | (np.abs(margins(faces.probabilities) - faces.margin) < AT_LIMIT))


def assert_close(found: Mapping[str, list[float]], limits: Limits = SAME_NETWORKS) -> None:
    """Check that no face is farther apart than it may be."""
    for name, most in asdict(limits).items():
        assert max(found.get(name, []), default=0) <= most, name
