"""Each function of the path in JavaScript beside the one of Python or OpenCV that it stands for."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import cv2
import fer_lens_ondevice
import numpy as np
import pytest

from app.live.device.protocol import MAX_BATCH, MAX_BATCHES, MAX_MESSAGE
from app.live.streaming.frames import camera_is_off
from fer.alignment import FER2013_FRAMING, align, frame_transform
from fer.detection.evidence import flat_share
from fer.model.classifier import calibrated, head_logits
from fer.model.spec import Abstention, Head, ModelSpec
from fer.ondevice.constants import model_constants
from fer.ondevice.wire import HEADER, MAX_FACES, MAX_OBSERVATIONS, face_type
from fer.quality import measure
from fer.tracking.observation import Light
from fer.types import Detections, Faces
from fer.video.scene_cuts import SceneCuts
from tests.ondevice.node import Node, constants, js_detections, js_image, node, py_image, rgba
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
    assert js("vision/quality.js:issuesOf", here, numbers) == there.issues[0].tolist()


def test_the_light_is_followed(js: Node) -> None:
    js.make("vision/appearance.js:Light", "light", NUMBERS["appearance"])
    light = Light()
    base = picture(7)
    for gain in (1.0, 0.8, 0.5, 1.2):
        frame = np.clip(base * gain, 0, 255).astype(np.uint8)
        assert np.allclose(js.on("light", "next", js_image(frame)), light(frame), atol=1e-4)


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
    assert here["issues"] == measure(found, there).issues.tolist()


def test_where_another_scene_begins(js: Node) -> None:
    """A camera that moves ever farther, light, flashes, mixed frames, and other scenes."""
    rng, wide = np.random.default_rng(3), [picture(seed, 960, 540, blur=30) for seed in range(3)]
    wide = [cv2.normalize(scene, None, 0, 255, cv2.NORM_MINMAX) for scene in wide]
    frames = [wide[0][:360, :640], wide[1][:360, :640]]
    for move in range(0, 170, 10):
        frames += [wide[2][:360, :640], wide[2][move : move + 360, 2 * move : 2 * move + 640]]
    frames += [wide[0][90:450, :640], (0.4 * wide[0][90:450, 20:660]).astype(np.uint8)]
    frames += [np.full_like(frames[0], level) + rng.integers(0, 3, frames[0].shape, np.uint8)
               for level in (0, 250)] + [wide[0][90:450, :640], frames[0][:, ::-1]]  # fmt: skip
    mixed = (frames[0].astype(np.uint16) + frames[1]) // 2
    frames += [frames[0], frames[0], mixed.astype(np.uint8), frames[1], frames[1]]
    is_cut, there, here, seconds = SceneCuts(), [], [], 0.0
    js.make("vision/cuts.js:SceneCuts", "cuts", NUMBERS["cuts"])
    for number, frame in enumerate([*frames, *frames]):
        seconds += 0.04 if number < len(frames) else 0.2
        small = cv2.resize(frame, (64, 36), interpolation=cv2.INTER_AREA)
        there.append(is_cut(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), seconds))
        here.append(js.on("cuts", "isCut", js_image(np.ascontiguousarray(frame)), seconds))
    assert here == there
    assert there[: len(frames)] != there[len(frames) :], "the time counts"
    assert 6 < sum(there) < len(there) / 2


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
            rows = {name: values[0] for name, values in logits.items()}
            here = js("vision/answers.js:probabilitiesOf", rows, given, heads)
            assert np.allclose(here, there[0], atol=1e-5)
            issues = rng.random((1, 4)) < wanted / 3
            _same_answer(js, there, issues, head, given)


def _same_answer(
    js: Node, probabilities: np.ndarray, issues: np.ndarray, head: Head, given: dict
) -> None:
    limits = {"issues": issues, "thresholds": head.thresholds, "margin": head.margin}
    faces = Faces.of(make_detections((0, 0, 9, 9)), probabilities, head.labels, **limits)
    args = (probabilities[0], issues[0].tolist(), given, NUMBERS["answers"])
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
    for has_issues in (False, True):
        issues = np.array([[False, has_issues, False, False]])
        _same_answer(js, row, issues, head, model_constants(spec)["heads"][0])


HERE = Path(__file__).parent
FILES = sorted(str(file.relative_to(HERE)) for file in HERE.rglob("*.test.*js"))


@pytest.mark.parametrize("name", FILES)
def test_scripts_do_as_their_tests_say(js: Node, name: str) -> None:
    command = [node() or "node", "--test", "--test-reporter=spec", name]
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_a_browser_sends_is_not_too_much(js: Node) -> None:
    url = (fer_lens_ondevice.ASSETS / "page" / "protocol.js").as_uri()
    code = f"import('{url}').then((m) => console.log(JSON.stringify(m.LIMITS)))"
    command = [node() or "node", "--input-type=module", "-e", code]
    limits = json.loads(subprocess.check_output(command))
    assert limits["batchObservations"] <= MAX_OBSERVATIONS
    largest = HEADER.itemsize + MAX_FACES * face_type(99).itemsize
    longest = 4 / 3 * max(limits["batchBytes"], largest) + 4
    assert longest <= MAX_BATCH
    assert limits["messageBytes"] <= MAX_MESSAGE
    assert longest <= MAX_MESSAGE, "one batch at least is sent, however long"
    smallest = 4 / 3 * HEADER.itemsize
    assert limits["messageBytes"] / smallest <= MAX_BATCHES


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


CROP_BOXES = [
    (100, 80, 220, 200),  # large: is reduced first
    (100, 80, 120, 100),  # small: is enlarged
    (-40, -30, 90, 100),  # past the border
    (280, 200, 360, 280),
    (150, 100, 150.5, 100.5),
]


@pytest.mark.parametrize("box", CROP_BOXES)
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
