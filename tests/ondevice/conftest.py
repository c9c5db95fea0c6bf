"""One process of Node for all tests of the scripts, and the networks that Python runs for them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest

from fer.litert import interpreter_of
from fer.ondevice.networks import device_networks
from tests.ondevice.node import Network, Node, node
from tests.samples import SHIPPED_MODEL


@pytest.fixture(scope="session")
def js() -> Iterator[Node]:
    """A process of Node; in CI it must be installed."""
    if not node():
        if os.environ.get("CI"):
            pytest.fail("CI needs Node")
        pytest.skip("needs Node")
    process = Node()
    yield process
    process.close()


@pytest.fixture(scope="session")
def networks(js: Node) -> Node:
    """The same process, whose scripts may ask for networks, which Python runs."""
    js.networks = python_networks()
    return js


def python_networks() -> dict[str, Network]:
    """Return what runs each network, with the inputs and outputs that scripts expect."""
    files = device_networks(SHIPPED_MODEL)

    @cache
    def interpreter(canvas: str) -> Any:
        return interpreter_of(files.detector[canvas])

    landmark = interpreter_of(files.landmark)
    expression = interpreter_of(files.expression).get_signature_runner()

    def detector(canvas: str, values: np.ndarray) -> list[np.ndarray]:
        by_size = {len(out): out for out in _outputs(interpreter(canvas), values)}
        boxes, logits = (by_size[size] for size in sorted(by_size, reverse=True))
        return [boxes, logits]

    def landmarks(values: np.ndarray) -> list[Any]:
        presence, points = sorted(_outputs(landmark, values), key=len)
        return [points, float(presence[0])]

    def expressions(values: np.ndarray) -> dict[str, np.ndarray]:
        shape = expression.get_input_details()["image"]["shape"]
        outputs = expression(image=values.reshape(shape))
        return {name: out[0] for name, out in outputs.items() if out.ndim == 2}

    return {"detector": detector, "landmark": landmarks, "expression": expressions}


def _outputs(interpreter: Any, values: np.ndarray) -> list[np.ndarray]:
    given = interpreter.get_input_details()[0]
    interpreter.set_tensor(given["index"], values.reshape(given["shape"]))
    interpreter.invoke()
    return [interpreter.get_tensor(o["index"]).ravel() for o in interpreter.get_output_details()]
