"""A target whose cases go wrong in every way."""

from __future__ import annotations

import os
import signal
import tempfile
import threading
import time
from functools import partial
from pathlib import Path

from tests.fuzz.runner import Target


def broken(way: str) -> Target:
    """Return a target that goes wrong in this way."""
    return Target("broken", _nothing, _nothing, partial(_run, way), memory=2**29, seconds=3)


def _nothing(*_: object) -> list[str]:
    return []


def _run(way: str, case: list[str], folder: Path) -> None:
    match way:
        case "raise":
            raise RuntimeError("not its own")
        case "memory":
            bytearray(2**30)
        case "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "wait":
            time.sleep(60)
        case "file":
            tempfile.mkdtemp(prefix="litter")
        case "thread":
            threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
