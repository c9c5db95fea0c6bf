"""What is marked as too small, blurred, dark or turned, and what is not."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer.alignment import FER2013_FRAMING, align
from fer.detection.blazeface import BlazeFace
from fer.quality import MAX_YAW, MIN_LIGHT, MIN_SIDE, measure, yaw
from fer.types import FLAWS, Detections, Image
from tests.samples import make_detections


def flaws(image: Image, found: Detections, size: int = 48, channels: int = 1) -> list[list[str]]:
    crops = align(image, found, framing=FER2013_FRAMING, size=size, channels=channels)
    marked = measure(found, crops).flaws
    return [[name for name, on in zip(FLAWS, row, strict=True) if on] for row in marked]


@pytest.fixture(scope="module")
def face(astronaut: Image) -> Detections:
    return BlazeFace()(astronaut).take(np.array([0]))


@pytest.mark.parametrize(("size", "channels"), [(48, 1), (48, 3), (150, 3), (64, 1)])
def test_crops_of_any_kind_do(astronaut: Image, face: Detections, size: int, channels: int) -> None:
    assert flaws(astronaut, face, size, channels) == [[]]
    assert flaws(cv2.GaussianBlur(astronaut, (0, 0), 6), face, size, channels) == [["blurred"]]
    assert flaws(astronaut, Detections.empty(), size, channels) == []


def test_blur_and_motion_are_seen_in_any_light(astronaut: Image, face: Detections) -> None:
    for image in (cv2.GaussianBlur(astronaut, (0, 0), 5), cv2.blur(astronaut, (19, 1))):
        dimmer = (image * 0.5).astype(np.uint8)
        assert flaws(np.asarray(image, np.uint8), face) == flaws(dimmer, face) == [["blurred"]]


def test_a_dim_face_is_dark_before_a_bright_wall(astronaut: Image, face: Detections) -> None:
    dim = (astronaut * 0.2).astype(np.uint8)
    left, top, right, bottom = face.xyxy[0].round().astype(int)
    wall = np.full_like(astronaut, 240)
    wall[top:bottom, left:right] = dim[top:bottom, left:right]
    assert flaws(dim, face) == flaws(wall, face) == [["dark"]]
    assert flaws((astronaut * 0.5).astype(np.uint8), face) == [[]]


def test_dark_skin_with_highlights_is_no_dark_picture(astronaut: Image, face: Detections) -> None:
    curve = 130 * np.linspace(0, 1, 256) ** 3
    dusky = curve[astronaut].astype(np.uint8)
    left, top, right, bottom = face.xyxy[0].round().astype(int)
    assert dusky[top:bottom, left:right].mean() < MIN_LIGHT
    assert flaws(dusky, face) == [[]]


def test_a_small_face_is_small_and_not_blurred_as_well(astronaut: Image, face: Detections) -> None:
    table = ((MIN_SIDE - 2, ["small"], ["small"]), (MIN_SIDE + 20, [], ["blurred"]))
    for side, found, found_in_soft in table:
        scale = float(side / np.max(face.xyxy[0, 2:] - face.xyxy[0, :2]))
        little = cv2.resize(astronaut, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        soft = cv2.GaussianBlur(little, (0, 0), side / 20)
        assert flaws(np.asarray(little, np.uint8), face.moved(scale=scale)) == [found]
        assert flaws(np.asarray(soft, np.uint8), face.moved(scale=scale)) == [found_in_soft]


def test_a_nose_under_one_eye_is_turned(astronaut: Image, face: Detections) -> None:
    landmarks = face.landmarks.copy()
    landmarks[0, 2] += (landmarks[0, 1] - landmarks[0, 0]) * 0.5
    assert yaw(landmarks) == pytest.approx([1], abs=0.1)
    assert flaws(astronaut, Detections(face.xyxy, face.score, landmarks)) == [["turned"]]


@given(
    angle=st.floats(0, 2 * np.pi),
    scale=st.floats(0.1, 20),
    nose=st.floats(-1.5, 1.5),
    drop=st.floats(-1, 2),
)
def test_yaw_ignores_tilt_size_and_nod(
    angle: float, scale: float, nose: float, drop: float
) -> None:
    upright = make_detections((0, 0, 100, 100)).landmarks[0]
    middle, half = (upright[0] + upright[1]) / 2, (upright[1] - upright[0]) / 2
    upright[2] = middle + nose * half + drop * np.array([-half[1], half[0]])
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    landmarks = (scale * upright @ rotation.T)[None].astype(np.float32)
    assert yaw(landmarks) == pytest.approx([abs(nose)], abs=1e-3)


def test_points_in_one_place_are_as_turned_as_can_be_and_no_error() -> None:
    points = np.zeros((2, 6, 2), np.float32)
    points[1, 2], points[1, 1] = 5, 0.01
    assert yaw(points)[0] == pytest.approx(0)
    assert yaw(points)[1] > MAX_YAW
