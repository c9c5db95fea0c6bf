"""Rows without a model, and what workers run in place of one. New processes import this module."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image as PillowImage

from fer.errors import ModelError
from fer.folder.local import Analyse, Row, microseconds, row_without_result

#: What photographs whose names begin with "wait" wait for, in their folder.
GATE = "open"


def made_up_row(
    path: str, *, size: int | None = 1, modified: int | None = 2, faces: int = 0
) -> Row:
    """Return a row with faces of the head of the fixture `spec`."""
    shares = {"happy": 0.5, "sad": 0.25, "neutral": 0.25}
    face = {
        "box": {"left": 1.0, "top": 2.0, "right": 3.0, "bottom": 4.0},
        "detection_score": 0.75,
        "head": "expression",
        "answer": "happy",
        "uncertain": False,
        "quality": ["small"],
        "expression": "happy",
        "confidence": 0.5,
        "probabilities": shares,
    }
    found = {"size": size, "modified": modified, "width": 20, "height": 10, "faces": [face] * faces}
    return row_without_result(path, "") | found


def draw(folder: Path, *names: str, size: int = 32) -> None:
    """Write grey photographs, in which nothing takes long."""
    folder.mkdir(exist_ok=True)
    for name in names:
        PillowImage.fromarray(np.full((size, size, 3), 140, np.uint8)).save(folder / name)


def wait_for(condition: Callable[[], object], process: subprocess.Popen) -> None:
    """Wait until it holds; what runs must not end before, nor take ten minutes.

    Where it does, it is killed: whoever leaves its block would wait for it, and it for its gate.
    """
    last = time.monotonic() + 600
    try:
        while not condition():
            assert process.poll() is None, "it ended"
            assert time.monotonic() < last, "it takes too long"
            time.sleep(0.01)
    except BaseException:
        process.kill()
        raise


def load_fake() -> Analyse:
    """Return an analysis that does what the file's name says."""
    return _fake


def _fake(path: str) -> Row:
    name = Path(path).name
    if name.startswith("kill"):
        os.kill(os.getpid(), signal.SIGKILL)
    if name.startswith("once") and not Path(f"{path}.seen").exists():
        Path(f"{path}.seen").touch()
        os._exit(3)
    if name.startswith("hang"):
        threading.Event().wait()
    if name.startswith("wait"):
        while not (Path(path).parent / GATE).exists():
            time.sleep(0.01)
    status = os.stat(path) if os.path.exists(path) else None
    if status is None:
        return made_up_row(path)
    return made_up_row(path, size=status.st_size, modified=microseconds(status))


def load_nothing() -> Analyse:
    """Fail as a model does that is not there."""
    raise ModelError("spec.json is missing.")


def load_and_die() -> Analyse:
    """End the process as the kernel does for want of memory."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError
