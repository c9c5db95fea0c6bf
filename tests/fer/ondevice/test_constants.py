"""What a device gets: the numbers of the path, and networks that answer as on the server."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from fer import alignment, quality, stream, types
from fer.detection import blazeface, evidence
from fer.detection.blazeface import (
    _canvas,
    _resized_shape,
    _scaled,
    blazeface_content,
    stream_canvases,
)
from fer.litert import NetworkFile, interpreter_of
from fer.model.spec import ModelSpec
from fer.ondevice.constants import model_constants, path_constants
from fer.ondevice.networks import device_networks, fixed_batch
from fer.tracking import observation, track, tracker
from fer.video import scene_cuts
from tests.samples import ROOT, SHIPPED_MODEL

SCRIPTS = ROOT / "ondevice" / "fer_lens_ondevice" / "assets" / "vision"

#: Not a number of the path but where bytes stand, which `tests.ondevice.test_wire` compares.
LAYOUT = "wire"

FRAMES = {"working_side": 640, "off_highest": 1, "off_mean": 0.5}


def test_they_are_json() -> None:
    for made in (path_constants(**FRAMES), model_constants(ModelSpec.load(SHIPPED_MODEL))):
        assert json.loads(json.dumps(made, allow_nan=False)) == made


def test_a_head_that_never_answers_has_no_thresholds(spec: ModelSpec) -> None:
    head = spec.heads[0].model_copy(update={"abstention": None})
    made = model_constants(spec.model_copy(update={"heads": (head,)}))
    assert made["heads"][0]["thresholds"] == [[None] * len(head.labels)] * 2


def _own_numbers(module: ModuleType) -> Iterator[str]:
    """Yield the names of the public constants that a module defines itself."""
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    targets = [t for node in tree.body if isinstance(node, ast.Assign) for t in node.targets]
    names = {n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name)}
    yield from (name for name in sorted(names) if re.fullmatch("[A-Z][A-Z0-9_]+", name))


def _changed(value: object) -> object:
    match value:
        case slice():
            return slice(value.start + 1, value.stop)
        case tuple():
            return (_changed(value[0]), *value[1:])
        case np.ndarray():
            return value + np.float32(0.125)
    return value + 1


#: Numbers of these modules that the path on a device does not use, and why.
ELSEWHERE = {
    "FER2013_FRAMING": "a model says how it frames faces",
    "CROP_SCALE": "of drawn meshes",
    "MIN_EVIDENCE": "of photographs",
    "MEMORY_SECONDS": "who is who is said on the server",
    "MAX_AWAY": "who is who is said on the server",
    "NO_NUMBER": "who is who is said on the server",
}


MODULES = (alignment, quality, blazeface, evidence, observation, track, tracker)

NAMED = [
    *((module, name) for module in (*MODULES, scene_cuts) for name in _own_numbers(module)),
    (stream, "STREAM_SCORE"),
    *((types, name) for name in ("LANDMARKS", "CANDIDATE_SHARE", "MAX_CANDIDATES")),
]


@pytest.mark.parametrize(
    ("module", "name"), [(module, name) for module, name in NAMED if name not in ELSEWHERE]
)
def test_every_public_number_of_the_path_is_there(
    module: ModuleType, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = json.dumps(path_constants(**FRAMES))
    monkeypatch.setattr(module, name, _changed(getattr(module, name)))
    assert json.dumps(path_constants(**FRAMES)) != before


def _leaves(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _leaves(part, f"{path}.{key}" if path else key)
    else:
        yield path, value


def test_the_scripts_use_every_one_of_them() -> None:
    text = "\n".join(
        file.read_text(encoding="utf-8") for file in SCRIPTS.glob("*.js") if file.stem != "types"
    )
    numbers = path_constants(**FRAMES)
    del numbers[LAYOUT]
    names = {path.split(".")[-1] for path, _ in _leaves(numbers)}
    assert {name for name in names if not re.search(rf"\b{name}\b", text)} <= {"issues"}


MODELS = sorted(file.parent for file in (ROOT / "models").glob("*/spec.json"))


def answers(content: bytes, values: np.ndarray) -> dict[str, np.ndarray]:
    """Return the named outputs of a network with one input called ``image``."""
    return interpreter_of(content).get_signature_runner()(image=values)


@pytest.mark.parametrize("directory", MODELS, ids=lambda directory: directory.name)
def test_the_network_of_every_model_answers_as_on_the_server(directory: Path) -> None:
    spec = ModelSpec.load(directory)
    shape = (1, spec.input_size, spec.input_size, spec.channels)
    values = np.random.default_rng(1).uniform(0, 255, shape).astype(np.float32)
    expected = answers((directory / spec.file).read_bytes(), values)
    found = answers(device_networks(directory).expression, values)
    assert found.keys() == expected.keys()
    for name, output in expected.items():
        np.testing.assert_allclose(found[name], output, atol=1e-5)
    sizes = NetworkFile(device_networks(directory).expression).signatures()
    assert not any(-1 in signature for signature in sizes), "no size is left open"


def test_a_network_without_an_open_size_stays_as_it_is_made() -> None:
    content = fixed_batch(blazeface_content(128, 256))
    assert content == fixed_batch(content)
    values = np.random.default_rng(2).uniform(-1, 1, (1, 128, 256, 3)).astype(np.float32)
    pair = []
    for each in (content, blazeface_content(128, 256)):
        network = interpreter_of(each)
        network.set_tensor(network.get_input_details()[0]["index"], values)
        network.invoke()
        pair.append([network.get_tensor(o["index"]) for o in network.get_output_details()])
    for found, expected in zip(*pair, strict=True):
        np.testing.assert_array_equal(found, expected)


def test_a_second_visitor_gets_the_same_bytes_without_any_work() -> None:
    first, second = (device_networks(MODELS[0]) for _ in range(2))
    assert first.expression is second.expression
    assert first.landmark is second.landmark
    assert first.detector is second.detector


def test_there_is_a_detector_for_every_shape_of_a_frame() -> None:
    detectors = device_networks(MODELS[0]).detector
    assert list(detectors) == [f"{rows}x{columns}" for rows, columns in stream_canvases()]
    sides = (2, 90, 240, 360, 480, 481, 600, 640)
    shapes = {(short, 640) for short in sides} | {(640, short) for short in sides}
    used = {_canvas(_scaled(np.zeros((*shape, 3), np.uint8))[0]) for shape in shapes}
    assert {f"{rows}x{columns}" for rows, columns in used} <= detectors.keys()
    assert len(used) > 5
    shapes = [_resized_shape(s, 192, 256) for s in ([1, 16, 16, 96], [1, 512, 16], [1, 5, 5, 3])]
    assert shapes == [[1, 12, 16, 96], [1, 384, 16], [1, 5, 5, 3]]
