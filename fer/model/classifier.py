"""Classify aligned faces with a LiteRT network trained by this project."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fer.errors import ModelError
from fer.labels import EXPRESSION_HEAD
from fer.litert import load_interpreter
from fer.model.blend import blended
from fer.model.spec import ModelSpec
from fer.types import Floats

#: Largest batch of one call to the network; it bounds the memory that is needed.
MAX_BATCH = 64


class ExpressionClassifier:
    """The network of a model directory. Thread-safe: concurrent calls run one after another.

    Args:
        directory: directory with ``spec.json`` and the file that it names.
        threads: CPU threads of one call.

    Raises:
        ModelError: the directory is not a complete model.
    """

    def __init__(self, directory: Path, *, threads: int = 1) -> None:
        self.spec = ModelSpec.load(directory)
        self._interpreter = load_interpreter(
            directory / self.spec.file, threads, sha256=self.spec.sha256
        )
        self._runner = self._interpreter.get_signature_runner()
        self._lock = threading.Lock()
        self._check_signature(directory)

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the data set's labels, in the order of the expression head's columns."""
        return self.spec.head(EXPRESSION_HEAD).labels

    def __call__(self, crops: NDArray[np.uint8], head: str = EXPRESSION_HEAD) -> Floats:
        """Return probabilities, ``(n, k)`` float32, for ``(n, size, size, channels)`` uint8."""
        return self._probabilities(self.logits(crops), head)

    def all_heads(self, crops: NDArray[np.uint8]) -> dict[str, Floats]:
        """Return the probabilities of every head, ``{head: (n, k)}`` float32, from one pass."""
        logits = self.logits(crops)
        return {head: self._probabilities(logits, head) for head in self.spec.head_names}

    def _probabilities(self, logits: dict[str, Floats], head: str) -> Floats:
        temperature = self.spec.head(head).temperature  # raises an error for an unknown head
        return softmax(logits[head] / np.float32(temperature))

    def activation_maps(self, crops: NDArray[np.uint8], head: str = EXPRESSION_HEAD) -> Floats:
        """Return the class activation maps of one head.

        Args:
            crops: ``(n, size, size, channels)`` uint8 in the framing of `fer.alignment`.
            head: name of the head.

        Returns:
            ``(n, rows, columns, k)`` float32 in logit units before temperature scaling. The mean
            over rows and columns, plus a constant per expression, is the logit.

        Raises:
            ModelError: the model has no such head, or was exported without its maps.
        """
        if not self.spec.has_activation_map(head):
            raise ModelError(
                f"model {self.spec.name} has no class activation map for {head!r}. "
                "Export the model again."
            )
        asked = self.spec.head(head)
        parts = {name: self.spec.head(name).activation_map for name in asked.blend or (head,)}
        outputs = self._outputs(crops, tuple(parts.values()))
        maps = {name: outputs[output] for name, output in parts.items()}
        return blended(self.spec, asked, maps) if asked.blend else maps[head]

    def logits(self, crops: NDArray[np.uint8]) -> dict[str, Floats]:
        """Return the logits of every head before temperature scaling, ``{head: (n, k)}`` float32.

        Args:
            crops: ``(n, size, size, channels)`` uint8 in the framing of `fer.alignment`.
        """
        own = {head.name: head.output for head in self.spec.heads if head.output}
        outputs = self._outputs(crops, tuple(own.values()))
        parts = {name: outputs[output] for name, output in own.items()}
        return {
            head.name: blended(self.spec, head, parts) if head.blend else parts[head.name]
            for head in self.spec.heads
        }

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

    def _check_signature(self, directory: Path) -> None:
        details = self._runner.get_output_details()
        self._shapes = {name: tuple(detail["shape"]) for name, detail in details.items()}
        maps = {head.activation_map for head in self.spec.heads if head.activation_map}
        available = set(details)
        outputs = {head.output for head in self.spec.heads if head.output}
        missing = (outputs | maps) - available
        if missing:
            raise ModelError(
                f"{directory / self.spec.file} has the outputs {sorted(available)}, but spec.json "
                f"names {sorted(missing)} too. Export the model again."
            )


def softmax(logits: Floats) -> Floats:
    """Return probabilities for ``(n, k)`` logits; each row sums to 1."""
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return (exponentials / exponentials.sum(axis=-1, keepdims=True)).astype(np.float32)
