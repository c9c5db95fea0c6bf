"""LiteRT: the one place that loads a ``.tflite`` file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fer.errors import ModelError


def load_interpreter(file: Path, threads: int = 1) -> Any:
    """Return a LiteRT interpreter with its tensors allocated.

    Args:
        file: a ``.tflite`` file.
        threads: processor threads of one call.

    Raises:
        ModelError: the file is missing or is not a LiteRT model.
    """
    if not file.is_file():
        raise ModelError(f"{file} is missing.")
    try:
        return interpreter_of(file.read_bytes(), threads)
    except ModelError as error:
        raise ModelError(f"{file} is {error}") from error


def interpreter_of(content: bytes, threads: int = 1) -> Any:
    """Return a LiteRT interpreter for what a ``.tflite`` file contains.

    Raises:
        ModelError: it is no LiteRT model.
    """
    # Imported here so that `import fer` stays fast; `Any` because the package ships no types.
    from ai_edge_litert.interpreter import Interpreter

    try:
        interpreter = Interpreter(model_content=content, num_threads=threads)
        interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise ModelError(f"not a LiteRT model that can be run: {error}") from error
    return interpreter
