"""A target whose cases go wrong in every way."""

from __future__ import annotations

import os
import signal
import tempfile
import threading
import time
from functools import partial
from pathlib import Path

from tests.fuzz.mutations import Rng
from tests.fuzz.runner import Target


def broken(way: str) -> Target:
    """Return a target that goes wrong in this way."""
    return Target("broken", _seeds, partial(_case, way), _run, memory=2**29, seconds=3)


def _seeds(folder: Path) -> list[str]:
    return []


def _case(way: str, rng: Rng, seeds: list[str]) -> str:
    return way


def _run(way: str, folder: Path) -> None:
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
