"""The whole path in Chromium, with the real runtime and networks, beside the stream's in Python."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar

import fer_lens_ondevice
import pytest
from playwright.sync_api import Browser, Page

from fer.model.spec import ModelSpec
from fer.ondevice.constants import model_constants
from fer.ondevice.networks import device_networks
from fer.ondevice.wire import read_observation
from fer.tracking.observation import Observation
from fer.types import Image
from tests.browser.conftest import PATIENCE
from tests.ondevice.node import constants, rgba
from tests.ondevice.parity import (
    Apart,
    Limits,
    apart,
    assert_close,
    collected,
    in_python,
    with_evidence,
)
from tests.ondevice.scenes import SCENES
from tests.samples import SHIPPED_MODEL

#: What the browser may be apart: its networks round otherwise, and colours go as 256 steps.
BROWSER = Limits(pixels=1.0, probability=0.05, evidence=1.0, colour=0.01, visible=0.01)

#: Times of a picture in seconds: one look in the first frame, up to six after a pause.
TIMES = [0, 0.9]

#: Starts a worker, which stays; and hands it a picture of a camera as often as it takes to look at
#: every face.
START = """
(message) => new Promise((resolve, reject) => {
  window.worker = new Worker("/worker.js");
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
    const settings = { head: "", smoothingSeconds: 0 };
    const answer = new Promise((resolve) => (worker.onmessage = ({ data }) => resolve(data)));
    worker.postMessage({ type: "frame", number, seconds, bitmap, settings }, [bitmap]);
    const said = await answer;
    if (said.type !== "seen") throw new Error(JSON.stringify(said));
    seen.push(btoa(String.fromCharCode(...new Uint8Array(said.observation))));
  }
  return seen;
}
"""


class Files(SimpleHTTPRequestHandler):
    """Serves the scripts and the runtime as they are, and the networks from memory."""

    made: ClassVar[dict[str, bytes]] = {"/": b"<!doctype html><title>parity</title>"}

    def do_GET(self) -> None:
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


def served(name: str, content: bytes) -> dict[str, Any]:
    """Serve a network, and return what a page is told of it."""
    Files.made[f"/networks/{name}"] = content
    sha256 = hashlib.sha256(content).hexdigest()
    return {"url": f"/networks/{name}", "sha256": sha256, "bytes": len(content)}


def first_message() -> dict[str, Any]:
    """Return what a page posts first."""
    files = device_networks(SHIPPED_MODEL)
    model = model_constants(ModelSpec.load(SHIPPED_MODEL))
    networks = {
        "key": "k",
        "detector": {canvas: served(canvas, file) for canvas, file in files.detector.items()},
        "landmark": served("landmark", files.landmark),
        "expression": served("expression", files.expression),
    }
    return {
        "type": "load",
        "runtime": fer_lens_ondevice.runtime(),
        "networks": networks,
        "constants": json.loads(json.dumps(constants())),
        "model": {"key": "k", **model},
    }


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """A page whose worker is ready."""
    if missing := fer_lens_ondevice.missing():
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    handler = partial(Files, directory=str(fer_lens_ondevice.ASSETS))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    context = browser.new_context()
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{server.server_port}/")
    ready = page.evaluate(START, first_message())
    assert ready["type"] == "ready", ready
    yield page
    context.close()
    server.shutdown()
    server.server_close()


def in_browser(page: Page, image: Image) -> Observation:
    """Return what the worker sees in a picture, read from what it would send to the server."""
    canvas = rgba(image)
    sent = {
        "pixels": base64.b64encode(canvas["data"].tobytes()).decode(),
        "width": canvas["width"],
        "height": canvas["height"],
        "times": TIMES,
    }
    spec = ModelSpec.load(SHIPPED_MODEL)
    frames = [read_observation(base64.b64decode(b), spec) for b in page.evaluate(SEE, sent)]
    assert [frame.number for frame in frames] == [*range(len(TIMES))]
    return with_evidence([frame.observation for frame in frames])


all_found = pytest.fixture(scope="module")(collected)


@pytest.mark.parametrize("scene", SCENES)
def test_a_browser_sees_what_the_server_sees(page: Page, scene: str, all_found: Apart) -> None:
    image = SCENES[scene]()
    found = apart(in_python(image), in_browser(page, image))
    all_found.add(found)
    assert_close(found, BROWSER)
