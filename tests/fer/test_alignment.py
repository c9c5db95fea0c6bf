"""Crops of faces, and what is marked as too small, blurred, dark or turned."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer.alignment import FER2013_FRAMING, align, frame_transform, warp
from fer.detection.blazeface import BlazeFace
from fer.geometry import transform_points, transform_scale
from fer.quality import MAX_YAW, MIN_LIGHT, MIN_SIDE, measure, yaw
from fer.types import ISSUES, Detections, Image
from tests.fer.samples import rotation
from tests.samples import make_detections

POINTS = np.array(FER2013_FRAMING.points)


def face_at(scale: float, degrees: float, x: float, y: float) -> Detections:
    """A face whose points stand exactly as in FER2013, seen elsewhere."""
    turn = scale * rotation(degrees)
    points = np.zeros((1, 6, 2), np.float32)
    points[0, :4] = (POINTS - 24) @ turn.T + (x, y)
    half = FER2013_FRAMING.box_side * scale / 2
    middle = (np.array(FER2013_FRAMING.box_centre) - 24) @ turn.T + (x, y)
    box = np.concatenate([middle - half, middle + half])[None].astype(np.float32)
    return Detections(box, np.ones(1, np.float32), points)


@given(st.floats(0.3, 30), st.floats(-60, 60), st.floats(-100, 900), st.floats(-100, 900))
def test_points_land_where_fer2013_has_them(scale: float, tilt: float, x: float, y: float) -> None:
    face = face_at(scale, tilt, x, y)
    matrix = frame_transform(face.landmarks[0], face.xyxy[0], FER2013_FRAMING)
    assert transform_points(matrix, face.landmarks[0, :4]) == pytest.approx(POINTS, abs=0.05)


@pytest.mark.parametrize("scale", [0.4, 1.0, 7.3])
@pytest.mark.parametrize("tilt", [0, 30])
@pytest.mark.parametrize("size", [48, 96])
def test_a_face_of_any_size_and_tilt_looks_the_same(scale: float, tilt: float, size: int) -> None:
    drawn = np.full((48, 48, 3), 200, np.uint8)
    for (x, y), radius in zip(POINTS, (4, 4, 3, 6), strict=True):
        cv2.circle(drawn, (round(x - 0.5), round(y - 0.5)), radius, (30, 30, 30), -1)
    drawn = cv2.GaussianBlur(drawn, (0, 0), 1.5)
    turn = scale * rotation(tilt)
    seen = np.column_stack([turn, [300, 300] - turn @ [23.5, 23.5]])
    image = cv2.warpAffine(
        drawn, seen, (600, 600), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE
    )
    face = face_at(scale, tilt, 300.5, 300.5)
    crop = align(np.asarray(image, np.uint8), face, framing=FER2013_FRAMING, size=size, channels=1)
    small = cv2.resize(crop[0], (48, 48), interpolation=cv2.INTER_AREA)
    assert np.abs(small[4:44, 4:44].astype(int) - drawn[4:44, 4:44, 0]).mean() < 8


@pytest.mark.parametrize(("x", "y"), [(0, 0), (59, 30), (-5, 65), (500, 500)])
def test_past_the_border_the_image_goes_on(x: float, y: float) -> None:
    image = np.full((60, 60, 3), 77, np.uint8)
    crop = align(image, face_at(1, 0, x, y), framing=FER2013_FRAMING, size=48, channels=3)
    assert (crop == 77).all()


def test_a_large_sharp_face_is_averaged_and_not_sampled() -> None:
    checker = np.indices((960, 960)).sum(axis=0) % 2 * 255
    image = np.repeat(checker.astype(np.uint8)[..., None], 3, axis=2)
    crop = warp(image, np.array([[0.05, 0, 0], [0, 0.05, 0.0]]), 48)
    assert np.abs(crop.astype(int) - 127).max() <= 2


@given(st.floats(2, 20), st.floats(0, 1), st.sampled_from([0, 30, 90]))
def test_a_crop_keeps_fine_detail_anywhere(scale: float, phase: float, degrees: float) -> None:
    # Stripes, of which four pixels of the crop are one period, seen `scale` times larger.
    angle = np.deg2rad(degrees)
    right, down = np.meshgrid(np.arange(16 * scale), np.arange(16 * scale))
    across = (right + 0.5) * np.cos(angle) + (down + 0.5) * np.sin(angle)
    stripes = 127.5 + 100 * np.sin(2 * np.pi * across / (4 * scale))
    image = np.repeat(np.round(stripes).astype(np.uint8)[..., None], 3, axis=2)
    turn = rotation(-degrees) / scale
    middle = np.full(2, image.shape[0] / 2)
    crop = warp(image, np.column_stack([turn, 4 + phase - turn @ middle]), 8)
    # Sine and cosine over two periods give the amplitude, whatever the phase.
    waves = np.exp(2j * np.pi * np.arange(8) / 4)
    amplitude = 2 * abs(np.mean(crop[..., 0] * waves, axis=1)).mean()
    assert 78 < amplitude < 103


@given(st.floats(0.5, 8), st.floats(-180, 180), st.floats(-3, 3), st.floats(-3, 3))
def test_every_pixel_shows_its_own_place(scale: float, degrees: float, x: float, y: float) -> None:
    # Red says how far right a place of the image is, green how far down.
    right, down = np.meshgrid(np.arange(48), np.arange(48))
    image = (5 * np.stack([right, down, 0 * down], axis=-1)).astype(np.uint8)
    turn, middle = scale * rotation(degrees), np.array([24 + x, 24 + y])
    crop = warp(image, np.column_stack([turn, 6 - turn @ middle]), 12)
    pixels = np.stack(np.meshgrid(np.arange(12), np.arange(12)), axis=-1) + 0.5
    places = (pixels - 6) @ np.linalg.inv(turn).T + middle
    assert crop[..., :2] == pytest.approx(5 * (places - 0.5), abs=1.5)


@pytest.mark.parametrize(
    ("colour", "grey"), [((255, 0, 0), 76), ((0, 255, 0), 150), ((0, 0, 255), 29)]
)
def test_grey_is_as_light_as_the_colour_looks(colour: tuple[int, int, int], grey: int) -> None:
    image = np.full((60, 60, 3), colour, np.uint8)
    crop = align(image, face_at(1, 0, 30, 30), framing=FER2013_FRAMING, size=48, channels=1)
    assert (crop == grey).all()


@pytest.mark.parametrize("box", [(0, 0, 40, 80), (0, 0, 80, 40)], ids=["tall", "wide"])
def test_the_longer_side_of_a_box_is_the_size(box: tuple[float, float, float, float]) -> None:
    face = make_detections(box)
    matrix = frame_transform(face.landmarks[0], face.xyxy[0], FER2013_FRAMING)
    assert transform_scale(matrix) == pytest.approx(FER2013_FRAMING.box_side / 80)


def test_points_all_in_one_place_and_no_face_at_all_still_give_crops() -> None:
    box, score = np.array([[10, 10, 50, 50]], np.float32), np.ones(1, np.float32)
    face = Detections(box, score, np.full((1, 6, 2), 30, np.float32))
    image: Image = np.full((60, 60, 3), 9, np.uint8)
    for found in (face, Detections.empty()):
        crops = align(image, found, framing=FER2013_FRAMING, size=48, channels=1)
        assert crops.shape == (len(found), 48, 48, 1)
        assert (crops == 9).all()


def issues(image: Image, found: Detections, size: int = 48, channels: int = 1) -> list[list[str]]:
    crops = align(image, found, framing=FER2013_FRAMING, size=size, channels=channels)
    marked = measure(found, crops).issues
    return [[name for name, on in zip(ISSUES, row, strict=True) if on] for row in marked]


@pytest.fixture(scope="module")
def face(astronaut: Image) -> Detections:
    return BlazeFace()(astronaut).take(np.array([0]))


@pytest.mark.parametrize(("size", "channels"), [(48, 1), (48, 3), (150, 3), (64, 1)])
def test_crops_of_any_kind_do(astronaut: Image, face: Detections, size: int, channels: int) -> None:
    assert issues(astronaut, face, size, channels) == [[]]
    assert issues(cv2.GaussianBlur(astronaut, (0, 0), 6), face, size, channels) == [["blurred"]]
    assert issues(astronaut, Detections.empty(), size, channels) == []


def test_blur_and_motion_are_seen_in_any_light(astronaut: Image, face: Detections) -> None:
    for image in (cv2.GaussianBlur(astronaut, (0, 0), 5), cv2.blur(astronaut, (19, 1))):
        dimmer = (image * 0.5).astype(np.uint8)
        assert issues(np.asarray(image, np.uint8), face) == issues(dimmer, face) == [["blurred"]]


def test_a_dim_face_is_dark_before_a_bright_wall(astronaut: Image, face: Detections) -> None:
    dim = (astronaut * 0.2).astype(np.uint8)
    left, top, right, bottom = face.xyxy[0].round().astype(int)
    wall = np.full_like(astronaut, 240)
    wall[top:bottom, left:right] = dim[top:bottom, left:right]
    assert issues(dim, face) == issues(wall, face) == [["dark"]]
    assert issues((astronaut * 0.5).astype(np.uint8), face) == [[]]


def test_dark_skin_with_highlights_is_no_dark_picture(astronaut: Image, face: Detections) -> None:
    curve = 130 * np.linspace(0, 1, 256) ** 3
    dusky = curve[astronaut].astype(np.uint8)
    left, top, right, bottom = face.xyxy[0].round().astype(int)
    assert dusky[top:bottom, left:right].mean() < MIN_LIGHT
    assert issues(dusky, face) == [[]]


def test_a_small_face_is_small_and_not_blurred_as_well(astronaut: Image, face: Detections) -> None:
    table = ((MIN_SIDE - 2, ["small"], ["small"]), (MIN_SIDE + 20, [], ["blurred"]))
    for side, found, found_in_soft in table:
        scale = float(side / np.max(face.xyxy[0, 2:] - face.xyxy[0, :2]))
        little = cv2.resize(astronaut, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        soft = cv2.GaussianBlur(little, (0, 0), side / 20)
        assert issues(np.asarray(little, np.uint8), face.moved(scale=scale)) == [found]
        assert issues(np.asarray(soft, np.uint8), face.moved(scale=scale)) == [found_in_soft]


def test_a_nose_under_one_eye_is_turned(astronaut: Image, face: Detections) -> None:
    landmarks = face.landmarks.copy()
    landmarks[0, 2] += (landmarks[0, 1] - landmarks[0, 0]) * 0.5
    assert yaw(landmarks) == pytest.approx([1], abs=0.1)
    assert issues(astronaut, Detections(face.xyxy, face.score, landmarks)) == [["turned"]]


@given(
    angle=st.floats(0, 360),
    scale=st.floats(0.1, 20),
    nose=st.floats(-1.5, 1.5),
    drop=st.floats(-1, 2),
)
def test_yaw_ignores_tilt_size_nod(angle: float, scale: float, nose: float, drop: float) -> None:
    upright = make_detections((0, 0, 100, 100)).landmarks[0]
    middle, half = (upright[0] + upright[1]) / 2, (upright[1] - upright[0]) / 2
    upright[2] = middle + nose * half + drop * np.array([-half[1], half[0]])
    landmarks = (scale * upright @ rotation(angle).T)[None].astype(np.float32)
    assert yaw(landmarks) == pytest.approx([abs(nose)], abs=1e-3)


def test_points_in_one_place_are_as_turned_as_can_be_and_no_error() -> None:
    points = np.zeros((2, 6, 2), np.float32)
    points[1, 2], points[1, 1] = 5, 0.01
    assert yaw(points)[0] == pytest.approx(0)
    assert yaw(points)[1] > MAX_YAW
