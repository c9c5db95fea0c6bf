"""Runs a command beside the server, and ends it when the server is gone. Does not use Streamlit.

The server holds the other end of this process's stdin. However the server ends, stdin then ends
too: a training must not go on for nobody, nor leave anybody's images behind.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Sequence

#: By how much the command lets all others go first.
_NICENESS = 10

#: Seconds that an asked command has to end by itself.
_PATIENCE = 5.0


def main(arguments: Sequence[str]) -> int:
    """Run ``FOLDER COMMAND…``; delete the folder if the server goes first. Return the status."""
    folder, *command = arguments
    with contextlib.suppress(AttributeError, OSError):  # not on every system
        os.nice(_NICENESS)
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    gone = threading.Event()
    watching = threading.Thread(target=_watch, args=(child, folder, gone), daemon=True)
    watching.start()
    status = child.wait()
    if gone.is_set():
        watching.join()
    return status


def _watch(child: subprocess.Popen[bytes], folder: str, gone: threading.Event) -> None:
    # Not by way of sys.stdin, whose lock a thread must not hold when Python ends.
    while os.read(0, 1):
        pass
    gone.set()
    child.terminate()
    try:
        child.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
