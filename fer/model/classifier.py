"""Classify aligned faces with a LiteRT network trained by this project.

Class activation maps say which regions of a face contribute to each expression. The network ends in
global average pooling and one dense layer, so a logit is exactly the mean of the contributions of
all cells of the last feature grid, plus a bias (Zhou et al. 2016). Softmax ignores a constant that
is added to all logits, so each cell's mean over the expressions is subtracted.

A cell has a large receptive field. Occluding parts of images showed its most sensitive region:
within 2.5 of 48 pixels of the cell's centre for inner cells, about one cell further in for the
outermost ones. So the map is as coarse as it looks.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from queue import LifoQueue
from typing import Generic, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.alignment import Framing, frame_transform, warp
from fer.errors import ModelError
from fer.labels import EXPRESSION_HEAD
from fer.litert import checked_content, interpreter_of
from fer.model.spec import Head, ModelSpec
from fer.types import Detections, Floats, Image

#: Largest batch of one call to the network. It bounds the memory, which a network keeps once it had
#: it: 7 MB more than for one face with the shipped model. Batches of 64 take 28 MB, and as long.
MAX_BATCH = 16

#: What to do about a network that is not the one of its spec.
_AGAIN = "Export the model again."


class ExpressionClassifier:
    """The network of a model directory, or a ModelError. Concurrent calls run one after another."""

    def __init__(self, directory: Path, *, threads: int = 1) -> None:
        self.spec = ModelSpec.load(directory)
        self._file, self._threads = directory / self.spec.file, threads
        self._content = checked_content(self._file, self.spec.sha256)
        self._start()
        self._check()

    def twin(self) -> ExpressionClassifier:
        """Return the same network once more, to run beside this one; they share the file's content.

        A twin of the shipped model takes 12 MB instead of 18.
        """
        self = copy(self)
        self._start()
        return self

    def _start(self) -> None:
        self._interpreter = interpreter_of(self._content, self._threads, f"{self._file} is ")
        self._lock = threading.Lock()
        try:
            self._runner = self._interpreter.get_signature_runner()
            inputs, outputs = self._runner.get_input_details(), self._runner.get_output_details()
        except (ValueError, TypeError, RuntimeError) as error:
            raise ModelError(f"{self._file} is damaged. {_AGAIN}") from error
        self._inputs = {name: tuple(detail["shape"]) for name, detail in inputs.items()}
        self._shapes = {name: tuple(detail["shape"]) for name, detail in outputs.items()}

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the data set's labels, in the order of the expression head's columns."""
        return self.spec.head(EXPRESSION_HEAD).labels

    def __call__(self, crops: NDArray[np.uint8], head: str = EXPRESSION_HEAD) -> Floats:
        """Return probabilities, ``(n, k)`` float32, for ``(n, size, size, channels)`` uint8."""
        of = self.spec.head(head)  # raises an error for an unknown head
        return calibrated(of, self.logits(crops)[head])

    def all_heads(self, crops: NDArray[np.uint8]) -> dict[str, Floats]:
        """Return the probabilities of every head, ``{head: (n, k)}`` float32, from one pass."""
        logits = self.logits(crops)
        return {head.name: calibrated(head, logits[head.name]) for head in self.spec.heads}

    def activation_maps(self, crops: NDArray[np.uint8], head: str = EXPRESSION_HEAD) -> Floats:
        """Return the class activation maps of one head, ``(n, rows, columns, k)`` float32.

        They are in logit units before temperature scaling: the mean over rows and columns, plus a
        constant per expression, is the logit. ModelError if the model was exported without them.
        """
        if not self.spec.has_activation_map(head):
            raise ModelError(
                f"model {self.spec.name} has no class activation map for {head!r}. {_AGAIN}"
            )
        asked = self.spec.head(head)
        parts = {name: self.spec.head(name).activation_map for name in asked.blend or (head,)}
        outputs = self._outputs(crops, tuple(parts.values()))
        maps = {name: outputs[output] for name, output in parts.items()}
        return blended(self.spec, asked, maps) if asked.blend else maps[head]

    def logits(self, crops: NDArray[np.uint8]) -> dict[str, Floats]:
        """Return the logits of every head before temperature scaling, ``{head: (n, k)}``."""
        own = tuple(head.output for head in self.spec.network_heads)
        outputs = self._outputs(crops, own)
        return {head.name: head_logits(self.spec, head, outputs) for head in self.spec.heads}

    def _outputs(self, crops: NDArray[np.uint8], names: tuple[str, ...]) -> dict[str, Floats]:
        """Return the named outputs, ``{name: (n, …)}`` float32."""
        expected = (self.spec.input_size, self.spec.input_size, self.spec.channels)
        if crops.dtype != np.uint8 or crops.shape[1:] != expected:
            raise ValueError(
                f"expected crops (n, {', '.join(map(str, expected))}) of uint8, "
                f"got {crops.shape} of {crops.dtype}"
            )
        if not len(crops):
            return {name: np.zeros((0, *self._shapes[name][1:]), np.float32) for name in names}
        parts = [
            self._run(crops[i : i + MAX_BATCH], names) for i in range(0, len(crops), MAX_BATCH)
        ]
        return {name: np.concatenate([part[name] for part in parts]) for name in names}

    def _run(self, crops: NDArray[np.uint8], names: tuple[str, ...]) -> dict[str, Floats]:
        with self._lock:
            outputs = self._runner(image=crops.astype(np.float32))
            return {name: np.array(outputs[name], np.float32) for name in names}

    def _check(self) -> None:
        side, channels = self.spec.input_size, self.spec.channels
        if {name: shape[1:] for name, shape in self._inputs.items()} != {
            "image": (side, side, channels)
        }:
            raise ModelError(
                f"{self._file} takes {self._inputs}, but spec.json says image (n, {side}, {side}, "
                f"{channels}). {_AGAIN}"
            )
        heads = self.spec.network_heads
        named = {name for head in heads for name in (head.output, head.activation_map) if name}
        if missing := named - self._shapes.keys():
            raise ModelError(
                f"{self._file} has the outputs {sorted(self._shapes)}, but spec.json "
                f"names {sorted(missing)} too. {_AGAIN}"
            )
        for head in heads:
            found = self._shapes[head.output][-1:]
            if found != (len(head.labels),):
                raise ModelError(
                    f"{self._file} answers {found} numbers as {head.output}, but "
                    f"spec.json has {len(head.labels)} labels. {_AGAIN}"
                )


Network = TypeVar("Network")


class NetworkPool(Generic[Network]):
    """Identical networks, of which a caller borrows a free one, or waits for one."""

    def __init__(self, networks: Sequence[Network]) -> None:
        # Last in, first out: the weights of the last used network are still in the CPU's cache.
        self._free: LifoQueue[Network] = LifoQueue()
        for network in networks:
            self._free.put(network)

    @contextmanager
    def borrow(self) -> Iterator[Network]:
        """Borrow a network for a ``with`` block."""
        network = self._free.get()
        try:
            yield network
        finally:
            self._free.put(network)


def blended(spec: ModelSpec, head: Head, parts: Mapping[str, Floats]) -> Floats:
    """Return what a blending head makes of its parts' logits or activation maps, ``(…, labels)``.

    A part's logits divided by its temperature are the logarithms of its probabilities, up to a
    constant per face. So the weighted sums are those of the weighted geometric mean. The
    temperature of the head itself comes later.
    """
    total = np.zeros((), np.float32)
    for name, weight in head.blend.items():
        part = spec.head(name)
        columns = [part.labels.index(label) for label in head.labels]
        total = total + np.float32(weight / part.temperature) * parts[name][..., columns]
    return np.asarray(total, np.float32)


def head_logits(spec: ModelSpec, head: Head, outputs: Mapping[str, Floats]) -> Floats:
    """Return the logits of a head before temperature scaling, ``(n, labels)`` float32.

    They are made of ``(n, k)`` logits by the name of the network's output; ModelError if these are
    another network's.
    """
    parts = {name: spec.head(name) for name in head.blend} or {head.name: head}
    for part in parts.values():
        if part.output not in outputs or outputs[part.output].shape[1:] != (len(part.labels),):
            raise ModelError(
                f"model {spec.name} needs {len(part.labels)} scores of the output {part.output!r}, "
                f"got { ({name: scores.shape for name, scores in outputs.items()}) }."
            )
    scores = {name: outputs[part.output] for name, part in parts.items()}
    return blended(spec, head, scores) if head.blend else scores[head.name]


def calibrated(head: Head, logits: Floats) -> Floats:
    """Return the probabilities ``(n, labels)`` float32 for the logits of a head."""
    return softmax(logits / np.float32(head.temperature))


def softmax(logits: Floats) -> Floats:
    """Return probabilities for ``(n, k)`` logits; each row sums to 1."""
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return (exponentials / exponentials.sum(axis=-1, keepdims=True)).astype(np.float32)


@dataclass(frozen=True)
class ClassActivation:
    """Contribution of each region of one face to each expression.

    Attributes:
        maps: ``(rows, columns, k)`` float32 in logit units, from the top left to the bottom right
            of the aligned face. Values above 0 support the expression; the sum over the ``k`` is 0.
        to_frame: 2×3 matrix from image pixels to the frame of the aligned face, whose side is 1.
    """

    maps: Floats
    labels: tuple[str, ...]
    to_frame: NDArray[np.float64]

    def heatmap(self, label: str, side: int) -> Floats:
        """Return the map of one expression at the size of the aligned face, ``(side, side)``.

        Values are divided by the largest magnitude over all expressions, so they lie in -1…1 and
        can be compared between expressions.
        """
        strongest = max(float(np.abs(self.maps).max()), 1e-6)
        grid = self.maps[..., self.labels.index(label)] / strongest
        large = cv2.resize(grid, (side, side), interpolation=cv2.INTER_CUBIC)
        return np.asarray(np.clip(large, -1, 1), np.float32)

    def face(self, image: Image, side: int) -> Image:
        """Return the aligned face, ``(side, side, 3)``, over which `heatmap` is drawn."""
        return warp(image, self.to_frame * side, side)


def class_activation(
    detections: Detections, maps: Floats, labels: tuple[str, ...], framing: Framing
) -> ClassActivation:
    """Combine exactly one face with its maps, ``(1, rows, columns, k)``, of a head's labels."""
    if len(detections) != 1 or maps.shape[0] != 1 or maps.shape[3:] != (len(labels),):
        raise ValueError(
            f"expected one face and maps (1, rows, columns, {len(labels)}), "
            f"got {len(detections)} and {maps.shape}"
        )
    (grid,) = maps
    to_frame = frame_transform(detections.landmarks[0], detections.xyxy[0], framing) / framing.side
    return ClassActivation(grid - grid.mean(axis=-1, keepdims=True), labels, to_frame)
