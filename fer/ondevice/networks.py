"""The networks as a browser runs them: files made from those of a model and of the detector."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType

from fer.detection.blazeface import blazeface_content, packaged_file, stream_canvases
from fer.litert import NetworkFile, checked_content
from fer.model.spec import ModelSpec

#: Expression networks that are kept, of a few megabytes each.
_MOST_MODELS = 4


@dataclass(frozen=True)
class DeviceNetworks:
    """Contents of the ``.tflite`` files that a device needs to analyse a stream.

    Attributes:
        detector: for every input shape that `FaceStream`'s detector uses, by ``"rows x columns"``
            without blanks, such as ``"192x256"``.
        expression: the model's network, for one face at a time.
    """

    detector: Mapping[str, bytes]
    landmark: bytes
    expression: bytes


def device_networks(directory: Path) -> DeviceNetworks:
    """Return the networks for a device and a model directory, or raise a ModelError."""
    spec = ModelSpec.load(directory)
    expression = _expression(directory / spec.file, spec.sha256)
    return DeviceNetworks(*_shared(), expression)


def fixed_batch(content: bytes) -> bytes:
    """Return a network for batches of one: LiteRT for browsers refuses a batch of any size.

    A size that is only known when the network runs stands as -1 in the file. What was trained here
    has no such size but the batch's, and already says 1 where a size must stand beside it.
    """
    file = NetworkFile(content)
    for signature in file.signatures():
        signature[signature == -1] = 1
    return file.content


@lru_cache(maxsize=_MOST_MODELS)
def _expression(file: Path, sha256: str) -> bytes:
    return fixed_batch(checked_content(file, sha256))


@cache
def _shared() -> tuple[Mapping[str, bytes], bytes]:
    detectors = {f"{r}x{c}": blazeface_content(r, c) for r, c in stream_canvases()}
    return MappingProxyType(detectors), packaged_file("face_landmark.tflite").read_bytes()
