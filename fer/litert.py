"""Load ``.tflite`` files with LiteRT, and change what they say; no other module does."""

from __future__ import annotations

import hashlib
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fer.errors import ModelError

#: What a ``.tflite`` file has after its first four bytes.
_IDENTIFIER = b"TFL3"

#: What LiteRT says on stderr when it loads its first network, and whether it has not yet.
_NOTICE, _unnoticed = b"Created TensorFlow Lite XNNPACK delegate", threading.Lock()

#: Places of fields in the format's tables (``schema.fbs`` of TensorFlow Lite, version 3): of the
#: model, of a graph, of an operator, and of a tensor.
_SUBGRAPHS = 8
_TENSORS, _INPUTS, _OPERATORS = 4, 6, 10
_OUTPUTS = 8
_SHAPE, _SIGNATURE = 4, 18


def load_interpreter(file: Path, threads: int = 1) -> Any:
    """Return a LiteRT interpreter of a ``.tflite`` file, or raise a ModelError."""
    return interpreter_of(checked_content(file), threads, f"{file} is ")


def checked_content(file: Path, sha256: str = "") -> bytes:
    """Return the content of a ``.tflite`` file of this SHA-256, or raise a ModelError."""
    if not file.is_file():
        raise ModelError(f"{file} is missing.")
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ModelError(f"{file} cannot be read: {error.strerror or error}.") from error
    if sha256 and (found := hashlib.sha256(content).hexdigest()) != sha256:
        raise ModelError(
            f"{file} is not the file that was exported: expected SHA-256 {sha256[:16]}…, got "
            f"{found[:16]}…. Copy the whole model directory again."
        )
    return content


def interpreter_of(content: bytes, threads: int = 1, whose: str = "") -> Any:
    """Return a LiteRT interpreter for the contents of a ``.tflite`` file; objects are shared.

    A ModelError, if it is none that can be run, begins with `whose`.
    """
    # Imported here so that `import fer` stays fast. Typed `Any` because the package has no types.
    from ai_edge_litert.interpreter import Interpreter

    try:
        with _without_notice():
            interpreter = Interpreter(model_content=content, num_threads=threads)
            interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise ModelError(f"{whose}not a LiteRT model that can be run: {error}") from error
    return interpreter


@contextmanager
def _without_notice() -> Iterator[None]:
    """Keep LiteRT's "Created TensorFlow Lite XNNPACK delegate" off stderr; it has no switch.

    The library says it once in a process. Whatever else comes meanwhile is written afterwards.
    """
    if not _unnoticed.acquire(blocking=False):
        yield  # it was said already
        return
    try:
        stderr = os.dup(2)
    except OSError:  # there is none
        yield
        return
    with tempfile.TemporaryFile() as said, open(stderr, "wb") as out:
        os.dup2(said.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(stderr, 2)
            said.seek(0)
            out.writelines(line for line in said if _NOTICE not in line)


class NetworkFile:
    """The shapes in a ``.tflite`` file, which can be changed in place; ModelError if it is none.

    LiteRT's package has classes for the whole format, but to import them takes 42 MB of memory.
    """

    def __init__(self, content: bytes) -> None:
        from flatbuffers.table import Table

        if content[4:8] != _IDENTIFIER:
            raise ModelError(f"not a LiteRT model: expected {_IDENTIFIER!r}, got {content[4:8]!r}")
        self._data = bytearray(content)
        self._table = Table
        model = Table(self._data, int.from_bytes(content[:4], "little"))
        self._graphs = self._children(model, _SUBGRAPHS)

    @property
    def content(self) -> bytes:
        """The content of the file, with what was changed."""
        return bytes(self._data)

    def signatures(self) -> list[NDArray[np.int32]]:
        """Return each tensor's shape in which -1 is an open size; empty where none is open."""
        return [
            self._integers(tensor, _SIGNATURE)
            for graph in self._graphs
            for tensor in self._children(graph, _TENSORS)
        ]

    def activations(self) -> list[NDArray[np.int32]]:
        """Return the shapes of the first graph's inputs and of whatever is computed from them."""
        graph = self._graphs[0]
        tensors = self._children(graph, _TENSORS)
        computed = [
            self._integers(operator, _OUTPUTS) for operator in self._children(graph, _OPERATORS)
        ]
        indices = np.unique(np.concatenate([self._integers(graph, _INPUTS), *computed]))
        return [self._integers(tensors[index], _SHAPE) for index in indices.tolist()]

    def _children(self, table: Any, slot: int) -> list[Any]:
        offset = table.Offset(slot)
        if not offset:
            return []
        first, count = table.Vector(offset), table.VectorLen(offset)
        return [self._table(self._data, table.Indirect(first + 4 * i)) for i in range(count)]

    def _integers(self, table: Any, slot: int) -> NDArray[np.int32]:
        """Return numbers of the file itself: what is written to them is written to the file."""
        offset = table.Offset(slot)
        if not offset:
            return np.zeros(0, np.int32)
        return np.frombuffer(self._data, "<i4", table.VectorLen(offset), table.Vector(offset))
