"""Pixels in JavaScript as OpenCV makes them: resizing, warping, grey."""

import cv2
import numpy as np
import pytest

from fer.alignment import FER2013_FRAMING, align, frame_transform
from tests.ondevice.node import Node, js_image, py_image, rgba
from tests.samples import make_detections

SIZES = [
    # given (width, height), wanted
    ((640, 480), (320, 240)),
    ((320, 240), (256, 192)),
    ((1280, 720), (640, 360)),
    ((641, 479), (320, 239)),
    ((97, 61), (41, 30)),
    ((96, 96), (48, 48)),
    ((144, 144), (48, 48)),
    ((50, 49), (48, 48)),
    ((48, 48), (48, 48)),
    ((5, 3), (4, 3)),
    ((1, 1), (1, 1)),
]
LARGER = [((30, 40), (48, 48)), ((24, 24), (48, 48)), ((40, 60), (48, 48))]


def noise(width: int, height: int, channels: int = 3) -> np.ndarray:
    rng = np.random.default_rng(width * height)
    shape = (height, width, channels) if channels > 1 else (height, width)
    return rng.integers(0, 256, shape, np.uint8)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("given", "wanted"), [*SIZES, *LARGER])
def test_area_averaging_is_opencvs(js: Node, given: tuple, wanted: tuple, channels: int) -> None:
    image = noise(*given, channels)
    here = py_image(js("vision/resize.js:resizeArea", js_image(image), *wanted))
    there = cv2.resize(image, wanted, interpolation=cv2.INTER_AREA)
    assert np.abs(here.astype(int) - there).max() <= 1
    assert (given, wanted) in LARGER or (here != there).mean() <= 0.01


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("given", "wanted"), [*SIZES, ((320, 240), (640, 480)), ((3, 5), (64, 9))])
def test_bilinear_resizing_is_opencvs(js: Node, given: tuple, wanted: tuple, channels: int) -> None:
    image = noise(*given, channels)
    here = py_image(js("vision/resize.js:resizeLinear", js_image(image), *wanted))
    there = cv2.resize(image, wanted, interpolation=cv2.INTER_LINEAR)
    assert np.abs(here.astype(int) - there).max() <= 1
    assert (here != there).mean() <= 0.02


def test_grey_is_opencvs(js: Node) -> None:
    image = noise(64, 48)
    here = py_image(js("vision/image.js:toGrey", js_image(image)))
    assert np.array_equal(here, cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))


def test_a_canvass_pixels_lose_their_alpha(js: Node) -> None:
    image = np.vstack([noise(14, 6), np.full((2, 14, 3), 255, np.uint8)])
    canvas = js("vision/image.js:fromRgba", rgba(image))
    for wanted in ((14, 8), (7, 4), (5, 4), (20, 9)):
        for resize in ("vision/resize.js:resizeArea", "vision/resize.js:resizeLinear"):
            here = py_image(js(resize, canvas, *wanted))[..., :3]
            assert np.array_equal(here, py_image(js(resize, js_image(image), *wanted)))


BOXES = [
    (100, 80, 220, 200),  # large: is reduced first
    (100, 80, 120, 100),  # small: is enlarged
    (-40, -30, 90, 100),  # past the border
    (280, 200, 360, 280),
    (150, 100, 150.5, 100.5),
]


@pytest.mark.parametrize("box", BOXES)
@pytest.mark.parametrize("turn", [0.0, 0.6, -2.0])
def test_a_face_is_cropped_as_in_python(js: Node, box: tuple, turn: float) -> None:
    image = cv2.GaussianBlur(noise(320, 240), (0, 0), 1.2)
    face = make_detections(box)
    centre = face.landmarks[0].mean(axis=0)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]], np.float32)
    points = (face.landmarks[0] - centre) @ rotation.T + centre
    framing = {
        "side": FER2013_FRAMING.side,
        "points": FER2013_FRAMING.points,
        "boxCentre": FER2013_FRAMING.box_centre,
        "boxSide": FER2013_FRAMING.box_side,
    }
    there = frame_transform(points, face.xyxy[0], FER2013_FRAMING)
    here = js("vision/alignment.js:frameTransform", points, face.xyxy[0], framing)
    assert np.allclose(here, there.ravel(), atol=1e-3)
    turned = type(face)(face.xyxy, face.score, points[None].astype(np.float32))
    crop = align(image, turned, framing=FER2013_FRAMING, size=48, channels=3)[0]
    args = (js_image(image), turned.landmarks, turned.xyxy, framing, 48, 2)
    mine = py_image(js("vision/alignment.js:alignFace", *args))
    assert np.abs(mine.astype(int) - crop).max() <= 2
    assert (mine != crop).mean() <= 0.05


def test_points_in_one_place_are_no_rotation(js: Node) -> None:
    points, box = np.full((6, 2), 20, np.float32), np.array([10, 10, 30, 30], np.float32)
    framing = {"side": 48, "points": [[1, 1], [2, 1]], "boxCentre": [24, 24], "boxSide": 40}
    here = js("vision/alignment.js:frameTransform", points, box, framing)
    assert here == pytest.approx([2, 0, -16, 0, 2, -16])
