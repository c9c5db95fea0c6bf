"""The worker of analyses on the visitor's own device, in Chromium, with the real networks."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import fer_lens_ondevice
import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from fer.detection.blazeface import blazeface_content
from fer.litert import interpreter_of
from fer.model.spec import ModelSpec
from fer.ondevice.networks import device_networks
from tests.browser.conftest import PATIENCE
from tests.samples import ROOT, SHIPPED_MODEL

#: Stands in for the observer: each network sees a pattern, and what it answers is told. The frame's
#: head is the canvas of the detector.
OBSERVER = """
const pattern = (size, low, high) =>
  Float32Array.from({ length: size }, (_, i) => low + ((i * 37) % 101) / 100 * (high - low));

export class Observer {
  constructor(constants, model, run) { this.answerWith(model, run); }
  answerWith(model, run) { this.model = model; this.run = run; }
  async see({ number, rgba, width, settings }) {
    const { inputSize, channels } = this.model;
    const [rows, columns] = settings.head.split("x").map(Number);
    const canvas = pattern(rows * columns * 3, -1, 1);
    const [boxes, logits] = await this.run.detector(settings.head, canvas);
    const [points, presence] = await this.run.landmark(pattern(192 * 192 * 3, 0, 1));
    const heads = await this.run.expression(pattern(inputSize * inputSize * channels, 0, 255));
    const pixel = [...rgba.slice(4 * width, 4 * width + 4)];
    const observation = new ArrayBuffer(8);
    return { number, pixel, boxes, logits, points, presence: [presence], heads, observation };
  }
}
"""

#: Asks the worker as the page does.
ASK = """
async ([message, frames]) => {
  const worker = new Worker("/worker.js");
  const said = [];
  const answered = (type) => new Promise((resolve, reject) => {
    const look = ({ data }) => {
      said.push(data);
      if (data.type === "failed") resolve(data);
      else if (data.type === type) resolve(data);
      else return;
      worker.removeEventListener("message", look);
    };
    worker.addEventListener("message", look);
    worker.onerror = (event) => reject(new Error(event.message));
  });
  const post = (data, type, transfer = []) => {
    const answer = answered(type);
    worker.postMessage(data, transfer);
    return answer;
  };
  const plain = (value) => ArrayBuffer.isView(value) ? [...value]
    : value instanceof ArrayBuffer ? value.byteLength : value;
  const base = new URL("/", location.href).href;
  await post({ ...message, base }, "ready");
  for (const frame of said.at(-1).type === "ready" ? frames : []) {
    if (frame.type === "load") {
      await post({ ...frame, base }, "ready");
      continue;
    }
    const canvas = new OffscreenCanvas(64, 48);
    const context = canvas.getContext("2d");
    context.fillStyle = "rgb(10, 20, 30)";
    context.fillRect(0, 0, 64, 48);
    const bitmap = canvas.transferToImageBitmap();
    await post({ type: "frame", seconds: 0, bitmap, ...frame }, "seen", [bitmap]);
  }
  await post({ type: "end" }, "ended");
  worker.terminate();
  return JSON.parse(JSON.stringify(said, (_, value) => plain(value)));
}
"""


class Assets(SimpleHTTPRequestHandler):
    """Serves the scripts and the runtime as they are, the networks from memory, and counts."""

    networks: ClassVar[dict[str, bytes]] = {}
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        type(self).asked.append(self.path)
        content = {
            "/": b"<!doctype html><title>worker</title>",
            "/vision/observer.js": OBSERVER.encode(),
            **self.networks,
        }.get(self.path)
        if content is None:
            return super().do_GET()
        kind = "text/javascript" if self.path.endswith(".js") else "text/html"
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


def served(content: bytes) -> dict[str, Any]:
    """A network's address, as a browser is told of it."""
    sha256 = hashlib.sha256(content).hexdigest()
    Assets.networks[f"/networks/{sha256}"] = content
    return {"url": f"networks/{sha256}", "sha256": sha256, "bytes": len(content)}


def load_message(directory: Path = SHIPPED_MODEL) -> dict[str, Any]:
    """What the page posts first."""
    if missing := fer_lens_ondevice.missing():
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    spec, made = ModelSpec.load(directory), device_networks(directory)
    heads = [{"name": head.name, "output": head.output} for head in spec.network_heads]
    return {
        "type": "load",
        "runtime": fer_lens_ondevice.runtime(),
        "networks": {
            "key": directory.name,
            "detector": {canvas: served(content) for canvas, content in made.detector.items()},
            "landmark": served(made.landmark),
            "expression": served(made.expression),
        },
        "constants": {},
        "model": {"heads": heads, "inputSize": spec.input_size, "channels": spec.channels},
    }


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    handler = partial(Assets, directory=str(fer_lens_ondevice.ASSETS))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture
def page(browser: Browser, url: str) -> Iterator[Page]:
    """An empty page of the server, in a browser that has kept nothing."""
    Assets.asked.clear()
    context = browser.new_context()
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(url)
    yield page
    context.close()


def pattern(low: float, high: float, *shape: int) -> np.ndarray:
    steps = (np.arange(np.prod(shape)) * 37 % 101) / 100
    return (low + steps * (high - low)).astype(np.float32).reshape(1, *shape)


def outputs(content: bytes, values: np.ndarray) -> list[np.ndarray]:
    network = interpreter_of(content)
    network.set_tensor(network.get_input_details()[0]["index"], values)
    network.invoke()
    return [network.get_tensor(o["index"]).ravel() for o in network.get_output_details()]


def kinds(said: list[dict[str, Any]]) -> list[str]:
    """Return the types of what a worker said, without its progress."""
    return [message["type"] for message in said if message["type"] != "progress"]


def answers_in(said: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [message for message in said if message["type"] == "seen"]


def same(found: list[float], expected: np.ndarray) -> None:
    """Equal to 1e-4 of the largest value: boxes are pixels, up to some hundred."""
    tolerance = 1e-4 * max(1.0, float(np.abs(expected).max()))
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)


def same_expressions(found: dict[str, list[float]], directory: Path) -> None:
    """The outputs that the heads of a model need, as Python has them for the same pattern."""
    spec = ModelSpec.load(directory)
    size = (spec.input_size, spec.input_size, spec.channels)
    network = interpreter_of((directory / spec.file).read_bytes()).get_signature_runner()
    expected = network(image=pattern(0, 255, *size))
    assert found.keys() == {head.output for head in spec.network_heads}
    for output, values in found.items():
        same(values, expected[output][0])


def test_the_networks_answer_in_a_browser_as_on_the_server(page: Page) -> None:
    canvases = {"192x256": (192, 256), "256x160": (256, 160)}
    frames = [{"number": i, "settings": {"head": c}} for i, c in enumerate(canvases)]
    said = page.evaluate(ASK, [load_message(), frames])
    assert kinds(said) == ["ready", "seen", "seen", "ended"]
    points, presence = outputs(device_networks(SHIPPED_MODEL).landmark, pattern(0, 1, 192, 192, 3))
    for seen, canvas in zip(answers_in(said), canvases.values(), strict=True):
        content = blazeface_content(*canvas)
        logits, boxes = sorted(outputs(content, pattern(-1, 1, *canvas, 3)), key=len)
        same(seen["boxes"], boxes)
        same(seen["logits"], logits)
        same(seen["points"], points)
        same(seen["presence"], presence)
        same_expressions(seen["heads"], SHIPPED_MODEL)
        assert seen["pixel"] == [10, 20, 30, 255]


def test_every_model_answers_and_takes_turns_without_a_second_start(page: Page) -> None:
    models = sorted(file.parent for file in (ROOT / "models").glob("*/spec.json"))
    frame = {"number": 1, "settings": {"head": "192x256"}}
    steps = [step for model in models for step in (load_message(model), frame)]
    said = page.evaluate(ASK, [load_message(), steps])
    assert kinds(said) == ["ready", *["ready", "seen"] * len(models), "ended"]
    for seen, model in zip(answers_in(said), models, strict=True):
        same_expressions(seen["heads"], model)
    asked = [path for path in Assets.asked if path.endswith(".wasm.gz")]
    assert len(asked) == 1


def test_a_second_visit_fetches_nothing_that_is_large(page: Page) -> None:
    large = (".gz", "/networks/")
    page.evaluate(ASK, [load_message(), []])
    assert len([path for path in Assets.asked if any(part in path for part in large)]) == 5
    Assets.asked.clear()
    page.reload()
    said = page.evaluate(ASK, [load_message(), [{"number": 1, "settings": {"head": "192x256"}}]])
    assert kinds(said) == ["ready", "seen", "ended"]
    assert not [path for path in Assets.asked if any(part in path for part in large)]


@pytest.mark.parametrize(
    ("network", "change", "code"),
    [
        ("landmark", {"sha256": "0" * 64}, "integrity"),
        ("expression", {"url": "networks/nothing"}, "network"),
    ],
)
def test_a_network_that_is_not_the_right_one_is_never_run(
    page: Page, network: str, change: dict[str, str], code: str
) -> None:
    message = load_message()
    message["networks"][network] |= change
    said = page.evaluate(ASK, [message, []])
    assert kinds(said) == ["failed", "ended"]
    assert next(m["code"] for m in said if m["type"] == "failed") == code
