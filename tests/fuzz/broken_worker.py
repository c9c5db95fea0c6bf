"""A worker whose cases go wrong in every way."""

from __future__ import annotations

import os
import signal
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.fuzz import worker
from tests.fuzz.target import Target

_KEPT: list[Any] = []


def run(number: int, folder: Path) -> None:
    """Go wrong in the way of a number."""
    match number:
        case 1:
            raise RuntimeError("not its own")
        case 2:
            bytearray(2**30)
        case 3:
            os.kill(os.getpid(), signal.SIGSEGV)
        case 4:
            time.sleep(60)
        case 5:
            tempfile.mkdtemp(prefix="litter")
        case 6:
            _KEPT.append((folder.parent / "kept").open("w"))


class _Numbers(Target):
    def case(self, seeds: list[Any], number: int) -> Any:
        return number


if __name__ == "__main__":
    worker.main([_Numbers("broken", lambda folder: [], lambda *_: 0, run, memory=2**29)])
