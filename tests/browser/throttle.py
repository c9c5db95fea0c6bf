"""A process that gets a small share of a core, as on a small machine."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil

from tools.report import seconds_of

#: Seconds of a period, as in Linux's control groups: the process runs for its share of it.
PERIOD = 0.1


@contextmanager
def throttled(process: psutil.Process, cores: float) -> Iterator[None]:
    """Let a process have so much processor time a second, from all of its threads, in the block.

    It is stopped and let go on in turns, so this needs no rights that a test may lack. Whatever it
    used beyond its share in a period, it waits for in the next ones.

    Args:
        process: the process.
        cores: its share of one core, such as 0.1.
    """
    end = threading.Event()

    def run() -> None:
        with suppress(psutil.NoSuchProcess):
            _run(process, cores, end)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGCONT)


def _run(process: psutil.Process, cores: float, end: threading.Event) -> None:
    share = cores * PERIOD
    used, credit = seconds_of(process), 0.0
    while not end.is_set():
        credit = min(credit + share, share)
        if credit > 0:
            process.send_signal(signal.SIGCONT)
            end.wait(share)
            process.send_signal(signal.SIGSTOP)
        now = seconds_of(process)
        credit, used = credit - (now - used), now
        end.wait(PERIOD - share)
