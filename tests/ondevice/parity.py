"""Pictures for both paths, what both see in them, and how far they are apart."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from typing import Any

import cv2
import numpy as np
import skimage.data
from numpy.typing import NDArray

from app.live.streaming.frames import working_size
from fer.analyzer import answered
from fer.detection.blazeface import BlazeFace
from fer.detection.evidence import Evidence, FaceLandmark
from fer.geometry import iou_matrix
from fer.images import read as read_image
from fer.model.classifier import ExpressionClassifier, calibrated, head_logits
from fer.model.spec import ModelSpec
from fer.ondevice.constants import model_constants
from fer.stream import STREAM_SCORE
from fer.tracking.observation import Appearance, Observation
from fer.tracking.track import FACE_EVIDENCE, NO_FACE
from fer.types import Faces, Image, margins
from tests.fer.samples import Eye
from tests.ondevice.node import Node, constants, py_detections, rgba
from tests.samples import ROOT, SHIPPED_MODEL
from training.painter import EXPRESSIONS, Person, draw_face

PHOTOS = ROOT.parent / "shared" / "photos"

#: Longest side of a photograph that goes through both paths; cameras have no more.
_MOST = 1280


def photographs() -> list[str]:
    """Return the names of the photographs beside the project."""
    file = PHOTOS / "photos.json"
    return list(json.loads(file.read_text())) if file.is_file() else []


def photograph(name: str) -> Image:
    """Return a photograph as large as a camera's frame."""
    image = read_image(PHOTOS / name)
    scale = min(_MOST / max(image.shape[:2]), 1)
    size = round(image.shape[1] * scale), round(image.shape[0] * scale)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def drawn(seed: int, expression: str, side: int) -> Image:
    """Return a drawn face with its surroundings, ``(side, side, 3)``."""
    face = draw_face(Person.random(np.random.default_rng(seed)), EXPRESSIONS[expression])
    return np.asarray(cv2.resize(face, (side, side), interpolation=cv2.INTER_AREA), np.uint8)


def _on(width: int, height: int, *faces: tuple[Image, int, int]) -> Image:
    """Return faces at places ``(left, top)`` of a soft backdrop."""
    rng = np.random.default_rng(width)
    coarse = rng.integers(90, 160, (6, 8, 3), np.uint8)
    picture = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    for face, x, y in faces:
        part = picture[max(y, 0) : y + len(face), max(x, 0) : x + len(face)]
        part[:] = face[max(-y, 0) :, max(-x, 0) :][: len(part), : part.shape[1]]
    return np.asarray(picture, np.uint8)


def _head(side: int) -> Image:
    """Return the head of the astronaut, a real face, ``(side, side, 3)``."""
    head = skimage.data.astronaut()[0:260, 90:350, :3]
    return np.asarray(cv2.resize(head, (side, side), interpolation=cv2.INTER_AREA), np.uint8)


def _darker(image: Image, share: float) -> Image:
    noise = np.random.default_rng(1).normal(0, 2, image.shape)
    return np.clip(image * share + noise, 0, 255).astype(np.uint8)


def _turned(image: Image, degrees: float) -> Image:
    centre = (image.shape[1] / 2, image.shape[0] / 2)
    matrix = cv2.getRotationMatrix2D(centre, degrees, 1)
    size = (image.shape[1], image.shape[0])
    return np.asarray(cv2.warpAffine(image, matrix, size, borderMode=cv2.BORDER_REFLECT), np.uint8)


def _several() -> Image:
    places = [(20, 30, 150), (230, 60, 200), (480, 20, 110), (470, 220, 160), (40, 260, 180)]
    return _on(640, 480, *((_head(side), x, y) for x, y, side in places))


def _drawings() -> Image:
    names = ("happy", "angry", "surprise")
    return _on(640, 480, *((drawn(i, n, 190), 15 + 205 * i, 120) for i, n in enumerate(names)))


#: Scenes that are made, by what is special about them.
SCENES: dict[str, Callable[[], Image]] = {
    "nobody": lambda: _on(640, 480),
    "one, 4:3": lambda: _on(640, 480, (_head(240), 200, 100)),
    "one, 16:9": lambda: _on(1280, 720, (_head(300), 500, 200)),
    "portrait": lambda: _on(480, 640, (_head(220), 130, 200)),
    "square": lambda: np.ascontiguousarray(skimage.data.astronaut()[..., :3]),
    "no multiple of anything": lambda: _on(613, 347, (_head(151), 251, 83)),
    "small camera": lambda: _on(320, 240, (_head(120), 100, 60)),
    "small face": lambda: _on(640, 480, (_head(52), 300, 200)),
    "close": lambda: _on(640, 480, (_head(470), 90, 5)),
    "cut off": lambda: _on(640, 480, (_head(240), -60, 100), (_head(200), 400, -45)),
    "several": _several,
    "turned": lambda: _turned(_on(640, 480, (_head(260), 190, 110)), 25),
    "dark": lambda: _darker(_on(640, 480, (_head(240), 200, 100)), 0.15),
    "blurred": lambda: cv2.GaussianBlur(_on(640, 480, (_head(240), 200, 100)), (0, 0), 5),
    "bright": lambda: np.clip(_on(640, 480, (_head(240), 200, 100)) * 1.9, 0, 255).astype(np.uint8),
    "drawings": _drawings,
    **{name: partial(photograph, name) for name in photographs()},
}


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
    return replace(first, evidence=evidence)


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
