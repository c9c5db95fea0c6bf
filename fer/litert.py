"""Load ``.tflite`` files with LiteRT; no other module does."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from fer.errors import ModelError


def load_interpreter(file: Path, threads: int = 1, *, sha256: str = "") -> Any:
    """Return a LiteRT interpreter with its tensors allocated.

    Args:
        file: a ``.tflite`` file.
        threads: CPU threads of one call.
        sha256: expected SHA-256 of the file in hexadecimal; not checked if empty.

    Raises:
        ModelError: the file is missing, has another SHA-256, or is not a LiteRT model.
    """
    if not file.is_file():
        raise ModelError(f"{file} is missing.")
    content = file.read_bytes()
    if sha256 and (found := hashlib.sha256(content).hexdigest()) != sha256:
        raise ModelError(
            f"{file} is not the file that was exported: expected SHA-256 {sha256[:16]}…, got "
            f"{found[:16]}…. Copy the whole model directory again."
        )
    try:
        return interpreter_of(content, threads)
    except ModelError as error:
        raise ModelError(f"{file} is {error}") from error


def interpreter_of(content: bytes, threads: int = 1) -> Any:
    """Return a LiteRT interpreter for the contents of a ``.tflite`` file.

    Raises:
        ModelError: the content is not a LiteRT model.
    """
    # Imported here so that `import fer` stays fast. Typed `Any` because the package has no types.
    from ai_edge_litert.interpreter import Interpreter

    try:
        interpreter = Interpreter(model_content=content, num_threads=threads)
        interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise ModelError(f"not a LiteRT model that can be run: {error}") from error
    return interpreter
