"""The worker in Chromium, with the real runtime and networks, beside the path in Python."""

from __future__ import annotations

import base64
import hashlib
import json
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

from app.live.streaming.frames import working_size
from fer.model.classifier import ExpressionClassifier
from fer.model.spec import ModelSpec
from fer.ondevice.constants import model_constants
from fer.ondevice.networks import device_networks
from fer.ondevice.wire import read_observation
from fer.stream import STREAM_SCORE
from fer.tracking.observation import Observation
from fer.types import Image
from tests.browser.conftest import PATIENCE
from tests.fer.samples import Eye
from tests.ondevice.node import constants, rgba
from tests.ondevice.parity import (
    SCENES,
    Limits,
    apart,
    assert_close,
    detector,
    in_python,
    with_evidence,
)
from tests.samples import ROOT, SHIPPED_MODEL

#: What the browser may be apart: its networks round otherwise, and colours go as 256 steps.
BROWSER = Limits(pixels=1.0, probability=0.05, evidence=1.0, colour=0.01, visible=0.01)

#: Times of a picture in seconds: one look in the first frame, up to six after a pause.
TIMES = [0, 0.9]

#: Hands the page's worker a message, and returns its answer.
LOAD = """
(message) => new Promise((resolve, reject) => {
  window.worker ??= new Worker("/worker.js");
  worker.onerror = (event) => reject(new Error(event.message));
  worker.onmessage = ({ data }) => data.type !== "progress" && resolve(data);
  worker.postMessage({ ...message, base: new URL("/", location.href).href });
})
"""
SEE = """
async ({ pixels, width, height, times }) => {
  const bytes = Uint8ClampedArray.from(atob(pixels), (char) => char.charCodeAt(0));
  const image = new ImageData(bytes, width, height);
  const seen = [];
  for (const [number, seconds] of times.entries()) {
    const bitmap = await createImageBitmap(image);
    const frame = { number, seconds, settings: { head: "", smoothingSeconds: 0 }, wanted: [] };
    const counts = { received: 0, shown: 0, draw: 0 };
    const answer = new Promise((resolve) => (worker.onmessage = ({ data }) => resolve(data)));
    worker.postMessage({ type: "frame", bitmap, ...frame, ...counts }, [bitmap]);
    const said = await answer;
    if (said.type !== "seen") throw new Error(JSON.stringify(said));
    seen.push(btoa(String.fromCharCode(...new Uint8Array(said.observation))));
  }
  return seen;
}
"""


class Assets(SimpleHTTPRequestHandler):
    """Serves the scripts and the runtime as they are, the networks from memory, and counts."""

    made: ClassVar[dict[str, bytes]] = {"/": b"<!doctype html><title>worker</title>"}
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        type(self).asked.append(self.path)
        content = self.made.get(self.path)
        if content is None:
            return super().do_GET()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


def large_files() -> list[str]:
    """Return what was asked for of the runtime and the networks, and forget it."""
    asked = [path for path in Assets.asked if ".gz" in path or "/networks/" in path]
    Assets.asked.clear()
    return asked


def served(content: bytes) -> dict[str, Any]:
    """Serve a network, and return what a browser is told of it."""
    sha256 = hashlib.sha256(content).hexdigest()
    Assets.made[f"/networks/{sha256}"] = content
    return {"url": f"networks/{sha256}", "sha256": sha256, "bytes": len(content)}


def load_message(directory: Path = SHIPPED_MODEL) -> dict[str, Any]:
    """What the page posts first."""
    if missing := fer_lens_ondevice.missing():
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    files = device_networks(directory)
    return {
        "type": "load",
        "runtime": fer_lens_ondevice.runtime(),
        "networks": {
            "key": directory.name,
            "detector": {canvas: served(content) for canvas, content in files.detector.items()},
            "landmark": served(files.landmark),
            "expression": served(files.expression),
        },
        "constants": json.loads(json.dumps(constants())),
        "model": {"key": directory.name, **model_constants(ModelSpec.load(directory))},
    }


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    handler = partial(Assets, directory=str(fer_lens_ondevice.ASSETS))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def opened(browser: Browser, url: str) -> Page:
    """Return an empty page of the server, in a browser that has kept nothing."""
    context = browser.new_context()
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(url)
    large_files()
    return page


@pytest.fixture
def page(browser: Browser, url: str) -> Iterator[Page]:
    page = opened(browser, url)
    yield page
    page.context.close()


@pytest.fixture(scope="module")
def ready(browser: Browser, url: str) -> Iterator[Page]:
    """A page whose worker is ready."""
    page = opened(browser, url)
    assert page.evaluate(LOAD, load_message())["type"] == "ready"
    yield page
    page.context.close()


def seen(page: Page, image: Image, directory: Path = SHIPPED_MODEL) -> Observation:
    """Return what the worker sees in a picture, read from what it would send to the server."""
    canvas = rgba(image)
    pixels = base64.b64encode(canvas["data"].tobytes()).decode()
    size = {"width": canvas["width"], "height": canvas["height"]}
    spec, sent = ModelSpec.load(directory), {"pixels": pixels, "times": TIMES, **size}
    frames = [read_observation(base64.b64decode(b), spec) for b in page.evaluate(SEE, sent)]
    assert [frame.number for frame in frames] == [*range(len(TIMES))]
    return with_evidence([frame.observation for frame in frames])


@pytest.mark.parametrize("scene", ["nobody", "one, 4:3", "portrait", "several", "drawings"])
def test_a_browser_sees_what_the_server_sees(ready: Page, scene: str) -> None:
    image = SCENES[scene]()
    assert_close(apart(in_python(image), seen(ready, image)), BROWSER)


def test_every_model_answers_and_takes_turns_without_a_second_start(page: Page) -> None:
    image = SCENES["one, 4:3"]()
    for directory in sorted(file.parent for file in (ROOT / "models").glob("*/spec.json")):
        assert page.evaluate(LOAD, load_message(directory))["type"] == "ready"
        classifier = ExpressionClassifier(directory)
        there = Eye(detector(STREAM_SCORE), classifier, classifier.spec)(working_size(image))
        here = seen(page, image, directory)
        assert here.logits.keys() == there.logits.keys()
        for output, logits in there.logits.items():
            np.testing.assert_allclose(here.logits[output], logits, atol=0.5)
    assert len([path for path in large_files() if path.endswith(".wasm.gz")]) == 1


def test_a_second_visit_fetches_nothing_that_is_large(page: Page) -> None:
    page.evaluate(LOAD, load_message())
    assert len(large_files()) == 5
    page.reload()
    assert page.evaluate(LOAD, load_message())["type"] == "ready"
    assert not large_files()
    assert page.evaluate(LOAD, {"type": "end"}) == {"type": "ended"}


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
    said = page.evaluate(LOAD, message)
    assert (said["type"], said["code"]) == ("failed", code)
