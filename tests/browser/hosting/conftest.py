"""Two replicas behind nginx as `deploy/nginx.conf` has it; without nginx its tests are skipped."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlparse

import psutil
import pytest

from app.core.settings import DRAIN_SECONDS
from tests.browser.conftest import wait_until
from tests.browser.server import free_port, running_app, server_of
from tests.samples import ROOT

#: A replica that ends waits longer for its visitors than any test takes.
SETTINGS = {"FER_ICE": "local", DRAIN_SECONDS.name: "3600"}


@dataclass
class Site:
    """What visitors reach, and each replica by its number in the cookie."""

    url: str
    replicas: dict[str, psutil.Process]


def needs(program: str, what: str) -> None:
    """Skip a test of something, or fail in CI, where a program is missing."""
    if not shutil.which(program):
        reason = f"{program} is missing: install it to test {what}"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A site of which a replica may be lost."""
    with replicated(tmp_path) as site:
        yield site


@pytest.fixture(scope="module")
def lasting_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site on which nothing is ended."""
    with replicated(tmp_path_factory.mktemp("site")) as site:
        yield site


@contextmanager
def replicated(tmp_path: Path) -> Iterator[Site]:
    needs("nginx", "several replicas")
    key, file = tmp_path / "privkey.pem", tmp_path / "fullchain.pem"  # nobody trusts it
    options = ["-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command = ["openssl", "req", "-x509", *options, "-keyout", key, "-out", file]
    subprocess.run(command, check=True, capture_output=True)
    with ExitStack() as stack:
        urls = [
            stack.enter_context(running_app(tmp_path / f"log{number}", SETTINGS, entry="serve.py"))
            for number in (1, 2)
        ]
        replicas = {str(number): server_of(url) for number, url in enumerate(urls, 1)}
        first, second = (urlparse(url).netloc for url in urls)
        port, plain = free_port(), free_port()
        text = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
        for before, after in (
            ("app1:8501", first),
            ("app2:8502", second),
            (":8501$", f":{urlparse('//' + first).port}$"),
            (":8502$", f":{urlparse('//' + second).port}$"),
            ("listen 8443", f"listen 127.0.0.1:{port}"),
            ("listen 8080", f"listen 127.0.0.1:{plain}"),
            ("/etc/fer-lens/tls", str(tmp_path)),
            ("/tmp/nginx.pid", str(tmp_path / "nginx.pid")),
        ):
            assert before in text
            text = text.replace(before, after)
        configuration = tmp_path / "nginx.conf"
        configuration.write_text(text, encoding="utf-8")
        with (tmp_path / "nginx.log").open("wb") as log:
            server = subprocess.Popen(
                ["nginx", "-c", configuration, "-p", tmp_path, "-g", "daemon off;"],
                stdout=log,
                stderr=log,
            )
        stack.callback(lambda: (server.terminate(), server.wait(timeout=20)))
        stack.callback(
            lambda: [replica.kill() for replica in replicas.values() if replica.is_running()]
        )
        wait_until(lambda: listens(port) or server.poll() is not None, "nginx does not start")
        assert server.poll() is None, (tmp_path / "nginx.log").read_text(errors="replace")
        yield Site(f"https://localhost:{port}", replicas)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
