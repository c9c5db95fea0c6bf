"""Uploads that say next to nothing; connections that say nothing are nginx's, see the replicas."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from urllib.parse import urlparse

from tests.browser.acts import sample_answered
from tests.browser.conftest import Visit

SLOW = 50


def connect(url: str) -> socket.socket:
    place = urlparse(url)
    return socket.create_connection((place.hostname or "", place.port or 0), timeout=60)


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
