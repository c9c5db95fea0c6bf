"""Processor time and memory of the browser's and the server's processes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlparse

import psutil

#: Seconds of processor time in one of the units in which Linux counts a thread's.
_TICK = 1 / 100

#: How Chromium calls the threads of a page's workers.
_WORKER = "DedicatedWorker"


@dataclass(frozen=True)
class Used:
    """What a page has used.

    Attributes:
        tab_seconds: processor time of the tab's process.
        worker_seconds: of it, that of its worker, which analyses.
        tab_mb: memory of the tab's process that it shares with nobody, and its part of the rest.
    """

    tab_seconds: float
    worker_seconds: float
    tab_mb: float


class Tab:
    """The process of a page, in a browser with no other page."""

    def __init__(self) -> None:
        pages = [p for p in _renderers() if _thread_ids(p.pid)]
        if not pages:
            raise RuntimeError("expected a tab with a worker, found none: does the page analyse?")
        self._process = max(pages, key=lambda page: seconds_of(page))

    def used(self) -> Used:
        """Return what it has used since it began."""
        workers = sum(_thread_seconds(task) for task in _thread_ids(self._process.pid))
        return Used(seconds_of(self._process), workers, memory_mb(self._process))


def seconds_of(process: psutil.Process) -> float:
    """Return the processor time of a process in seconds."""
    times = process.cpu_times()
    return float(times.user + times.system)


def memory_mb(process: psutil.Process) -> float:
    """Return the memory of a process, shared pages in parts, in MB."""
    return float(process.memory_full_info().pss / 1e6)


def server_of(url: str) -> psutil.Process:
    """Return the process that listens at an address.

    Raises:
        RuntimeError: there is none.
    """
    port = urlparse(url).port
    for connection in psutil.net_connections("tcp"):
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port:
            return psutil.Process(connection.pid)
    raise RuntimeError(f"nobody listens at {url}")


def _renderers() -> Iterator[psutil.Process]:
    for process in psutil.Process().children(recursive=True):
        try:
            if "--type=renderer" in process.cmdline():
                yield process
        except psutil.Error:  # it has just ended
            continue


def _thread_ids(pid: int) -> list[Path]:
    """Return where Linux says what the threads of a process's workers do."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [task for task in tasks if _WORKER in (task / "comm").read_text()]


def _thread_seconds(task: Path) -> float:
    # The name, in brackets, may have spaces; times of user and system are the 14th and 15th value.
    values = (task / "stat").read_text().rsplit(")", 1)[1].split()
    return _TICK * (int(values[11]) + int(values[12]))
