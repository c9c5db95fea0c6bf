"""Runs cases one after another, as the other process asks for them by target and number.

`python -m tests.fuzz.worker FOLDER` reads lines such as ``pictures 17`` and answers each with a
line of JSON. It is a process of its own, because a fault in a library's native code ends it.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import sys
import tempfile
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.fuzz.target import Seeded, Target
from tests.fuzz.targets import TARGETS


@contextmanager
def limited(memory: int) -> Iterator[None]:
    """Let this process take no more than so many further bytes of address space."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + memory, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (hard, hard))


def _open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def _left(before: tuple[int, int]) -> str:
    """Return what a case has left behind; "" if nothing."""
    files = [*Path(tempfile.gettempdir()).iterdir()]
    if files:
        return f"left behind: {[file.name for file in files]}"
    after = _open_files(), threading.active_count()
    return "" if after <= before else f"open files and threads: {before} before, {after} after"


def tried(seeded: Seeded, number: int, folder: Path) -> str:
    """Run a case, and return what went wrong; "" if nothing did."""
    target: Target = seeded.target
    _ = seeded.seeds
    inside = folder / "case"
    inside.mkdir()
    before = _open_files(), threading.active_count()
    try:
        with limited(target.memory):
            seeded.run(number, inside)
    except BaseException:
        return traceback.format_exc()
    finally:
        shutil.rmtree(inside)
    return _left(before)


def main(targets: list[Target]) -> None:
    """Answer until nothing is asked any more."""
    folder = Path(sys.argv[1])
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print is no answer
    tempfile.tempdir = str(folder / "tmp")
    Path(tempfile.tempdir).mkdir()
    seeded = {target.name: Seeded(target, folder / target.name) for target in targets}
    for line in sys.stdin:
        name, number = line.split()
        error = tried(seeded[name], int(number), folder)
        print(json.dumps(error), file=answers, flush=True)


if __name__ == "__main__":
    main(TARGETS)
