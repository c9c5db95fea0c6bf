"""The app on a free port, as a visitor meets it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlparse

import psutil

from tests.samples import ROOT

_PATIENCE_SECONDS = 60


@contextmanager
def running_app(
    log: Path,
    env: Mapping[str, str] | None = None,
    module: str = "streamlit",
    python: str | Path = sys.executable,
    entry: str = "streamlit_app.py",
) -> Iterator[str]:
    """Run the app and yield its address; it ends with the block.

    Args:
        log: file for what the server says.
        env: settings beside those of this process.
        module: what runs the app, called like Streamlit.
        python: the interpreter, whose environment has what the app needs.
        entry: the script, `serve.py` for a server of one's own.
    """
    port = free_port()
    options = {
        "server.port": port,
        "server.address": "127.0.0.1",
        "server.headless": "true",
        "server.fileWatcherType": "none",
    }
    flags = [f"--{name}={value}" for name, value in options.items()]
    with log.open("wb") as out:
        server = subprocess.Popen(
            [str(python), "-m", module, "run", entry, *flags],
            cwd=ROOT,
            env=os.environ | {"PYTHONFAULTHANDLER": "1"} | dict(env or {}),
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until_healthy(url, server, log)
        yield url
    finally:
        end(server, log)


def end(server: subprocess.Popen[bytes], log: Path) -> None:
    """End a server as its operator would.

    Raises:
        RuntimeError: it did not end; says what each of its threads was at, and leaves no process.
    """
    server.terminate()
    try:
        server.wait(timeout=_PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        server.send_signal(signal.SIGABRT)  # Python's fault handler writes down all threads
        server.wait(timeout=_PATIENCE_SECONDS)
        said = log.read_text(errors="replace")
        raise RuntimeError(f"the app did not end:\n{said}") from None


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


def free_port() -> int:
    """Return a port of this machine at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_healthy(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until a server answers.

    Raises:
        RuntimeError: it has ended, or takes too long.
    """
    end = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)  # between two looks at the condition
    raise RuntimeError(f"the app did not start:\n{log.read_text(errors='replace')}")
