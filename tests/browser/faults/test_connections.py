"""Connections that say nothing, or next to nothing: to the app itself, and to nginx before it."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from urllib.parse import urlparse

import psutil

from tests.browser.acts import sample_answered
from tests.browser.conftest import Visit, wait_until
from tests.browser.server import server_of

SILENT, SLOW = 1000, 50


def connect(url: str) -> socket.socket:
    place = urlparse(url)
    return socket.create_connection((place.hostname or "", place.port or 0), timeout=60)


def connections(process: psutil.Process) -> int:
    return sum(c.status == psutil.CONN_ESTABLISHED for c in process.net_connections("tcp"))


def test_a_thousand_connections_that_never_speak_keep_nobody_out(
    visit: Visit, app_url: str
) -> None:
    process = server_of(app_url)
    before = connections(process)
    with ExitStack() as silent:
        for _ in range(SILENT):
            silent.enter_context(connect(app_url))
        sample_answered(visit())
        assert connections(process) >= before + SILENT
    sample_answered(visit())
    wait_until(lambda: connections(process) <= before + SLOW, "connections are let go")
    assert process.num_threads() < 100


def test_uploads_that_trickle_keep_nobody_out(visit: Visit, app_url: str) -> None:
    head = (
        "PUT /_stcore/upload_file/nobody/1 HTTP/1.1\r\nHost: localhost\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 10000000\r\n\r\n--x\r\n"
    )
    with ExitStack() as slow:
        uploads = [slow.enter_context(connect(app_url)) for _ in range(SLOW)]
        for upload in uploads:
            upload.sendall(head.encode())
        sample_answered(visit())
        for upload in uploads:
            upload.sendall(b"x")
        sample_answered(visit())
