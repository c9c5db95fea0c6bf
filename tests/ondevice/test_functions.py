"""Each function of the path in JavaScript beside the one in Python that it is named after."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from app.live.streaming.frames import camera_is_off, working_size
from fer.alignment import align
from fer.detection.evidence import flat_share
from fer.geometry import weighted_nms
from fer.model.spec import ModelSpec
from fer.ondevice.constants import model_constants
from fer.quality import measure
from fer.tracking import Appearance, Light
from fer.types import Detections
from fer.video.scene_cuts import SceneCuts
from tests.ondevice.node import (
    Node,
    constants,
    js_detections,
    js_image,
    py_detections,
    py_image,
)
from tests.samples import SHIPPED_MODEL, make_detections

NUMBERS = constants()


def picture(seed: int, width: int = 160, height: int = 120, blur: float = 1.5) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    return cv2.GaussianBlur(noise, (0, 0), blur) if blur else noise


def scattered(seed: int, count: int, width: int = 160, height: int = 120) -> Detections:
    """Return faces of any place and size, many on top of each other."""
    rng = np.random.default_rng(seed)
    centre = rng.uniform([0, 0], [width, height], (count, 2))
    centre[count // 2 :] = centre[: count - count // 2] + rng.normal(0, 3, (count - count // 2, 2))
    half = rng.uniform(8, 40, (count, 1))
    found = make_detections(*np.hstack([centre - half, centre + half]).tolist())
    shaken = found.landmarks + rng.normal(0, 2, found.landmarks.shape).astype(np.float32)
    return replace(found, score=rng.uniform(0.3, 1, count).astype(np.float32), landmarks=shaken)


@pytest.mark.parametrize("count", [0, 1, 2, 17, 60])
def test_weighted_nms(js: Node, count: int) -> None:
    found = scattered(count, count)
    there = weighted_nms(found, 0.3)
    here = py_detections(js("vision/geometry.js:weightedNms", js_detections(found), 0.3))
    assert np.allclose(here.xyxy, there.xyxy, atol=1e-3)
    assert np.allclose(here.landmarks, there.landmarks, atol=1e-3)
    assert np.array_equal(here.score, there.score)


@pytest.mark.parametrize("blur", [0.0, 0.7, 2.0, 5.0])
@pytest.mark.parametrize("size", [48, 40, 64, 96])
@pytest.mark.parametrize("channels", [1, 3])
def test_quality(js: Node, blur: float, size: int, channels: int) -> None:
    face = scattered(size, 1)
    crop = picture(size, size, size, blur)
    crop = crop if channels == 3 else cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)[..., None]
    there = measure(face, crop[None])
    numbers = NUMBERS["quality"]
    here = js("vision/quality.js:measure", face.xyxy, face.landmarks, js_image(crop), numbers)
    # A grey level of a few pixels may be another where the crop is resized.
    near = 1e-3 if size == 48 else 0.02
    assert here["sharpness"] == pytest.approx(float(there.sharpness[0]), rel=near, abs=near)
    assert here["light"] == pytest.approx(float(there.light[0]), abs=1e-3 if size == 48 else 1)
    assert here["side"] == pytest.approx(float(there.side[0]), abs=1e-3)
    assert here["yaw"] == pytest.approx(float(there.yaw[0]), abs=1e-3)
    assert js("vision/quality.js:flawsOf", here, numbers) == there.flaws[0].tolist()


def test_sharpness_of_motion_blur_and_of_nothing(js: Node) -> None:
    blank = np.full((48, 48, 1), 90, np.uint8)
    moved = cv2.blur(picture(1, 48, 48, 0.5), (7, 1))
    for crop in (blank, moved):
        there = measure(scattered(1, 1), crop[None]).sharpness[0]
        grey = js("vision/quality.js:greyCrop", js_image(crop), 48)
        here = js("vision/quality.js:sharpness", grey, NUMBERS["quality"])
        assert here == pytest.approx(float(there), abs=1e-3)


def test_the_light_is_followed(js: Node) -> None:
    js.make("vision/appearance.js:Light", "light", NUMBERS["appearance"])
    light = Light()
    base = picture(7)
    for gain in (1.0, 0.8, 0.5, 1.2):
        frame = np.clip(base * gain, 0, 255).astype(np.uint8)
        assert np.allclose(js.on("light", "next", js_image(frame)), light(frame), atol=1e-4)


@pytest.mark.parametrize("count", [0, 1, 7])
def test_how_people_look(js: Node, count: int) -> None:
    image, found = picture(8, blur=4), scattered(8, count)
    light = np.array([4.2, 0.1, -0.2], np.float32)
    there = Appearance.of(image, found.xyxy, light) if count else None
    args = (js_image(image), found.xyxy, light, NUMBERS["appearance"])
    here = js("vision/appearance.js:appearanceOf", *args)
    assert len(here["visible"]) == count * 4
    if there:
        assert np.allclose(here["visible"], there.visible.ravel(), atol=1e-6)
        assert np.allclose(here["colours"], there.colours.ravel(), atol=1e-3)


BOXES = [(20, 20, 90, 90), (-30, -10, 40, 60), (130, 90, 170, 130), (50, 50, 70, 70), (1, 1, 2, 2)]


@pytest.mark.parametrize("box", BOXES)
@pytest.mark.parametrize("overexposed", [False, True])
@pytest.mark.parametrize("kind", ["noise", "drawing", "bright"])
def test_the_flat_share(js: Node, box: tuple, overexposed: bool, kind: str) -> None:
    image = picture(9, blur=3)
    if kind == "drawing":
        image = (image > 128).astype(np.uint8) * 200
    if kind == "bright":
        image = np.clip(image.astype(int) * 2, 0, 255).astype(np.uint8)
    place = np.array(box, np.float32)
    args = (js_image(image), place, overexposed, NUMBERS["evidence"])
    here = js("vision/evidence.js:flatShare", *args)
    there = flat_share(image, place, overexposed=overexposed)
    assert here == pytest.approx(there, abs=0.004)


@pytest.mark.parametrize(
    "size", [(640, 480), (1280, 720), (320, 240), (480, 640), (1001, 333), (17, 13)]
)
def test_the_working_size(js: Node, size: tuple[int, int]) -> None:
    image = picture(11, *size)
    there = working_size(image)
    here = py_image(js("vision/frames.js:workingSize", js_image(image), NUMBERS["frames"]))
    assert here.shape == there.shape
    assert np.abs(here.astype(int) - there).max() <= 1


@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize("noisy", [0, 3, 60])
def test_a_camera_that_is_off(js: Node, level: int, noisy: int) -> None:
    image = np.zeros((8, 8, 3), np.uint8)
    image.reshape(-1)[:noisy] = level
    here = js("vision/frames.js:cameraIsOff", js_image(image), NUMBERS["frames"])
    assert here == camera_is_off(image)


@pytest.mark.parametrize(("size", "channels"), [(48, 1), (48, 3), (64, 3), (40, 1), (96, 1)])
def test_the_crops_of_a_model_with_another_input(js: Node, size: int, channels: int) -> None:
    spec = ModelSpec.load(SHIPPED_MODEL)
    spec = spec.model_copy(update={"input_size": size, "channels": channels})
    image, found = picture(12, 320, 240), scattered(12, 6, 320, 240)
    there = align(image, found, framing=spec.framing, size=size, channels=channels)
    js.make("vision/classifier.js:Classifier", "model", None, model_constants(spec), NUMBERS)
    here = js.on("model", "align", js_image(image), js_detections(found))
    crops = np.stack([py_image(crop) for crop in here["crops"]]).reshape(there.shape)
    assert np.abs(crops.astype(int) - there).max() <= 2
    assert (crops != there).mean() <= 0.02
    assert here["flaws"] == measure(found, there).flaws.tolist()


def test_where_another_scene_begins(js: Node) -> None:
    """A camera that moves ever farther, light, flashes, and other scenes."""
    rng, wide = np.random.default_rng(3), [picture(seed, 960, 540, blur=30) for seed in range(3)]
    wide = [cv2.normalize(scene, None, 0, 255, cv2.NORM_MINMAX) for scene in wide]
    frames = [wide[0][:360, :640], wide[1][:360, :640]]
    for move in range(0, 170, 10):
        frames += [wide[2][:360, :640], wide[2][move : move + 360, 2 * move : 2 * move + 640]]
    frames += [wide[0][90:450, :640], (0.4 * wide[0][90:450, 20:660]).astype(np.uint8)]
    frames += [np.full_like(frames[0], level) + rng.integers(0, 3, frames[0].shape, np.uint8)
               for level in (0, 250)] + [wide[0][90:450, :640], frames[0][:, ::-1]]  # fmt: skip
    is_cut, there, here = SceneCuts(), [], []
    js.make("vision/cuts.js:SceneCuts", "cuts", NUMBERS["cuts"])
    for frame in frames:
        small = cv2.resize(frame, (64, 36), interpolation=cv2.INTER_AREA)
        there.append(is_cut(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)))
        here.append(js.on("cuts", "isCut", js_image(np.ascontiguousarray(frame))))
    assert here == there
    assert 3 < sum(there) < len(there) / 2
