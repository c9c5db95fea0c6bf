"""What a device gets gives the same answers as what the server runs."""

from pathlib import Path

import numpy as np
import pytest

from fer.detection.blazeface import _canvas, _scaled, blazeface_content, stream_canvases
from fer.errors import ModelError
from fer.litert import NetworkFile, interpreter_of
from fer.model.spec import ModelSpec
from fer.ondevice.networks import device_networks, fixed_batch
from tests.samples import ROOT

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


def test_a_model_whose_file_was_changed_is_refused(tmp_path: Path) -> None:
    for name in ("spec.json", "model.tflite"):
        (tmp_path / name).write_bytes((MODELS[0] / name).read_bytes())
    with (tmp_path / "model.tflite").open("ab") as file:
        file.write(b"x")
    with pytest.raises(ModelError, match="SHA-256"):
        device_networks(tmp_path)


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
